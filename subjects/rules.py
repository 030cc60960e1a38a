"""What a row of the register must be before it is taken in; who may look at what is not public; what a consent must be."""

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Posting, User
from accounts.permissions import READS_ALL, READS_REGION, Permission
from accounts.rules import agencies_in_reach
from casework.actors import Actor
from casework.calendar import SHANGHAI, corresponding_day
from casework.errors import NotAllowed, Refused
from casework.four_eyes import check_has_reason
from catalogs.models import Provision
from catalogs.states import BasisKind
from subjects.codes import check_code, sentence
from subjects.models import Consent, Person, Position, QueryReceipt, Subject
from subjects.states import (
    FLAGS,
    SERVICES,
    WITHOUT_MATTER,
    ConsentState,
    Mark,
    PersonalField,
    QueryPurpose,
    QueryState,
    RegistrationStatus,
    Service,
    SubjectType,
)


@dataclass(frozen=True)
class NameRow:
    """A name other than the current one, with its days."""

    name: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class RegisterRow:
    """One subject as the register gives it."""

    unified_code: str
    name: str
    type: str
    region: str
    registration_status: str = "active"
    registration_authority: str = ""  # its unified code
    registered_on: date | None = None
    ended_on: date | None = None
    name_valid_from: date | None = None
    former_names: tuple[NameRow, ...] = ()
    trade_names: tuple[NameRow, ...] = ()
    former_codes: Mapping[str, date] = field(default_factory=dict)  # code → its last day
    legal_representative: str = ""


def check_can_register(row: RegisterRow, *, regions: Container[str]) -> None:
    """Refuse a row whose code is wrong or whose vocabulary is unknown (SUB-01 to SUB-03, SUB-09)."""
    for code in (row.unified_code, *row.former_codes):
        check = check_code(code)
        if not check.is_valid:
            raise Refused(sentence(check), rule="code_malformed", rows=["SUB-02"], data_class="subjects")
    wrong = {
        "name": not row.name.strip(),
        "type": row.type not in SubjectType.values,
        "region": row.region not in regions,
        "registration_status": row.registration_status not in RegistrationStatus.values,
        "ended_on": bool(row.ended_on and row.registered_on and row.ended_on < row.registered_on),
    }
    for column, is_wrong in wrong.items():
        if is_wrong:
            raise Refused(
                _("The register's value for “%(column)s” of %(code)s is not valid.")
                % {"column": column, "code": row.unified_code},
                rule="value_not_in_list", rows=["REC-18"], field=column, data_class="subjects",
                keys={"unified_code": row.unified_code},
            )  # fmt: skip
    if row.unified_code in row.former_codes:
        raise Refused(
            _("%(code)s cannot be the former code of itself.") % {"code": row.unified_code},
            rule="former_code_of_itself", rows=["SUB-01"], data_class="subjects",
        )  # fmt: skip


# ── Looks at what is not public ──────────────────────────────────────────────────────────────────────────────────────

LOOKS_A_DAY = 300  # by one officer; who needs more asks for a file by verb, with a second person
# Who may look for what. A combination that does not stand here is refused (SEC-01).
P = QueryPurpose
PURPOSES_OF: dict[str, frozenset[QueryPurpose]] = {
    "clerk": frozenset({P.INTAKE, P.DETERMINATION, P.PUBLICATION, P.SERVICE, P.OBJECTION, P.MEASURE, P.COURT, P.OWN_REQUEST}),
    "reviewer": frozenset(
        {P.INTAKE, P.DETERMINATION, P.PUBLICATION, P.OBJECTION, P.MEASURE, P.COURT, P.SUPERVISION, P.OWN_REQUEST}
    ),
    "publisher": frozenset({P.PUBLICATION}),
    "repair_officer": frozenset({P.REPAIR, P.OWN_REQUEST}),
    "auditor": frozenset({P.SUPERVISION}),
    "coordinator": frozenset({P.SUPERVISION}),
}  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """Who looks: an officer with the postings of this day, his own before those he holds as a deputy. An `Actor` whose body
    is asked of the database once."""

    user: User
    postings: tuple[Posting, ...]

    @classmethod
    def of(cls, user: User, on: date) -> "Reader":
        held = user.held_on(on)
        return cls(user, tuple(held))

    @property
    def uuid(self) -> UUID:
        return self.user.uuid

    @property
    def identity_id(self) -> int | None:
        return self.user.identity_id

    @property
    def agency_id(self) -> int | None:
        return self.postings[0].agency_id if self.postings else None

    def may(self, permission: str, *, on: date) -> bool:
        return self.user.may(permission, on=on)

    @property
    def purposes(self) -> list[QueryPurpose]:
        """The purposes for which the postings let him look, in the order of the list."""
        held = frozenset[QueryPurpose]().union(*(PURPOSES_OF.get(posting.role, ()) for posting in self.postings))
        return [purpose for purpose in QueryPurpose if purpose in held]

    def holds(self, *roles: str) -> bool:
        return any(posting.role in roles for posting in self.postings)

    def is_at_home(self, region: str) -> bool:
        return any(posting.agency.region.covers(region) for posting in self.postings)


