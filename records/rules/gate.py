"""The gate: whether a row may be recorded, by the rules in force on the day of the act.

`judge` is a pure function: a row, what the chunk's world holds, and a verdict with every failing rule. Nothing is read
or written here, and the same answer stands for a dry run and a real one, for a file, a key and a form. What the kinds of
act have in common stands here; what a format has of its own is named in OWN and written in its own file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from casework.calendar import UnknownYear
from casework.errors import Refused
from casework.privacy import age_on
from casework.terms import PUBLICATION
from catalogs.models import CatalogueItem, Provision
from catalogs.rules import is_switched_on
from records.formats import OTHER_ACTS, PHASES, Fault, Row, said
from records.rules import licences, penalties
from records.rules.checks import determiner_of
from records.rules.world import Facts, Held, Judgement, World
from records.states import Act, ActKind, Clock, Delay, DocumentType, Phase, Verdict
from subjects.codes import check_code, sentence
from subjects.keys import normalise

ADULT = 18
NOT_PUBLIC = ("remarks", "own_last_day")
HOLDS = {
    "identity_number_in_text": lambda: _("A personal number was found in a text; a second officer reads it first."),
    "person_name_in_text": lambda: _("A person's name was found in a text; a second officer reads it first."),
}


@dataclass(frozen=True)
class OfKind:
    """What holds for every act of one kind where the row says nothing else: its catalogue item, its phase (SUB-08), the title
    and the type of its document."""

    item: str
    phase: Phase
    title: str
    document: DocumentType = DocumentType.OTHER_ACT


KINDS: Mapping[ActKind, OfKind] = {
    ActKind.LICENCE: OfKind("NC-03-01", Phase.BEFORE, "行政许可决定书"),
    ActKind.PENALTY: OfKind("NC-03-02", Phase.AFTER, "行政处罚决定书", DocumentType.PENALTY),
    ActKind.COMPULSION: OfKind("NC-03-03", Phase.DURING, "行政强制决定书"),
    ActKind.CONFIRMATION: OfKind("NC-03-04", Phase.BEFORE, "行政确认决定书"),
    ActKind.LEVY: OfKind("NC-03-05", Phase.DURING, "行政征收决定书"),
    ActKind.PAYMENT: OfKind("NC-03-06", Phase.DURING, "行政给付决定书"),
    ActKind.ADJUDICATION: OfKind("NC-03-07", Phase.AFTER, "行政裁决书", DocumentType.ADJUDICATION),
    ActKind.COMPENSATION: OfKind("NC-03-08", Phase.AFTER, "行政补偿决定书"),
    ActKind.REWARD: OfKind("NC-03-09", Phase.AFTER, "行政奖励决定书"),
    ActKind.INSPECTION: OfKind("NC-03-10", Phase.DURING, "行政检查结果"),
}


def nothing_more(*_asked: Any) -> None:
    """A format of which nothing more is asked."""


@dataclass(frozen=True)
class Own:
    """What a format has of its own: its texts (column → name in the content), which may hold a business secret, its content,
    its checks, and what settles class and last day."""

    texts: Mapping[str, str]
    content: Callable[[Row], dict[str, Any]]
    check: Callable[[Row, Judgement], None] = nothing_more
    settle: Callable[[Row, Facts, World, Judgement], None] = nothing_more


OWN: Mapping[str, Own] = {
    "penalties": Own(penalties.TEXTS, penalties.content, penalties.check, penalties.settle),
    "licences": Own(licences.TEXTS, licences.content, licences.check),
    "other_acts": Own(licences.OTHER_TEXTS, licences.other_content),
}
KIND_OF = {"penalties": ActKind.PENALTY, "licences": ActKind.LICENCE}


def kind_of(row: Row) -> ActKind | None:
    """Which kind of act a row tells of; None if it does not say."""
    return KIND_OF.get(row.kind) or OTHER_ACTS.get(row.act_kind)


def item_code(row: Row) -> str:
    """The code of the catalogue item that a row relies on; empty if neither it nor its kind names one."""
    kind = kind_of(row)
    return str(row.catalogue_item or (KINDS[kind].item if kind else ""))


def judge(row: Row, world: World) -> Judgement:
    """Judge one row. All failing rules are given, not only the first."""
    found = Judgement(row, Verdict.REFUSED, list(row.faults))
    kind = kind_of(row)
    authority = _authority(row, world, found)
    counterpart = _counterpart(row, world, found)
    _dates(row, world, found)
    OWN[row.kind].check(row, found)
    # A withdrawal only names its fact; what the catalogue says today is no matter to it.
    withdraws = row.op == "withdraw"
    item = _item(row, kind, authority, world, found) if kind and authority and not withdraws else None
    exempt_by = _exemption(row, world, found)
    secret = _secrets(row, found)
    if row.op != "add" and not row.reason:
        found.fault("reason_missing", ("REC-08",), "reason", _("A correction or withdrawal needs a reason."))
    if kind and authority and counterpart and row.number and (item or withdraws):
        found.key = (authority.pk, row.number, counterpart, item.code if item else item_code(row))
        found.held = world.held.get(found.key)
        if found.key in world.seen and not found.faults:
            found.verdict = Verdict.DUPLICATE
            return found
        if item and row.decided_on and not found.faults:
            found.facts = _facts(row, kind, authority, item, secret, exempt_by, world, found)
        _against_what_is_held(row, world, found)
    if found.faults:
        found.facts = None
        found.verdict = Verdict.REFUSED
    return found


# ── who decided, about whom ──────────────────────────────────────────────────────────────────────────────────────────


def _authority(row: Row, world: World, found: Judgement) -> Agency | None:
    """The determining department: an organ that may determine, in being on the day, the sender's own or below it (REC-06)."""
    if not row.authority_code:
        return None
    check = check_code(row.authority_code)
    if not check.is_valid:
        found.fault(
            "code_malformed", ("SUB-02",), row.column("authority_code"), sentence(check), code_check=check.to_dict()
        )
        return None
    authority = world.agencies.get(row.authority_code)
    if authority is None or not authority.may_determine or (row.decided_on and not authority.exists_on(row.decided_on)):
        say = _("This body is not registered as one that may determine conduct on that day.")
        found.fault("body_not_authorised", ("REC-06",), row.column("authority_code"), say)
        return None
    if row.authority and normalise(row.authority) != normalise(authority.name):
        say = said(_("The authority's code belongs to %(name)s."), {"name": authority.name})
        found.fault("basis_mismatch", ("REC-04",), row.column("authority"), say)
    above: Agency | None = authority
    while above is not None and above.pk != world.sender.pk:
        above = world.agencies.get(above.superior.unified_code) if above.superior else None
    if above is None:
        say = said(
            _("%(sender)s may hand in its own decisions and those of bodies below it."), {"sender": world.sender.name}
        )
        found.fault("authority_not_sender", ("REC-06",), row.column("authority_code"), say)
    return authority


