"""The correction of one fact at a desk: one officer proposes the row anew, another confirms it (docs/decisions/0017).

A proposal is a delivery of one row, sealed in quarantine; `IntakeBatch.fact` names what it corrects. It goes
through the same gate as any row, once when it is proposed and again, for good, when it is confirmed.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Agency, User
from accounts.permissions import Permission
from casework.audit import move, record
from casework.errors import Refused, WrongState
from casework.four_eyes import check_another_human, check_has_reason
from casework.privacy import open_box, seal
from casework.verbs import verb
from catalogs.states import PenaltyType
from records.formats import (
    FORMAT_VERSION,
    FORMATS,
    LICENCE_KINDS,
    LICENCE_STATES,
    LONG_TERM,
    ORGANISATION,
    OTHER_ACTS,
    PENALTY_TYPES,
    PHASES,
    SAYS,
    SENDER,
    Column,
    Row,
)
from records.models import AdministrativeAct, IntakeBatch, QuarantineRow, Record
from records.office_rules import acting_body, check_is_officer
from records.rules import OWN, item_code
from records.services.facts import hold_subject
from records.services.intake import Delivery, apply_chunk, finish, rules_in_force
from records.services.writing import new_id
from records.states import Act, ActKind, Batch, Verdict
from subjects.rules import check_no_own_relation

KEPT_DAYS = 30  # then what was proposed is erased, as all that waits in quarantine
TABLE, SORT = "records_quarantinerow", "correction"
FORMAT_OF = {ActKind.PENALTY: "penalties", ActKind.LICENCE: "licences"}
# What tells one fact from another is not corrected: a fact that is wrong in it is withdrawn and handed in anew.
IDENTITY = frozenset({"name", "counterpart", "unified_code", "number", "authority", "authority_code"})
NOT_EDITED = frozenset({"op", "reason", "catalogue_item", "exempt_basis", "act_kind"})


@dataclass(frozen=True)
class Difference:
    """One column in which a proposal differs from what stands."""

    column: Column
    old: str
    new: str


def format_of(act: AdministrativeAct) -> str:
    return FORMAT_OF.get(ActKind(act.kind), "other_acts")


def columns_of(act: AdministrativeAct) -> list[Column]:
    """The columns that a correction may change, in the order of the format."""
    kind, held = format_of(act), cells_of(act)
    fixed = {SAYS[kind][says] for says in IDENTITY} | NOT_EDITED
    return [column for column in (*FORMATS[kind], *SENDER) if column.name in held and column.name not in fixed]


def cells_of(act: AdministrativeAct) -> dict[str, str]:
    """The row that would bring this fact as it stands. A natural person's number is sealed, so theirs cannot be written."""
    kind = format_of(act)
    said = {
        "name": act.subject.name if act.subject else "", "counterpart": ORGANISATION,
        "unified_code": act.subject.unified_code if act.subject else "", "number": act.document.number,
        "decided_on": str(act.decided_on), "authority": act.determining_department.name,
        "authority_code": act.determining_department.unified_code, "title": act.document.title,
        "last_day": act.content.get("own_last_day"), "remarks": act.content.get("remarks"),
    }  # fmt: skip
    texts, columns = OWN[kind].texts, {column.name: column for column in FORMATS[kind]}
    cells = {SAYS[kind][says]: value for says, value in said.items() if says in SAYS[kind]}
    for name, told in texts.items():
        value = act.content.get(told)
        cells[name] = in_wan(Decimal(value)) if value and columns[name].type == "money_wan" else value
    cells |= _of_format(act) | {
        "catalogue_item": act.item.code, "phase": _written(PHASES, act.phase),
        "source_public_on": act.publication.source_public_on,
        "business_secret": ";".join(name for name, told in texts.items() if told in act.withheld),
    }  # fmt: skip
    if basis := act.publication.exempt_by:
        cells["exempt_basis"] = f"{basis.instrument.key}:{basis.article}"
    return {name: "" if value is None else str(value) for name, value in cells.items()}


def _of_format(act: AdministrativeAct) -> dict[str, Any]:
    """What a format writes in words of its own."""
    content = act.content
    if act.kind == ActKind.PENALTY:
        return {"cf_cflb": "；".join(_written(PENALTY_TYPES, PenaltyType(kind)) for kind in content["penalty_types"])}
    if act.kind == ActKind.LICENCE:
        return {
            "xk_xklb": _written(LICENCE_KINDS, content["licence_kind"]), "xk_zt": _written(LICENCE_STATES, content["state"]),
            "xk_yxqz": content["valid_from"], "xk_yxqzi": LONG_TERM if content["long_term"] else content["valid_to"],
        }  # fmt: skip
    return {"act_kind": _written(OTHER_ACTS, act.kind)}


