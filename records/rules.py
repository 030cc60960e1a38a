"""The gate: whether a row may be recorded, by the rules in force on the day of the act.

`judge` is a pure function: a row, what the chunk's world holds, and a verdict with every failing rule. Nothing is read
or written here, and the same answer stands for a dry run and a real one, for a file, a key and a form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from accounts.permissions import Permission
from casework.actors import Actor
from casework.calendar import Calendar, UnknownYear
from casework.errors import NotAllowed, Refused
from casework.privacy import age_on
from casework.terms import PUBLICATION
from catalogs.models import CatalogueItem, Provision, Regime
from catalogs.penalty_class import severity_of_penalty
from catalogs.rules import Catalogue, clock, regime_for
from catalogs.states import Determiner, Platform
from records.formats import PENALTY_TYPES, Fault, PenaltyRow, said
from records.states import Act, ActKind, Clock, Delay, DocumentType, Verdict
from subjects.codes import check_code, sentence
from subjects.keys import normalise
from subjects.services import KnownPerson

ADULT = 18
DEFAULT_ITEM = {"penalties": "NC-03-02"}
CONTENT = {  # column of the format → name in the content of a penalty
    "cf_wfxw": "conduct", "cf_sy": "facts", "cf_yj": "grounds", "cf_nr": "decision", "cf_nr_zkdx": "certificates",
    "cf_nr_fk": "fine", "cf_nr_wfff": "confiscated", "cf_yxq": "effective_until",
}  # fmt: skip
NOT_PUBLIC = ("remarks", "own_last_day")
MARKET_REGULATION = "market-regulation"  # whose penalties the publicity system (NECIPS) shows under its own regime
HOLDS = {
    "identity_number_in_text": lambda: _("A personal number was found in a text; a second officer reads it first."),
    "person_name_in_text": lambda: _("A person's name was found in a text; a second officer reads it first."),
}


def check_may_take_in(by: Actor, *, agency: Agency, on: date) -> None:
    """Who may hand in facts for this agency: its own clerks and keys, and the operator's command line."""
    if not by.may(Permission.TAKE_IN, on=on):
        raise NotAllowed(_("This key or posting may not hand in records."), rule="scope_missing", rows=["SEC-18"])
    if by.agency_id is not None and by.agency_id != agency.pk:
        raise NotAllowed(_("You act for another body."), rule="not_allowed", rows=["SEC-18"])


def check_may_change(by: Actor, permission: Permission, *, of: Agency, on: date, or_court: bool = False) -> None:
    """Who may change what this body decided or handed in: the body itself and those above it; for the effect of a document
    (`or_court`) also a court. The portal's own clock and release job act for no body."""
    if not by.may(permission, on=on):
        raise NotAllowed(_("Your posting does not allow this."), rule="not_allowed")
    if by.agency_id is None:
        return
    body = Agency.objects.get(pk=by.agency_id)
    if not (body.stands_over(of) or (or_court and body.kind == Agency.Kind.JUDICIAL_ORGAN)):
        raise NotAllowed(_("You act for another body."), rule="not_allowed", rows=["SEC-18"])


def check_can_record_under(item: CatalogueItem, *, issuer: Agency, sender: Agency) -> None:
    """The sender hands in its own determinations and those of bodies below it, under items for which the issuer has the
    power (REC-06, CAT-15)."""
    if not sender.stands_over(issuer):
        raise Refused(
            said(_("%(sender)s may hand in its own decisions and those of bodies below it."), {"sender": sender.name}),
            rule="authority_not_sender", rows=["REC-06"], data_class="untrustworthiness",
        )  # fmt: skip
    if determiner_of(issuer) not in item.determined_by:
        raise Refused(
            said(_("%(name)s has no power for catalogue item %(code)s."), {"name": issuer.name, "code": item.code}),
            rule="no_power_for_item", rows=["CAT-15"], data_class="untrustworthiness",
        )  # fmt: skip