def _counterpart(row: Row, world: World, found: Judgement) -> str | None:
    """The counterpart, as part of the natural key; a subject must stand in the register under this name (SUB-01, REC-04)."""
    if row.counterpart is None:
        return None
    if row.is_natural_person:
        if not row.person_number:
            say = _("A natural person is told from others by the number of an identity document.")
            found.fault("value_missing", ("SUB-11",), row.column("person_number"), say)
            return None
        found.person = world.persons[row.person_number]
        return f"person {found.person.key}"
    if not row.unified_code:
        if any(fault.field == row.column("unified_code") for fault in row.faults):
            return None  # something stood there, and why it cannot stand is said already
        found.fault(
            "value_missing", ("SUB-02",), row.column("unified_code"), _("The unified social credit code is missing.")
        )
        return None
    check = check_code(row.unified_code)
    if not check.is_valid:
        found.fault(
            "code_malformed", ("SUB-02",), row.column("unified_code"), sentence(check), code_check=check.to_dict()
        )
        return None
    found.subject = world.subjects.get(row.unified_code)
    if found.subject is None:
        say = said(_("The register holds no subject with the code %(code)s."), {"code": row.unified_code})
        found.fault("subject_not_in_register", ("SUB-01",), row.column("unified_code"), say)
        return None
    if row.name and normalise(row.name) not in found.subject.names:
        say = said(_("The register holds this code under the name %(name)s."), {"name": found.subject.name})
        found.fault("subject_name_mismatch", ("REC-04",), row.column("name"), say)
    return f"subject {found.subject.id}"