def purposes_of(by: User, *, on: date) -> list[QueryPurpose]:
    """The purposes for which this officer may look on this day."""
    return Reader.of(by, on).purposes


def check_can_query(reader: Reader, *, purpose: str, matter: str, reason: str) -> None:
    """A look has a purpose that the reader's postings allow, the case where the purpose has one, a reason (SEC-01, SEC-02)."""
    if purpose not in QueryPurpose.values:
        raise Refused(
            _("Name a purpose of the list."), rule="purpose_missing", rows=["SEC-01", "SEC-02"], field="purpose"
        )
    if purpose not in reader.purposes:
        raise Refused(
            _("Your postings do not let you look for the purpose “%(purpose)s”.") % {"purpose": QueryPurpose(purpose).label},
            rule="purpose_not_defined_for_role", rows=["SEC-01"], field="purpose",
        )  # fmt: skip
    if not matter.strip() and purpose not in WITHOUT_MATTER:
        raise Refused(
            _("Name the case this is needed for."), rule="case_missing", rows=["SEC-02", "SEC-07"], field="matter"
        )
    if not reason.strip():
        raise Refused(_("Say why you need to look."), rule="reason_missing", rows=["SEC-02"], field="reason")


def marks_of(
    reader: Reader, *, purpose: str, matter: str, subject: Subject | None, person: Person | None, on: date
) -> list[Mark]:
    """What is unusual about this look (SEC-07). Called under a lock on the reader, so that two looks at once count as two."""
    supervises = purpose == QueryPurpose.SUPERVISION and reader.holds(READS_ALL, READS_REGION)
    midnight = datetime.combine(on, time.min, tzinfo=SHANGHAI)
    is_far = subject is not None and not reader.holds(READS_ALL) and not reader.is_at_home(subject.region_id)
    looks = QueryReceipt.objects.filter(user=reader.user, at__gte=midnight).count()
    found = {
        Mark.WITHOUT_MATTER: not matter.strip() and not supervises,
        Mark.OWN_RELATION: is_own_relation(reader, subject, person, on=on),
        Mark.UNUSUAL_VOLUME: looks >= LOOKS_A_DAY,
        Mark.OUTSIDE_REGION: is_far,
    }
    return [mark for mark in FLAGS if found[mark]]


def why_not(marks: Iterable[Mark]) -> Refused | None:
    """The refusal that a mark brings: own relations, and more looks than a day has. The other marks are read afterwards."""
    if Mark.OWN_RELATION in marks:
        return _own_relation()
    if Mark.UNUSUAL_VOLUME in marks:
        return Refused(
            _("You have looked %(n)d times today; more is flagged and not shown. Tomorrow you can look again.")
            % {"n": LOOKS_A_DAY},
            rule="daily_looks_used", rows=["SEC-07"],
        )  # fmt: skip
    return None


def person_of(by: Actor) -> UUID | None:
    """The person of the files who is this officer, found by the digest of the verified number; nobody reads the number."""
    if by.identity_id is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed.find(digest) FROM accounts_identity WHERE id = %s", [by.identity_id])
        row = cursor.fetchone()
    return row[0] if row else None


def is_own_relation(by: Actor, subject: Subject | None, person: Person | None = None, *, on: date) -> bool:
    """Whether the officer is that person, or holds a position in that subject on this day (SEC-07)."""
    me = person_of(by)
    if me is None:
        return False
    if person is not None and person.uuid == me:
        return True
    running = Q(valid_from=None) | Q(valid_from__lte=on), Q(valid_to=None) | Q(valid_to__gte=on)
    return subject is not None and Position.objects.filter(*running, person__uuid=me, subject=subject).exists()


def check_no_own_relation(by: Actor, subject: Subject | None, person: Person | None = None, *, on: date) -> None:
    """Nobody acts on a subject in which he holds a position, nor on himself (D6, SEC-07)."""
    if is_own_relation(by, subject, person, on=on):
        raise _own_relation()


def _own_relation() -> Refused:
    return Refused(
        _("You are connected with this subject by a position in it; somebody else must do this."),
        rule="own_relation", rows=["SEC-07", "SEC-04"],
    )  # fmt: skip