def determiner_of(body: Agency) -> Determiner:
    """As what a body determines conduct, in the words of the catalogue."""
    if body.kind == Agency.Kind.JUDICIAL_ORGAN:
        return Determiner.JUDICIAL_ORGAN
    return Determiner.ADMINISTRATIVE_ORGAN if body.is_administrative_organ else Determiner.AUTHORISED_ORGANISATION


def check_can_rest_on(document_type: str, *, allowed_by: Provision | None, on: date) -> None:
    """The closed set of bases (REC-02); an "other" document names the law that allows it (REC-03)."""
    from catalogs.rules import check_basis
    from catalogs.states import NeedsBasis

    if document_type not in DocumentType.values:
        raise Refused(
            said(_("“%(type)s” is no document on which a record may rest."), {"type": document_type[:40]}),
            rule="basis_type_not_allowed", rows=["REC-02"],
        )  # fmt: skip
    if document_type == DocumentType.OTHER_DOCUMENT:
        if allowed_by is None:
            raise Refused(
                _("An “other” document must name the law, regulation or central policy that allows it."),
                rule="basis_citation_missing", rows=["REC-03"],
            )  # fmt: skip
        check_basis(NeedsBasis.OTHER_DOCUMENT, [allowed_by], on=on)


@dataclass(frozen=True)
class KnownSubject:
    """A subject as the gate sees it. `names`: normalised current, former and trade names."""

    id: int
    uuid: Any
    name: str
    names: frozenset[str]


@dataclass(frozen=True)
class Held:
    """The newest version of a fact already held under the same natural key."""

    act_id: int
    record_id: int | None
    document_id: int
    publication_id: int
    public_id: str
    version: int
    state: str
    content: dict[str, Any]
    withheld: list[str]
    decided_on: date
    collecting_department_id: int
    due_on: date | None
    late_since: date | None
    delay_by: str
    is_stayed: bool = False  # its document is


NaturalKey = tuple[int, str, str, str]  # authority, document number, counterpart, catalogue item


@dataclass
class World:
    """What the gate asks, read once per chunk."""

    today: date
    sender: Agency
    calendar: Calendar
    catalogue: Catalogue
    regimes: list[Regime]
    agencies: Mapping[str, Agency]
    exempting: Mapping[str, Provision]  # "instrument key:article" → provision that may exempt from publication
    subjects: Mapping[str, KnownSubject] = field(default_factory=dict)
    persons: Mapping[str, KnownPerson] = field(default_factory=dict)  # by identity number as given
    held: Mapping[NaturalKey, Held] = field(default_factory=dict)
    with_numbers: frozenset[int] = frozenset()
    seen: set[NaturalKey] = field(default_factory=set)  # natural keys of earlier rows of this file
    due: dict[tuple[date, str], date | None] = field(default_factory=dict)


@dataclass
class Facts:
    """What a row that passes becomes: its document, its act, its record and its publication, in plain values."""

    authority: Agency
    item: CatalogueItem
    decided_on: date
    content: dict[str, Any]
    content_public: dict[str, Any] | None
    withheld: list[str]
    severity: str
    adverse: bool
    starts_on: date | None
    due_on: date | None
    public_until: date | None
    clocks: list[dict[str, Any]]
    state: Clock  # what the publication becomes
    closed_reason: str = ""
    hold: str = ""
    exempt_by: Provision | None = None
    source_public_on: date | None = None
    late_since: date | None = None
    delay_by: str = ""


@dataclass
class Judgement:
    """The verdict on one row."""

    row: PenaltyRow
    verdict: Verdict
    faults: list[Fault] = field(default_factory=list)
    holds: list[Fault] = field(default_factory=list)  # why it waits for a second officer
    warnings: list[str] = field(default_factory=list)
    key: NaturalKey | None = None
    subject: KnownSubject | None = None
    person: KnownPerson | None = None
    held: Held | None = None
    facts: Facts | None = None
    act: Any = None  # the act that was written, once it is