# ── dates ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _dates(row: Row, world: World, found: Judgement) -> None:
    decided = row.decided_on
    if decided and decided > world.today:
        say = said(
            _("The decision is dated %(day)s, after today; a record follows its determination."), {"day": decided}
        )
        found.fault("decided_after_recorded", ("REC-05",), row.column("decided_on"), say)
    if row.source_public_on and row.source_public_on > world.today:
        say = said(_("%(day)s lies in the future."), {"day": row.source_public_on})
        found.fault("date_in_future", ("REC-18",), "source_public_on", say)
    for column in (row.column("last_day"), "source_public_on"):
        if decided and (later := row.values[column]) and later < decided:
            say = said(_("%(later)s lies before the day of the decision, %(day)s."), {"later": later, "day": decided})
            found.fault("validity_order", ("REC-18",), column, say)


# ── the rules in force ───────────────────────────────────────────────────────────────────────────────────────────────


def _item(row: Row, kind: ActKind, authority: Agency, world: World, found: Judgement) -> CatalogueItem | None:
    """The catalogue item in force on the day of the decision (CAT-01, CAT-04, CAT-15, CAT-16)."""
    if not row.decided_on:
        return None
    code = item_code(row)
    try:
        item = world.catalogue.item(code, on=row.decided_on, region=authority.region_id, history=world.is_history)
    except Refused as refused:
        found.fault(refused.rule, refused.rows, "catalogue_item", _named(refused, code, row.decided_on))
        return None
    if item.kind != kind:
        say = said(_("Catalogue item %(code)s does not cover: %(kind)s."), {"code": code, "kind": kind.label})
        found.fault("outside_catalogue", ("CAT-01", "CAT-17"), "catalogue_item", say)
        return None
    if item.adverse and kind != ActKind.PENALTY:
        say = said(_("Catalogue item %(code)s covers untrustworthy conduct; %(kind)s is none."),
                   {"code": code, "kind": kind.label})  # fmt: skip
        found.fault("outside_catalogue", ("CAT-01", "CAT-17"), "catalogue_item", say)
    if KINDS[kind].document not in item.basis_types:
        say = said(_("Catalogue item %(code)s does not rest on such a document."), {"code": code})
        found.fault("basis_type_not_allowed", ("REC-02",), "catalogue_item", say)
    if not is_switched_on(world.switches, kind, region=authority.region_id, on=row.decided_on):
        say = said(
            _(
                "Acts of the kind “%(kind)s” are not taken in from %(region)s: they were not switched on there on %(day)s."
            ),
            {"kind": kind.label, "region": authority.region, "day": row.decided_on},
        )
        found.fault("act_kind_switched_off", ("PUB-05",), "catalogue_item", say)
    if determiner_of(authority) not in item.determined_by:
        say = said(_("%(name)s has no power for catalogue item %(code)s."), {"name": authority.name, "code": code})
        found.fault("no_power_for_item", ("CAT-15",), row.column("authority_code"), say)
    if any(a.name == item.collecting_department for a in world.agencies.values()) and (
        item.collecting_department != world.sender.name
    ):
        say = said(
            _("Catalogue item %(code)s is collected by %(name)s."), {"code": code, "name": item.collecting_department}
        )
        found.fault("not_collecting_department", ("CAT-14", "SHR-02"), "catalogue_item", say)
    if row.is_natural_person and not item.personal_information:
        say = said(_("Catalogue item %(code)s covers no personal information."), {"code": code})
        found.fault("personal_field_not_in_catalogue", ("CAT-16", "SEC-10"), row.column("counterpart"), say)
    return item