def check_can_review(by: User, receipt: QueryReceipt, *, to: str, reason: str, on: date) -> None:
    """A look is reviewed by another human than the reader, within his reach, with a reason where something was found."""
    by.check_may(Permission.REVIEW_QUERIES, on=on)
    if not agencies_in_reach(by, on).filter(pk=receipt.agency_id or 0).exists():
        raise NotAllowed(
            _("This look was made for another body; its own reviewers or those above it read it."), rule="not_allowed"
        )
    if receipt.user is not None and receipt.user.identity_id == by.identity_id:
        raise Refused(
            _("You looked yourself; somebody else must review it."), rule="own_query", rows=["SEC-03", "SEC-04"]
        )
    if to != QueryState.REVIEWED_OK:
        check_has_reason(reason)


# ── Consent to personal information ──────────────────────────────────────────────────────────────────────────────────

LONGEST_CONSENT = 24  # months
# A citation that stands in the place of a consent (SEC-11: "unless a law or regulation is cited").
INSTEAD_OF_CONSENT = frozenset({BasisKind.LAW, BasisKind.ADMIN_REG, BasisKind.LOCAL_REG})


def check_can_consent(
    *,
    service: str,
    purpose: str,
    manner: str,
    scope: Collection[str],
    shown_text: str,
    given_on: date,
    ends_on: date | None,
) -> None:
    """A consent names purpose, manner, fields and last day, in the text that the person read; it asks for no more than the
    service needs, and not for ever (SEC-11, SEC-13, SEC-14)."""
    if service not in SERVICES:
        raise _consent(_("There is no such service."), "consent_service_unknown", "SEC-13", "service")
    stated = {"purpose": purpose.strip(), "manner": manner.strip(), "scope": scope, "shown_text": shown_text.strip()}
    for name, value in stated.items():
        if not value:
            raise _consent(
                _("A consent names its purpose, its manner and its fields, and keeps the text that was shown."),
                "consent_not_whole", "SEC-11", name,
            )  # fmt: skip
    if excess := sorted(set(scope) - {str(needed) for needed in SERVICES[Service(service)]}):
        raise _consent(
            _("The service does not need %(fields)s; a consent to it may not be asked for.")
            % {"fields": _(", ").join(labels_of(excess))},
            "consent_bundled", "SEC-13", "scope",
        )  # fmt: skip
    if ends_on is None or ends_on < given_on or ends_on > corresponding_day(given_on, LONGEST_CONSENT):
        raise _consent(
            _("A consent has a last day, at most two years after it is given."),
            "consent_without_end",
            "SEC-14",
            "ends_on",
        )
    unsaid = [part for part in (purpose, manner, ends_on.isoformat()) if part not in shown_text]
    if unsaid:
        raise _consent(
            _("The text that was shown does not say: %(parts)s.") % {"parts": _(", ").join(unsaid)},
            "consent_not_shown", "SEC-11", "shown_text",
        )  # fmt: skip


def labels_of(fields: Iterable[str]) -> list[str]:
    known = dict(PersonalField.choices)
    return [str(known.get(field, field)) for field in fields]


def _consent(message: str, rule: str, row: str, field: str | None = None) -> Refused:
    return Refused(message, rule=rule, rows=[row], field=field, data_class="consents")


def check_consent(person: Person, *, agency_id: int | None, service: str, field: str, on: date) -> Consent:
    """The running consent under which this body may use this field for this service. Its last day is judged here, whether
    the nightly job has closed it or not (SEC-12, SEC-14)."""
    running = Consent.objects.filter(
        person=person, agency_id=agency_id or 0, service=service, scope__contains=[field], state=ConsentState.GIVEN,
        given_on__lte=on, ends_on__gte=on,
    )  # fmt: skip
    found = running.order_by("-ends_on").first()
    if found is None:
        raise _consent(
            _("There is no running consent of the person to the use of %(field)s for this.")
            % {"field": _(", ").join(labels_of([field]))},
            "consent_missing", "SEC-12",
        )  # fmt: skip
    return found


def check_may_use(
    person: Person, *, agency_id: int | None, service: str, field: str, on: date, cited: Provision | None = None
) -> Consent | None:
    """Use of personal information rests on a cited law or regulation in force that day, or on a running consent (SEC-11,
    SEC-12). The consent on which it rests, or None where the law carries it."""
    if cited is not None and cited.instrument.kind in INSTEAD_OF_CONSENT and cited.is_in_force(on):
        return None
    return check_consent(person, agency_id=agency_id, service=service, field=field, on=on)