def judge(row: PenaltyRow, world: World) -> Judgement:
    """Judge one row of the penalty format. All failing rules are given, not only the first."""
    found = Judgement(row, Verdict.REFUSED, list(row.faults))
    authority = _authority(row, world, found)
    counterpart = _counterpart(row, world, found)
    _dates_and_amounts(row, world, found)
    # A withdrawal only names its fact; what the catalogue says today is no matter to it.
    withdraws = row.op == "withdraw"
    item = _item(row, authority, world, found) if authority and not withdraws else None
    exempt_by = _exemption(row, world, found)
    secret = _secrets(row, found)
    if row.op != "add" and not row.reason:
        found.faults.append(
            Fault("reason_missing", ("REC-08",), "reason", _("A correction or withdrawal needs a reason."))
        )
    if authority and counterpart and row.cf_wsh and (item or withdraws):
        code = item.code if item else row.catalogue_item or DEFAULT_ITEM["penalties"]
        found.key = (authority.pk, row.cf_wsh, counterpart, code)
        found.held = world.held.get(found.key)
        if found.key in world.seen and not found.faults:
            found.verdict = Verdict.DUPLICATE
            return found
        if item and row.cf_jdrq and not found.faults:
            found.facts = _facts(row, authority, item, secret, exempt_by, world, found)
        _against_what_is_held(row, world, found)
    if found.faults:
        found.facts = None
        found.verdict = Verdict.REFUSED
    return found


def _fault(found: Judgement, rule: str, rows: tuple[str, ...], field_: str | None, message: Any, **more: Any) -> None:
    found.faults.append(Fault(rule, rows, field_, message, **more))


# ── who decided, about whom ──────────────────────────────────────────────────────────────────────────────────────────


def _authority(row: PenaltyRow, world: World, found: Judgement) -> Agency | None:
    """The determining department: an organ that may determine, in being on the day, the sender's own or below it (REC-06)."""
    if not row.cf_cfjgdm:
        return None
    check = check_code(row.cf_cfjgdm)
    if not check.is_valid:
        _fault(found, "code_malformed", ("SUB-02",), "cf_cfjgdm", sentence(check), code_check=check.to_dict())
        return None
    authority = world.agencies.get(row.cf_cfjgdm)
    if authority is None or not authority.may_determine or (row.cf_jdrq and not authority.exists_on(row.cf_jdrq)):
        say = _("This body is not registered as one that may determine conduct on that day.")
        _fault(found, "body_not_authorised", ("REC-06",), "cf_cfjgdm", say)
        return None
    if row.cf_cfjg and normalise(row.cf_cfjg) != normalise(authority.name):
        say = said(_("The authority's code belongs to %(name)s."), {"name": authority.name})
        _fault(found, "basis_mismatch", ("REC-04",), "cf_cfjg", say)
    above: Agency | None = authority
    while above is not None and above.pk != world.sender.pk:
        above = world.agencies.get(above.superior.unified_code) if above.superior else None
    if above is None:
        say = said(
            _("%(sender)s may hand in its own decisions and those of bodies below it."), {"sender": world.sender.name}
        )
        _fault(found, "authority_not_sender", ("REC-06",), "cf_cfjgdm", say)
    return authority