def _named(refused: Refused, code: str, on: date) -> Any:
    """The refusal of the catalogue, naming item and day."""
    if refused.rule == "catalogue_item_not_in_force":
        return said(_("Catalogue item %(code)s was not in force on %(day)s."), {"code": code, "day": on})
    if refused.rule == "outside_catalogue":
        return said(_("The catalogue has no item %(code)s."), {"code": code})
    return format_lazy("{}: {}", code, refused.message)


def _exemption(row: Row, world: World, found: Judgement) -> Provision | None:
    """Only a law or an administrative regulation exempts from publication, and it must be cited (PUB-06)."""
    if not row.exempt_basis:
        return None
    provision = world.exempting.get(row.exempt_basis)
    if provision is None or (row.decided_on and not provision.is_in_force(row.decided_on)):
        say = _(
            "An exemption cites a provision of a law or administrative regulation in the library, in force that day."
        )
        found.fault("exemption_without_citation", ("PUB-06",), "exempt_basis", say)
    return provision


def _secrets(row: Row, found: Judgement) -> list[str]:
    """The fields that the sender marks as business secret (SHR-05, SEC-16)."""
    names = [name.strip() for name in (row.business_secret or "").replace("；", ";").split(";") if name.strip()]
    texts = OWN[row.kind].texts
    for name in names:
        if name not in texts:
            say = said(_("“%(name)s” is no column that could be kept back as a business secret."), {"name": name[:32]})
            found.fault("value_not_in_list", ("SEC-16",), "business_secret", say)
    return [texts[name] for name in names if name in texts]


# ── what the row becomes ─────────────────────────────────────────────────────────────────────────────────────────────


def content_of(row: Row) -> dict[str, Any]:
    """The content of an act as handed in, under the names of the contract; remarks and the department's own last day beside."""
    own_last_day = str(row.last_day) if row.last_day else None
    return OWN[row.kind].content(row) | {"remarks": row.remarks, "own_last_day": own_last_day}


def public_part(content: dict[str, Any], secret: list[str]) -> dict[str, Any]:
    """The content without what is never shown and without business secrets."""
    return {name: None if name in secret else value for name, value in content.items() if name not in NOT_PUBLIC}


def _facts(
    row: Row, kind: ActKind, authority: Agency, item: CatalogueItem, secret: list[str], exempt_by: Provision | None,
    world: World, found: Judgement,
) -> Facts:  # fmt: skip
    content, of_kind = content_of(row), KINDS[kind]
    held_phase = found.held.phase if found.held else of_kind.phase
    is_clocked = authority.is_clocked and not world.is_history
    facts = Facts(
        kind=kind, document_type=of_kind.document, title=row.title or of_kind.title,
        phase=PHASES[row.phase] if row.phase else Phase(held_phase), authority=authority, item=item,
        decided_on=row.decided_on, content=content, content_public=public_part(content, secret), withheld=sorted(secret),
        adverse=item.adverse and not row.is_natural_person, starts_on=row.decided_on if is_clocked else None,
        due_on=None, public_until=row.last_day, clocks=[], state=Clock.PUBLISHED, exempt_by=exempt_by,
        source_public_on=row.source_public_on,
    )  # fmt: skip
    OWN[row.kind].settle(row, facts, world, found)
    _due(facts, world, found)
    _what_publishes(row, facts, world, found)
    return facts


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


