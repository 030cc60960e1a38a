"""What lies on the officers' desks on the first morning: a file with faults, a hide, a flagged record, an account to make."""

import csv
import io
from collections.abc import Mapping
from datetime import date, timedelta
from hashlib import sha256
from itertools import islice

from accounts.models import AccountStep, Agency, User
from accounts.services import propose
from casework.actors import SYSTEM
from catalogs.models import CatalogueItem
from catalogs.states import Kind
from credit_portal.demo import sample
from credit_portal.demo.people import identity_number
from records import services
from records.forms import read_csv
from records.models import AdministrativeAct
from records.services import desk, hides, tolerance
from records.states import DocumentType, HideGround, HideWhat, Occasion, Tolerance
from subjects.models import Subject

SOUND, FAULTY = 24, 6


def lay_out(bodies: Mapping[str, Agency], on: date) -> None:
    """Give each role something to do, by the verbs that officers use."""
    people = {user.username.removeprefix("demo."): user for user in User.objects.filter(username__startswith="demo.")}
    _file(bodies["market"], people["clerk"], on)
    shown = AdministrativeAct.objects.filter(
        collecting_department=bodies["market"], publication__state="aggregated", subject__isnull=False
    ).order_by("-decided_on", "pk")
    hides.order_hide(
        HideWhat.FACT, fact=shown[0].public_id, ground=HideGround.ERROR, by=people["clerk2"], on=on,
        reason="当事人来电称罚款金额与决定书不一致，先行隐藏，待核对决定书原件。",
    )  # fmt: skip
    assert shown[1].subject_id is not None  # acts of subjects only
    _flagged_record(bodies["market"], people["clerk"], shown[1].subject_id, on)
    propose(
        AccountStep.Kind.MAKE_ACCOUNT, by=people["keeper"], on=on, reason="综合执法科新到岗", agency=bodies["market"],
        number=identity_number(date(1992, 5, 6), 77), username="demo.newcomer", name="爨踏歌", role="clerk", valid_from=on,
    )  # fmt: skip


def _file(agency: Agency, clerk: User, on: date) -> None:
    """A penalty file of yesterday's decisions, its dry run done: most rows pass, each fault is another."""
    made = list(sample.make(on - timedelta(days=1)))
    rows = [cells for cells, fault in islice(((c, f) for c, f in made if f is None), SOUND)]
    rows += [c for c, f in made if f is not None and f.rule != sample.UNREADABLE][:FAULTY]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, sample.COLUMNS, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(rows)
    file = out.getvalue().encode()
    source = read_csv(io.BytesIO(file))
    batch = desk.receive(
        source,
        kind="penalties",
        agency=agency,
        by=clerk,
        on=on,
        file_name="昨日处罚.csv",
        sha256=sha256(file).hexdigest(),
    )
    desk.check(batch.pk, on=on)


def _flagged_record(agency: Agency, clerk: User, subject_id: int, on: date) -> None:
    """A record that may rest on force majeure: a reviewer reads it first (REC-10)."""
    item = next(
        item for item in CatalogueItem.objects.in_force(on)
        if item.kind == Kind.UNTRUSTWORTHINESS and DocumentType.ADJUDICATION in item.basis_types
    )  # fmt: skip
    subject = Subject.objects.get(pk=subject_id)
    document = services.register_document(
        document_type=DocumentType.ADJUDICATION, number=f"岑市监裁〔{on.year}〕7号", issuer=agency, subject_id=subject.pk,
        decided_on=on - timedelta(days=3), effective_on=on - timedelta(days=3), conduct="未按期履行退款义务", by=SYSTEM, on=on,
    )  # fmt: skip
    services.take_effect(document.pk, by=SYSTEM, on=on)
    made = tolerance.draft_record(
        document.pk, item_code=item.code, nature="未按裁决期限履行退款义务", severity="ordinary",
        occasion=Occasion.SUPERVISION, flags=[Tolerance.FORCE_MAJEURE], by=clerk, on=on,
    )  # fmt: skip
    tolerance.submit(made.pk, by=clerk, on=on)