def _counterpart(row: PenaltyRow, world: World, found: Judgement) -> str | None:
    """The counterpart, as part of the natural key; a subject must stand in the register under this name (SUB-01, REC-04)."""
    if row.cf_xdr_lb is None:
        return None
    if row.is_natural_person:
        if not row.cf_xdr_zjhm:
            say = _("A natural person is told from others by the number of an identity document.")
            _fault(found, "value_missing", ("SUB-11",), "cf_xdr_zjhm", say)
            return None
        found.person = world.persons[row.cf_xdr_zjhm]
        return f"person {found.person.key}"
    if not row.cf_xdr_shxym:
        if any(fault.field == "cf_xdr_shxym" for fault in row.faults):
            return None  # something stood there, and why it cannot stand is said already
        _fault(found, "value_missing", ("SUB-02",), "cf_xdr_shxym", _("The unified social credit code is missing."))
        return None
    check = check_code(row.cf_xdr_shxym)
    if not check.is_valid:
        _fault(found, "code_malformed", ("SUB-02",), "cf_xdr_shxym", sentence(check), code_check=check.to_dict())
        return None
    found.subject = world.subjects.get(row.cf_xdr_shxym)
    if found.subject is None:
        say = said(_("The register holds no subject with the code %(code)s."), {"code": row.cf_xdr_shxym})
        _fault(found, "subject_not_in_register", ("SUB-01",), "cf_xdr_shxym", say)
        return None
    if row.cf_xdr_mc and normalise(row.cf_xdr_mc) not in found.subject.names:
        say = said(_("The register holds this code under the name %(name)s."), {"name": found.subject.name})
        _fault(found, "subject_name_mismatch", ("REC-04",), "cf_xdr_mc", say)
    return f"subject {found.subject.id}"


# ── dates and amounts ────────────────────────────────────────────────────────────────────────────────────────────────


def _dates_and_amounts(row: PenaltyRow, world: World, found: Judgement) -> None:
    decided = row.cf_jdrq
    if decided and decided > world.today:
        say = said(
            _("The decision is dated %(day)s, after today; a record follows its determination."), {"day": decided}
        )
        _fault(found, "decided_after_recorded", ("REC-05",), "cf_jdrq", say)
    if row.source_public_on and row.source_public_on > world.today:
        say = said(_("%(day)s lies in the future."), {"day": row.source_public_on})
        _fault(found, "date_in_future", ("REC-18",), "source_public_on", say)
    for column in ("cf_yxq", "cf_gsjzq", "source_public_on"):
        if decided and (later := row.values[column]) and later < decided:
            say = said(_("%(later)s lies before the day of the decision, %(day)s."), {"later": later, "day": decided})
            _fault(found, "validity_order", ("REC-18",), column, say)
    if row.cf_cflb and "罚款" in row.cf_cflb and row.cf_nr_fk is None:
        say = _("The penalty is a fine; its amount is missing.")
        _fault(found, "fine_amount_missing", ("REC-18",), "cf_nr_fk", say)


# ── the rules in force ───────────────────────────────────────────────────────────────────────────────────────────────


def _item(row: PenaltyRow, authority: Agency, world: World, found: Judgement) -> CatalogueItem | None:
    """The catalogue item in force on the day of the decision (CAT-01, CAT-04, CAT-15, CAT-16)."""
    if not row.cf_jdrq:
        return None
    code = row.catalogue_item or DEFAULT_ITEM["penalties"]
    try:
        item = world.catalogue.item(code, on=row.cf_jdrq, region=authority.region_id)
    except Refused as refused:
        _fault(found, refused.rule, refused.rows, "catalogue_item", _named(refused, code, row.cf_jdrq))
        return None
    if item.kind != ActKind.PENALTY:
        say = said(_("Catalogue item %(code)s does not cover administrative penalties."), {"code": code})
        _fault(found, "outside_catalogue", ("CAT-01", "CAT-17"), "catalogue_item", say)
        return None
    if DocumentType.PENALTY not in item.basis_types:
        say = said(_("Catalogue item %(code)s does not rest on penalty decisions."), {"code": code})
        _fault(found, "basis_type_not_allowed", ("REC-02",), "catalogue_item", say)
    if determiner_of(authority) not in item.determined_by:
        say = said(_("%(name)s has no power for catalogue item %(code)s."), {"name": authority.name, "code": code})
        _fault(found, "no_power_for_item", ("CAT-15",), "cf_cfjgdm", say)
    if any(a.name == item.collecting_department for a in world.agencies.values()) and (
        item.collecting_department != world.sender.name
    ):
        say = said(
            _("Catalogue item %(code)s is collected by %(name)s."), {"code": code, "name": item.collecting_department}
        )
        _fault(found, "not_collecting_department", ("CAT-14", "SHR-02"), "catalogue_item", say)
    if row.is_natural_person and not item.personal_information:
        say = said(_("Catalogue item %(code)s covers no personal information."), {"code": code})
        _fault(found, "personal_field_not_in_catalogue", ("CAT-16", "SEC-10"), "cf_xdr_lb", say)
    return item