def _written(words: dict[str, Any], meaning: Any) -> str:
    return next(word for word, meant in words.items() if meant == meaning)


def in_wan(yuan: Decimal) -> str:
    """An amount as the national format writes it, in 10,000 yuan."""
    return f"{(yuan / 10_000).normalize():f}"


def differences(act: AdministrativeAct, row: Row) -> list[Difference]:
    """Old and new, column by column, where they differ."""
    old = cells_of(act)
    new = {column.name: _text(column, row.values[column.name]) for column in columns_of(act)}
    return [
        Difference(column, old[column.name], new[column.name])
        for column in columns_of(act)
        if _folded(column, old[column.name]) != _folded(column, new[column.name])
    ]


def _text(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.type == "money_wan":
        return in_wan(value)
    return "；".join(value) if column.many else str(value)


def _folded(column: Column, text: str) -> Any:
    """Several values of one column in any order say the same."""
    return sorted(text.split("；")) if column.many else text


# --- Proposing and deciding -------------------------------------------------------------------------------------------


def check_can_correct(act: AdministrativeAct) -> None:
    if act.state != Act.EFFECTIVE:
        raise WrongState(_("%(act)s is “%(state)s”; only what is in effect is corrected.")
                         % {"act": act, "state": act.get_state_display()})  # fmt: skip
    if act.subject is None:
        raise Refused(
            _("A natural person's number is sealed; the department corrects such an act by a delivery of its own."),
            rule="identity_number_refused", rows=["RSP-10"],
        )  # fmt: skip
    if waiting := proposals(act).first():
        raise WrongState(_("A correction of this fact waits for a second person since %(day)s.")
                         % {"day": timezone.localdate(waiting.received_at)}, rule="already_proposed")  # fmt: skip


def waiting() -> QuerySet[IntakeBatch]:
    """Every correction that waits for its second officer."""
    return proposed_ever().filter(state=Batch.CHECKED)


def proposed_ever() -> QuerySet[IntakeBatch]:
    """Every proposal, whatever became of it."""
    return IntakeBatch.objects.exclude(fact="").select_related("agency", "desk_of")


def check_waits(batch: IntakeBatch) -> None:
    if batch.state != Batch.CHECKED:
        raise WrongState(_("This proposal is “%(state)s”.") % {"state": batch.get_state_display()}, rule="moved_on")


def proposals(act: AdministrativeAct) -> QuerySet[IntakeBatch]:
    """The correction of this fact that waits, if there is one."""
    return IntakeBatch.objects.filter(fact=act.public_id, state=Batch.CHECKED)


@verb
def propose_correction(act_id: int, *, row: Row, by: User, on: date) -> IntakeBatch:
    """Propose one corrected row (op=correct, with its reason). The gate judges it now; nothing is written to the fact."""
    act = _locked(act_id)
    acting_body(check_is_officer(by), Permission.CORRECT, of=act.collecting_department, on=on)
    check_has_reason(row.reason or "")
    check_can_correct(act)
    held, kind = cells_of(act), format_of(act)
    fixed = [SAYS[kind][says] for says in IDENTITY]
    if row.kind != kind or item_code(row) != held["catalogue_item"] or any(row.values[n] != held[n] for n in fixed):
        raise Refused(_("A correction tells of the same fact."), rule="nothing_to_correct", rows=["REC-08"])
    verdict = _judged(act, row, by=by, on=on, batch=None)
    batch = IntakeBatch.objects.create(
        public_id=new_id("bat"), kind=kind, agency=act.collecting_department, desk_of=by, fact=act.public_id,
        sha256=hashlib.sha256(_plain(row, act.version).encode()).hexdigest(), format_version=FORMAT_VERSION,
        state=Batch.CHECKING, rows_total=1,
    )  # fmt: skip
    batch.refresh_from_db()
    box = seal(_plain(row, act.version), table=TABLE, person=batch.uuid, kind=SORT)
    QuarantineRow.objects.create(
        batch=batch, n=1, box=box, verdict=verdict.verdict, warnings=verdict.warnings, is_corrected=True,
        erase_on=on + timedelta(days=KEPT_DAYS),
    )  # fmt: skip
    move(batch, Batch.CHECKED, event="batch.correction_proposed", by=by, rows_read=1)
    record(act, "act.correction_proposed", by=by, reason=row.reason, batch=batch.public_id)
    return batch


def proposed(batch: IntakeBatch) -> tuple[Row, int]:
    """The proposed row, opened, and the version of the fact that it was written against."""
    kept = batch.quarantine.get()
    if kept.box is None:
        raise WrongState(_("What was proposed has been erased."), rule="moved_on")
    told = json.loads(open_box(bytes(kept.box), table=TABLE, person=batch.uuid, kind=SORT))
    types = {column.name: column.type for column in (*FORMATS[batch.kind], *SENDER)}
    read: dict[str, Callable[[str], Any]] = {"date": date.fromisoformat, "money_wan": Decimal}
    values = {name: read[types[name]](v) if v and types[name] in read else v for name, v in told["values"].items()}
    return Row(1, batch.kind, values), told["version"]


def check_may_confirm(batch: IntakeBatch, *, by: User, on: date) -> None:
    acting_body(check_is_officer(by), Permission.DECIDE_BATCH, of=batch.agency, on=on)
    check_another_human(by, batch.desk_of.identity_id if batch.desk_of else None)


@verb
def confirm_correction(batch_id: int, *, by: User, on: date) -> AdministrativeAct:
    """A second human has read old and new: the corrected version stands, and shows, from now on (REC-08, SM-5)."""
    batch, act = _waiting(batch_id)
    check_may_confirm(batch, by=by, on=on)
    check_no_own_relation(by, act.subject, on=on)
    row, version = proposed(batch)
    if act.version != version:
        raise WrongState(_("The fact has changed since; propose the correction anew."), rule="moved_on")
    move(batch, Batch.APPLYING, event="batch.correction_confirmed", by=by)
    verdict = _judged(act, row, by=by, on=on, batch=batch)
    finish(batch, Counter([verdict.verdict]), by=by)
    _empty(batch, on)
    made = AdministrativeAct.objects.get(public_id=act.public_id, state=Act.EFFECTIVE)
    made.prepared_by = batch.desk_of  # who wrote it may not clear its text, nor review its record; who confirmed may
    made.save(update_fields=["prepared_by"])
    Record.objects.filter(act=made).update(prepared_by=batch.desk_of)
    return made


@verb
def reject_correction(batch_id: int, *, by: User, on: date, reason: str) -> IntakeBatch:
    """The fact stays as it is. Its author may give a proposal up, too."""
    batch, act = _waiting(batch_id)
    check_has_reason(reason)
    if batch.desk_of_id != by.pk:
        check_may_confirm(batch, by=by, on=on)
    move(batch, Batch.ABANDONED, event="batch.correction_rejected", by=by, reason=reason)
    record(act, "act.correction_rejected", by=by, reason=reason, batch=batch.public_id)
    _empty(batch, on)
    return batch


def _locked(act_id: int) -> AdministrativeAct:
    hold_subject(AdministrativeAct.objects.values_list("subject_id", flat=True).get(pk=act_id))
    return (
        AdministrativeAct.objects.select_for_update(of=("self",), no_key=True)
        .select_related(
            "subject", "document", "item", "determining_department", "collecting_department",
            "publication__exempt_by__instrument",
        )
        .get(pk=act_id)
    )  # fmt: skip


def _waiting(batch_id: int) -> tuple[IntakeBatch, AdministrativeAct]:
    """The proposal and the fact it is about, locked."""
    fact = IntakeBatch.objects.values_list("fact", flat=True).get(pk=batch_id)
    act = _locked(AdministrativeAct.objects.filter(public_id=fact).latest("version").pk)
    batch = IntakeBatch.objects.select_for_update(of=("self",)).select_related("agency", "desk_of").get(pk=batch_id)
    check_waits(batch)
    return batch, act


def _judged(act: AdministrativeAct, row: Row, *, by: User, on: date, batch: IntakeBatch | None) -> Any:
    """Send the row through the gate, for good or as a dry run. Refused rows refuse the act with the gate's own sentence."""
    agency: Agency = act.collecting_department
    delivery = Delivery(batch, batch is None, row.kind, "", timezone.now(), [])
    (verdict,) = apply_chunk([row], rules_in_force(agency, on), delivery, by)
    if verdict.verdict not in {Verdict.CORRECTED, Verdict.HELD}:
        first = verdict.as_verdict()["refusals"]
        say = " ".join(refusal["message"] for refusal in first) or _("There is nothing to correct in such a record.")
        rule, rows = (first[0]["rule"], first[0]["rows"]) if first else ("nothing_to_correct", ["REC-08"])
        raise Refused(say, rule=rule, rows=rows, field=first[0]["field"] if first else None, data_class=row.kind)
    return verdict


def _plain(row: Row, version: int) -> str:
    return json.dumps({"version": version, "values": row.values}, ensure_ascii=False, default=str)


def _empty(batch: IntakeBatch, on: date) -> None:
    """What was proposed stands now, or never will: the sealed row goes."""
    QuarantineRow.objects.filter(batch=batch, emptied_on=None).update(box=None, emptied_on=on)