def _what_publishes(row: Row, facts: Facts, world: World, found: Judgement) -> None:
    """Mask, secrets and numbers are checked; what may be public is public in this transaction (design part 6)."""
    found.verdict = Verdict.ACCEPTED
    if found.person and is_minor(found.person.born_on, facts.decided_on):
        facts.state, facts.closed_reason, facts.hold = Clock.NOT_DISCLOSABLE, "minor", "minor"
        facts.content_public = None
        found.verdict = Verdict.HELD
        say = _("The person was under 18 on the day of the act; a second officer reviews, and it is never shown.")
        found.holds.append(Fault("tolerance_review_needed", ("REC-09",), row.column("person_number"), say))
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
    before = found.held.first_public if found.held else None  # a correction takes no punctuality away
    first_shown = min(filter(None, (facts.source_public_on, before, world.today)))
    if facts.due_on and first_shown > facts.due_on:
        facts.late_since = facts.due_on + timedelta(days=1)
        facts.delay_by = Delay.DEPARTMENT if world.today > facts.due_on else Delay.PORTAL
        facts.state = Clock.PUBLISHED_LATE


def _hidden_in_text(row: Row, facts: Facts, world: World) -> str:
    """What keeps a text from being shown until a second person has read it: a personal number, or a person's name."""
    if row.n in world.with_numbers:
        return "identity_number_in_text"
    text = " ".join(str(value) for value in (facts.content_public or {}).values() if value)
    own = row.name if not row.is_natural_person else ""
    names = [row.representative, row.name if row.is_natural_person else None]
    if own:
        text = text.replace(own, "")
    return "person_name_in_text" if any(name and len(name) > 1 and name in text for name in names) else ""


def is_minor(born_on: date | None, on: date) -> bool:
    """Whether the person was under 18 on the day of the act. A number that tells no birth day gives no answer."""
    return born_on is not None and age_on(born_on, on) < ADULT


# ── against what is held already ─────────────────────────────────────────────────────────────────────────────────────


def _against_what_is_held(row: Row, world: World, found: Judgement) -> None:
    """Collected once, shared fully (SHR-02). What was withdrawn, repaired or deleted does not come back (REP-22)."""
    held = found.held
    if held is not None and held.collecting_department_id != world.sender.pk:
        found.fault(
            "already_held_by_other_sender",
            ("SHR-02",),
            row.column("number"),
            _("Another department handed in this fact."),
        )
    elif row.op == "withdraw":
        if held is None:
            found.fault(
                "nothing_to_correct", ("REC-08",), row.column("number"), _("There is no such record to withdraw.")
            )
        else:
            found.verdict = Verdict.UNCHANGED if held.state == Act.WITHDRAWN else Verdict.WITHDRAWN
    elif row.op == "correct":
        if held is None or held.state != Act.EFFECTIVE or is_same(held, found.facts):
            found.fault(
                "nothing_to_correct",
                ("REC-08",),
                row.column("number"),
                _("There is nothing to correct in such a record."),
            )
        elif held.is_stayed:  # the new version would be shown; a stay is lifted by who ordered it
            say = _("Its document is stayed; it is corrected when the stay is lifted.")
            found.fault("basis_not_effective", ("REC-01",), row.column("number"), say)
        elif not found.faults and found.verdict != Verdict.HELD:
            found.verdict = Verdict.CORRECTED
    elif held is not None:
        if held.state != Act.EFFECTIVE:
            say = _("This fact was withdrawn or repaired; it does not come back on the same document.")
            found.fault("restored_on_same_facts", ("REC-08", "REP-22"), row.column("number"), say)
        elif is_same(held, found.facts):
            found.verdict = Verdict.UNCHANGED
            found.holds.clear()  # said when it came in
        else:
            say = _("It differs from the record held; say op=correct and why.")
            found.fault("differs_from_record", ("SHR-02",), row.column("number"), say)


def is_same(held: Held, facts: Facts | None) -> bool:
    """Whether a row says again what is held already, to the letter."""
    return facts is not None and (held.content, held.withheld, held.decided_on, held.phase) == (
        facts.content, facts.withheld, facts.decided_on, facts.phase,
    )  # fmt: skip