def _named(refused: Refused, code: str, on: date) -> Any:
    """The refusal of the catalogue, naming item and day."""
    if refused.rule == "catalogue_item_not_in_force":
        return said(_("Catalogue item %(code)s was not in force on %(day)s."), {"code": code, "day": on})
    if refused.rule == "outside_catalogue":
        return said(_("The catalogue has no item %(code)s."), {"code": code})
    return format_lazy("{}: {}", code, refused.message)


def _exemption(row: PenaltyRow, world: World, found: Judgement) -> Provision | None:
    """Only a law or an administrative regulation exempts from publication, and it must be cited (PUB-06)."""
    if not row.exempt_basis:
        return None
    provision = world.exempting.get(row.exempt_basis)
    if provision is None or (row.cf_jdrq and not provision.is_in_force(row.cf_jdrq)):
        say = _(
            "An exemption cites a provision of a law or administrative regulation in the library, in force that day."
        )
        _fault(found, "exemption_without_citation", ("PUB-06",), "exempt_basis", say)
    return provision


def _secrets(row: PenaltyRow, found: Judgement) -> list[str]:
    """The fields that the sender marks as business secret (SHR-05, SEC-16)."""
    names = [name.strip() for name in (row.business_secret or "").replace("；", ";").split(";") if name.strip()]
    for name in names:
        if name not in CONTENT:
            say = said(_("“%(name)s” is no column that could be kept back as a business secret."), {"name": name[:32]})
            _fault(found, "value_not_in_list", ("SEC-16",), "business_secret", say)
    return [CONTENT[name] for name in names if name in CONTENT]


# ── what the row becomes ─────────────────────────────────────────────────────────────────────────────────────────────


def content_of(row: PenaltyRow) -> dict[str, Any]:
    """The content of a penalty as handed in: amounts in yuan with two places, days as text."""
    money = {"cf_nr_fk", "cf_nr_wfff"}
    content: dict[str, Any] = {
        name: None if row.values[column] is None
        else f"{row.values[column]:.2f}" if column in money else str(row.values[column])
        for column, name in CONTENT.items()
    }  # fmt: skip
    content["penalty_types"] = sorted({str(PENALTY_TYPES[name]) for name in row.cf_cflb})
    content["remarks"] = row.bz
    content["own_last_day"] = str(row.cf_gsjzq) if row.cf_gsjzq else None
    return content


def public_part(content: dict[str, Any], secret: list[str]) -> dict[str, Any]:
    """The content without what is never shown and without business secrets."""
    return {name: None if name in secret else value for name, value in content.items() if name not in NOT_PUBLIC}


def _facts(
    row: PenaltyRow, authority: Agency, item: CatalogueItem, secret: list[str], exempt_by: Provision | None, world: World,
    found: Judgement,
) -> Facts:  # fmt: skip
    content = content_of(row)
    regime = regime_for(world.regimes, Platform.CREDIT_CHINA, row.cf_jdrq)
    if regime is None and row.cf_gsjzq is None:
        say = said(
            _("No rule gives a last day of publication for %(day)s, and the row names none."), {"day": row.cf_jdrq}
        )
        _fault(found, "publication_period_unknown", ("SHR-10", "SHR-11"), "cf_gsjzq", say)
    severity = severity_of_penalty(
        regime.code if regime else "R0", content["penalty_types"], fine=row.cf_nr_fk,
        is_natural_person=row.is_natural_person, domain=authority.domain or None,
    )  # fmt: skip
    facts = Facts(
        authority=authority, item=item, decided_on=row.cf_jdrq, content=content, content_public=public_part(content, secret),
        withheld=sorted(secret), severity=severity, adverse=item.adverse and not row.is_natural_person,
        starts_on=row.cf_jdrq if authority.is_clocked else None, due_on=None, public_until=row.cf_gsjzq, clocks=[],
        state=Clock.PUBLISHED, exempt_by=exempt_by, source_public_on=row.source_public_on,
    )  # fmt: skip
    _period(row, facts, regime, world, found)
    _due(facts, world, found)
    _what_publishes(row, facts, world, found)
    return facts


