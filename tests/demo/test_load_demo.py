"""The demo: every state that the portal can reach so far, loaded once and never twice."""

import stat
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models import Count

from accounts.models import AccountStep, Agency, AgencyKind, ApiClient, Level
from accounts.services import client_of
from casework.calendar import today
from casework.models import Refusal
from credit_portal.demo import subjects
from records.models import AdministrativeAct, BasisDocument, Hide, IntakeBatch, Publication, Record
from records.states import Clock, Document
from subjects.codes import CATEGORIES, check_code
from subjects.models import FormerCode, Subject, SubjectName
from subjects.states import RegistrationStatus

pytestmark = pytest.mark.django_db


@pytest.mark.all
def test_the_demo_reaches_every_state_its_keys_work_and_a_second_load_does_nothing(capsys: Any) -> None:
    call_command("load_demo")
    counted = [model.objects.count() for model in (AdministrativeAct, Subject, Record, Publication, ApiClient)]
    call_command("load_demo")

    assert [model.objects.count() for model in (AdministrativeAct, Subject, Record, Publication, ApiClient)] == counted
    assert "there already" in capsys.readouterr().out
    assert 2_100 <= counted[0] <= 2_400
    kinds = AdministrativeAct.objects.filter(state="effective").values_list("kind").annotate(Count("pk"))
    assert {kind: count >= 200 for kind, count in kinds} == {"licence": True, "penalty": True}
    assert set(Publication.objects.values_list("state", flat=True)) == set(Clock.values)
    assert set(BasisDocument.objects.values_list("state", flat=True)) == set(Document.values)
    assert set(AdministrativeAct.objects.values_list("state", flat=True)) == {"effective", "corrected", "withdrawn"}
    assert set(Record.objects.values_list("state", flat=True)) == {
        "effective", "corrected", "withdrawn", "expired", "tolerance_review",
    }  # fmt: skip
    desks = (IntakeBatch.objects.get(desk_of__isnull=False), Hide.objects.get(), AccountStep.objects.get())
    assert [each.state for each in desks] == ["checked", "ordered", "proposed"]
    assert set(Subject.objects.values_list("registration_status", flat=True)) == set(RegistrationStatus.values)
    assert set(Agency.objects.values_list("kind", flat=True)) == set(AgencyKind.values)
    assert set(Agency.objects.values_list("level", flat=True)) == set(Level.values)
    assert not Refusal.objects.exists()  # what the demo hands in, it may hand in
    assert FormerCode.objects.exists()
    assert {"former", "trade"} < set(SubjectName.objects.values_list("kind", flat=True))
    file = Path(settings.VAR) / "demo" / "keys.txt"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    keys = [line.split("\t")[1] for line in file.read_text(encoding="utf-8").splitlines()]
    found = [client_of(key, on=today()) for key in keys]
    assert {client.kind for client in found if client} == {"agency", "institution", "public"}


def test_the_register_is_invented_and_holds_every_department_and_category() -> None:
    rows = subjects.register()

    assert len(rows) == subjects.COUNT
    assert {row.unified_code[:2] for row in rows} == {d + kind for d, kinds in CATEGORIES.items() for kind in kinds}
    assert all(check_code(row.unified_code).is_valid and not check_code(row.unified_code).warnings for row in rows)
    assert all(row.unified_code[2:6] == "9901" for row in rows)  # a division that is assigned to nobody
    assert rows == subjects.register()
