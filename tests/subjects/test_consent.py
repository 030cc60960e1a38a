"""Consent to personal information: whole, no more than needed, not for ever, revocable, judged at every use."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import Agency, User
from casework import privacy
from casework.calendar import today
from casework.errors import Refused, WrongState
from casework.models import AuditEvent, Refusal
from catalogs.models import Provision
from subjects import invariants, jobs
from subjects.models import Consent, Person, QueryReceipt
from subjects.rules import check_consent, check_may_use
from subjects.services import expire_consent, give_consent, reveal_number, revoke_consent, use_under_consent
from tests.conftest import THE_DAY
from tests.factories import agency, officer

pytestmark = pytest.mark.django_db
NUMBER = "990100199003070019"
PURPOSE, MANNER = "答复本人关于自身信息的申请", "承办人核对证件号码，不复制"


@pytest.fixture
def office() -> Agency:
    return agency()


@pytest.fixture
def clerk(office: Agency) -> User:
    return officer("clerk", office)


@pytest.fixture
def person() -> Person:
    return Person.objects.create(name="示例某甲", name_masked="示**")


def consent(person: Person, clerk: User, **changes: Any) -> Consent:
    ends = changes.get("ends_on", today() + timedelta(days=90))
    values: dict[str, Any] = {
        "agency": Agency.objects.get(pk=clerk.agency_id), "service": "own_request", "purpose": PURPOSE, "manner": MANNER,
        "scope": ["identity_number"], "ends_on": ends, "by": clerk, "on": today(),
        "shown_text": f"目的：{PURPOSE}。方式：{MANNER}。范围：证件号码。至{ends}止，可随时撤回。",
    }  # fmt: skip
    return give_consent(person.pk, **values | changes)


def rule_of(refused: Any) -> str:
    rule: str = refused.value.rule
    return rule


@pytest.mark.proves("SEC-11", "SEC-14")
def test_what_the_person_read_is_kept_word_for_word_with_purpose_manner_fields_and_last_day(
    person: Person, clerk: User
) -> None:
    made = consent(person, clerk)

    kept = Consent.objects.get()
    assert (kept.state, kept.purpose, kept.manner, kept.scope) == ("given", PURPOSE, MANNER, ["identity_number"])
    assert kept.shown_text.startswith(f"目的：{PURPOSE}。方式")
    assert kept.ends_on == today() + timedelta(days=90)
    line = AuditEvent.objects.get(name="consent.given")
    assert (line.chain, line.ref) == (person.uuid, made.ref)


@pytest.mark.proves("SEC-11", "SEC-13", "SEC-14")
@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"purpose": " "}, "consent_not_whole"),
        ({"manner": ""}, "consent_not_whole"),
        ({"scope": []}, "consent_not_whole"),
        ({"shown_text": ""}, "consent_not_whole"),
        ({"shown_text": "同意使用我的信息。"}, "consent_not_shown"),
        ({"scope": ["identity_number", "address"]}, "consent_bundled"),
        ({"service": "lottery"}, "consent_service_unknown"),
        ({"ends_on": None}, "consent_without_end"),
        ({"ends_on": THE_DAY + timedelta(days=800)}, "consent_without_end"),
        ({"ends_on": THE_DAY - timedelta(days=1)}, "consent_without_end"),
    ],
)
def test_a_consent_that_is_not_whole_asks_too_much_or_has_no_end_is_refused(
    changes: dict[str, Any], rule: str, person: Person, clerk: User
) -> None:
    with pytest.raises(Refused) as refused:
        consent(person, clerk, **changes)

    assert rule_of(refused) == rule
    assert Refusal.objects.get().rule == rule
    assert not Consent.objects.exists()


@pytest.mark.proves("SEC-12")
def test_without_a_running_consent_or_a_cited_law_nothing_is_used(person: Person, clerk: User) -> None:
    asked: dict[str, Any] = {"agency_id": clerk.agency_id, "service": "own_request", "field": "identity_number"}
    law = Provision.objects.filter(instrument__kind="law").first()
    letter = Provision.objects.exclude(instrument__kind__in=["law", "admin_reg", "local_reg"]).first()

    for cited in (None, letter):
        with pytest.raises(Refused) as refused:
            check_may_use(person, on=today(), cited=cited, **asked)
        assert rule_of(refused) == "consent_missing"
    assert check_may_use(person, on=today(), cited=law, **asked) is None
    assert law is not None
    given = consent(person, clerk)
    assert check_may_use(person, on=today(), **asked) == given
    with pytest.raises(Refused):  # another field
        check_consent(person, on=today(), **asked | {"field": "address"})
    with pytest.raises(Refused):  # another body
        check_consent(person, on=today(), **asked | {"agency_id": agency("别的机关").pk})
    with pytest.raises(Refused):  # another service
        check_consent(person, on=today(), **asked | {"service": "repair_contact"})


@pytest.mark.proves("SEC-14", "INV-66")
def test_a_consent_ends_at_once_when_it_is_revoked_and_by_itself_on_its_last_day(
    person: Person, clerk: User, travel: Any
) -> None:
    first = consent(person, clerk)
    use: dict[str, Any] = {"service": "own_request", "field": "identity_number", "by": clerk}
    use_under_consent(person, on=today(), **use)

    with pytest.raises(Refused):
        revoke_consent(first.pk, by=clerk, on=today(), reason="")
    revoke_consent(first.pk, by=clerk, on=today(), reason="本人来函撤回")
    with pytest.raises(Refused):
        use_under_consent(person, on=today(), **use)
    with pytest.raises(WrongState):
        revoke_consent(first.pk, by=clerk, on=today(), reason="再撤")

    second = consent(person, clerk, ends_on=today() + timedelta(days=1))
    assert jobs.expire_consents() == 0
    travel(second.ends_on)
    use_under_consent(person, on=today(), **use)
    travel(second.ends_on + timedelta(days=1))
    with pytest.raises(Refused):  # judged at the use, before any job ran
        use_under_consent(person, on=today(), **use)
    assert jobs.expire_consents() == 1
    second.refresh_from_db()
    assert (second.state, second.ended_on) == ("expired", second.ends_on)
    assert expire_consent(first.pk, on=today()).state == "revoked"
    assert invariants.broken_inv_66() == []


@pytest.mark.proves("INV-66")
def test_the_auditor_finds_a_use_after_the_end_and_a_consent_that_nobody_closed(
    person: Person, clerk: User, travel: Any
) -> None:
    used_late, forgotten = consent(person, clerk), consent(person, clerk, ends_on=today() + timedelta(days=3))
    revoke_consent(used_late.pk, by=clerk, on=today(), reason="本人来函撤回")
    assert invariants.broken_inv_66() == []

    with connection.cursor() as cursor:  # what no verb does
        cursor.execute(
            "INSERT INTO audit.event (id, chain, name, ref, commitment)"
            " VALUES (gen_random_uuid(), %s, 'consent.used', %s, '')",
            [person.uuid, used_late.ref],
        )
    travel(today() + timedelta(days=6))

    assert sorted(invariants.broken_inv_66()) == sorted([str(used_late.uuid), str(forgotten.uuid)])


@pytest.mark.django_db(transaction=True)
@pytest.mark.proves("SEC-12")
def test_a_number_read_for_the_persons_own_request_rests_on_their_consent(office: Agency, clerk: User) -> None:
    person = Person.objects.create(name="示例某乙", name_masked="示**")
    privacy.keep(person.uuid, NUMBER)
    asked: dict[str, Any] = {
        "by": clerk, "purpose": "own_request", "matter": "申请〔2026〕3号", "reason": "本人到场申请",
        "is_full": False, "on": today(),
    }  # fmt: skip

    with pytest.raises(Refused) as refused:
        reveal_number(person, **asked)
    assert rule_of(refused) == "consent_missing"
    assert not AuditEvent.objects.filter(name="privacy.identity_read").exists()

    consent(person, clerk)
    assert reveal_number(person, **asked) == {"resident_identity": "…0019"}
    assert AuditEvent.objects.filter(name="consent.used", chain=person.uuid).count() == 1
    assert QueryReceipt.objects.count() == 2