def _period(row: PenaltyRow, facts: Facts, regime: Regime | None, world: World, found: Judgement) -> None:
    """The last day on show: the earlier of the department's own and the regime's longest (SHR-10, SHR-11)."""
    necips = (
        regime_for(world.regimes, Platform.NECIPS, row.cf_jdrq) if facts.authority.field == MARKET_REGULATION else None
    )
    for each in filter(None, (regime, necips)):
        severity = severity_of_penalty(
            each.code, facts.content["penalty_types"], fine=row.cf_nr_fk, is_natural_person=row.is_natural_person,
            domain=facts.authority.domain or None,
        )  # fmt: skip
        dates = clock(
            each, severity, decided_on=row.cf_jdrq, published_on=row.source_public_on or world.today,
            penalty_types=facts.content["penalty_types"],
        )  # fmt: skip
        if each is regime:
            if not dates.disclosed:
                facts.state = Clock.NOT_DISCLOSABLE
                facts.closed_reason = f"{facts.item.code} v{facts.item.edition} · {severity} · {each.code}"
            elif dates.last_day and (facts.public_until is None or dates.last_day < facts.public_until):
                if facts.public_until is not None:
                    found.warnings.append("public_until_too_late")
                facts.public_until = dates.last_day
        if dates.disclosed and dates.counts_from:
            facts.clocks.append(
                {
                    "platform": str(each.platform), "regime": str(each.code), "counts_from": str(dates.counts_from),
                    "earliest_repair_on": str(dates.earliest_repair_on) if dates.earliest_repair_on else None,
                    "last_day": str(dates.last_day) if dates.last_day else None, "unrepairable": None,
                }
            )  # fmt: skip


def _due(facts: Facts, world: World, found: Judgement) -> None:
    """7 working days from the decision. A year that is not announced refuses the sum, never the act (PUB-08, PUB-10)."""
    if facts.starts_on is None:
        return
    asked = (facts.starts_on, facts.authority.unified_code)
    if asked not in world.due:
        try:
            world.due[asked] = world.calendar.due(facts.starts_on, PUBLICATION, agency=facts.authority.unified_code)
        except UnknownYear:
            world.due[asked] = None
    facts.due_on = world.due[asked]
    if facts.due_on is None:
        found.warnings.append("calendar_year_unknown")


def _what_publishes(row: PenaltyRow, facts: Facts, world: World, found: Judgement) -> None:
    """Mask, secrets and numbers are checked; what may be public is public in this transaction (design part 6)."""
    found.verdict = Verdict.ACCEPTED
    if found.person and is_minor(found.person.born_on, facts.decided_on):
        facts.state, facts.closed_reason, facts.hold = Clock.NOT_DISCLOSABLE, "minor", "minor"
        facts.content_public = None
        found.verdict = Verdict.HELD
        say = _("The person was under 18 on the day of the act; a second officer reviews, and it is never shown.")
        found.holds.append(Fault("tolerance_review_needed", ("REC-09",), "cf_xdr_zjhm", say))
    elif not facts.item.disclose_allowed:
        facts.state, facts.closed_reason = Clock.NOT_DISCLOSABLE, f"{facts.item.code} v{facts.item.edition}"
    elif facts.exempt_by is not None:
        facts.state = Clock.EXEMPT
    elif facts.state == Clock.PUBLISHED and (hold := _hidden_in_text(row, facts, world)):
        facts.state, facts.hold, facts.content_public = Clock.PENDING, hold, None
        found.verdict = Verdict.HELD
        found.holds.append(Fault(hold, ("SHR-06",), None, HOLDS[hold]()))
    if facts.state != Clock.PUBLISHED:
        facts.clocks = facts.clocks if facts.state == Clock.PENDING else []
        return
    first_shown = min(filter(None, (facts.source_public_on, world.today)))
    if facts.due_on and first_shown > facts.due_on:
        facts.late_since = facts.due_on + timedelta(days=1)
        facts.delay_by = Delay.DEPARTMENT if world.today > facts.due_on else Delay.PORTAL
        facts.state = Clock.PUBLISHED_LATE


def _hidden_in_text(row: PenaltyRow, facts: Facts, world: World) -> str:
    """What keeps a text from being shown until a second person has read it: a personal number, or a person's name."""
    if row.n in world.with_numbers:
        return "identity_number_in_text"
    text = " ".join(str(value) for value in (facts.content_public or {}).values() if value)
    own = row.cf_xdr_mc if not row.is_natural_person else ""
    names = [row.cf_frdb, row.cf_xdr_mc if row.is_natural_person else None]
    if own:
        text = text.replace(own, "")
    return "person_name_in_text" if any(name and len(name) > 1 and name in text for name in names) else ""


def is_minor(born_on: date | None, on: date) -> bool:
    """Whether the person was under 18 on the day of the act. A number that tells no birth day gives no answer."""
    return born_on is not None and age_on(born_on, on) < ADULT


# ── against what is held already ─────────────────────────────────────────────────────────────────────────────────────


def _against_what_is_held(row: PenaltyRow, world: World, found: Judgement) -> None:
    """Collected once, shared fully (SHR-02). What was withdrawn, repaired or deleted does not come back (REP-22)."""
    held = found.held
    if held is not None and held.collecting_department_id != world.sender.pk:
        _fault(
            found, "already_held_by_other_sender", ("SHR-02",), "cf_wsh", _("Another department handed in this fact.")
        )
    elif row.op == "withdraw":
        if held is None:
            _fault(found, "nothing_to_correct", ("REC-08",), "cf_wsh", _("There is no such record to withdraw."))
        else:
            found.verdict = Verdict.UNCHANGED if held.state == Act.WITHDRAWN else Verdict.WITHDRAWN
    elif row.op == "correct":
        if held is None or held.state != Act.EFFECTIVE or is_same(held, found.facts):
            _fault(
                found, "nothing_to_correct", ("REC-08",), "cf_wsh", _("There is nothing to correct in such a record.")
            )
        elif held.is_stayed:  # the new version would be shown; a stay is lifted by who ordered it
            say = _("Its document is stayed; it is corrected when the stay is lifted.")
            _fault(found, "basis_not_effective", ("REC-01",), "cf_wsh", say)
        elif not found.faults and found.verdict != Verdict.HELD:
            found.verdict = Verdict.CORRECTED
    elif held is not None:
        if held.state != Act.EFFECTIVE:
            say = _("This fact was withdrawn or repaired; it does not come back on the same document.")
            _fault(found, "restored_on_same_facts", ("REC-08", "REP-22"), "cf_wsh", say)
        elif is_same(held, found.facts):
            found.verdict = Verdict.UNCHANGED
            found.holds.clear()  # said when it came in
        else:
            say = _("It differs from the record held; say op=correct and why.")
            _fault(found, "differs_from_record", ("SHR-02",), "cf_wsh", say)


def is_same(held: Held, facts: Facts | None) -> bool:
    """Whether a row says again what is held already, to the letter."""
    return facts is not None and (held.content, held.withheld, held.decided_on) == (
        facts.content, facts.withheld, facts.decided_on,
    )  # fmt: skip
