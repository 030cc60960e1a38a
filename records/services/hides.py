"""Taking off at once: one fact, one field of a fact, or everything of one sender; a second human decides afterwards.

The views of `disclosed` ask the table of hides at the moment of reading, so an order holds on every public surface as soon
as its transaction ends. What favours the subject never waits for a second person; what puts back, or makes it last, does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Agency, User
from accounts.permissions import Permission
from casework.actors import SYSTEM, Actor
from casework.audit import move, record
from casework.calendar import UnknownYear, calendar
from casework.clocks import due
from casework.errors import NotAllowed, Refused
from casework.four_eyes import check_another_human, check_has_reason
from casework.locks import hold
from casework.terms import Term, TermKind, Unit
from casework.verbs import verb
from records import rules
from records.models import AdministrativeAct, Hide
from records.office_rules import (
    acting_body,
    check_can_hide,
    check_is_not_hidden,
    check_is_officer,
    check_is_upheld,
    check_waits,
)
from records.services.facts import withdraw_in_transaction
from records.states import HIDDEN, NEVER_LAPSES, Act, HideState, HideWhat
from subjects.models import Subject
from subjects.rules import check_no_own_relation

# A second human decides within it. No law gives the number; it is short because it weighs on what the public may know.
TERM = Term(1, Unit.WORKING_DAY, False, "本门户规则：隐藏后一个工作日内由第二人决定", TermKind.CONFIGURED)
MOST_COUNTED = 1_000
MOST_LISTED = 50
OF_FACT = "SELECT act_id FROM disclosed.shown WHERE public_id = %s"
OF_SENDER = """
  SELECT w.act_id FROM disclosed.shown w JOIN records_administrativeact a ON a.id = w.act_id
  WHERE a.collecting_department_id = %s LIMIT %s"""


@dataclass(frozen=True)
class Covered:
    """What a hide takes off: how many facts on show (at most `MOST_COUNTED`, then `is_capped`), and the first of them."""

    count: int
    is_capped: bool
    facts: list[AdministrativeAct]


def covered(what: str, *, fact: str = "", sender: Agency | None = None) -> Covered:
    """The facts on show that a hide would touch, asked of the same view that every public page asks."""
    with connection.cursor() as cursor:
        if what == HideWhat.SENDER:
            cursor.execute(OF_SENDER, [sender.pk if sender else None, MOST_COUNTED + 1])
        else:
            cursor.execute(OF_FACT, [fact])
        keys = [key for (key,) in cursor.fetchall()]
    listed = AdministrativeAct.objects.filter(pk__in=keys[:MOST_COUNTED]).select_related("subject", "document")
    return Covered(
        min(len(keys), MOST_COUNTED),
        len(keys) > MOST_COUNTED,
        list(listed.order_by("-decided_on", "-pk")[:MOST_LISTED]),
    )


def fact_in_effect(public_id: str) -> AdministrativeAct:
    """The version of a fact that stands."""
    found = (
        AdministrativeAct.objects.select_related("subject", "collecting_department", "determining_department")
        .filter(public_id=public_id, state=Act.EFFECTIVE)
        .first()
    )
    if found is None:
        raise Refused(_("There is no such fact in effect; nothing of it shows."), rule="nothing_to_hide", field="fact")
    return found


def body_that_hides(by: Actor, *, of: list[Agency], on: date) -> Agency:
    """The body for which an officer may hide: it handed the fact in or determined it, or stands above (ORG-02)."""
    refused: NotAllowed | None = None
    for agency in of:
        try:
            body = acting_body(check_is_officer(by), Permission.HIDE, of=agency, on=on)
        except NotAllowed as refusal:
            refused = refused or refusal
        else:
            assert body is not None  # an officer acts for a body
            return body
    raise refused or NotAllowed(_("You act for another body."), rule="not_allowed")


def check_can_order(
    what: str, *, by: Actor, on: date, fact: str = "", field: str = "", sender: Agency | None = None
) -> tuple[Agency, AdministrativeAct | None]:
    """Whether this can be hidden by this officer now: the body for which he acts, and the version that stands."""
    if what == HideWhat.SENDER:
        if sender is None:
            raise Refused(_("Name whose facts are hidden."), rule="value_missing", field="sender")
        act, bodies = None, [sender]
    else:
        act = fact_in_effect(fact)
        bodies = [act.collecting_department, act.determining_department]
    body = body_that_hides(by, of=bodies, on=on)
    check_is_not_hidden(live_hides(what, fact=fact, field=field, sender=sender).first())
    return body, act


@verb
def order_hide(
    what: str,
    *,
    ground: str,
    reason: str,
    by: User,
    on: date,
    fact: str = "",
    field: str = "",
    sender: Agency | None = None,
) -> Hide:
    """Take it off every public surface at once (SHR-06). A second human upholds or undoes it within one working day."""
    check_has_reason(reason)
    field = field if what == HideWhat.FIELD else ""
    hold(Subject.objects.filter(pk__in=AdministrativeAct.objects.filter(public_id=fact).values("subject_id")))
    AdministrativeAct.objects.select_for_update(of=("self",), no_key=True).filter(public_id=fact).order_by("pk").last()
    if sender is not None:
        Agency.objects.select_for_update(of=("self",), no_key=True).get(pk=sender.pk)
    body, act = check_can_order(what, fact=fact, field=field, sender=sender, by=by, on=on)
    check_can_hide(what, content=fields_of(act) if act else {}, field=field, ground=ground)
    made = Hide(
        what=what, fact=fact if act else "", field=field, sender=None if act else sender, subject=act.subject if act else None,
        agency=body, ground=ground, reason=reason, ordered_by=by, starts_on=on,
    )  # fmt: skip
    made.due_on = last_day(on)
    made.save(force_insert=True)
    made.refresh_from_db()
    record(made, "hide.ordered", by=by, after=made.state, reason=reason, what=what, fact=made.fact, field=field,
           ground=ground, due_on=made.due_on)  # fmt: skip
    return made


def fields_of(act: AdministrativeAct) -> dict[str, Any]:
    """The fields of a fact that show, or will: what of it can be hidden."""
    shown = act.content_public or rules.public_part(act.content, act.withheld)
    return {name: value for name, value in shown.items() if value not in (None, "", [])}


def live_hides(what: str, *, fact: str = "", field: str = "", sender: Agency | None = None) -> Any:
    wanted = {"sender": sender} if what == HideWhat.SENDER else {"fact": fact, "field": field}
    return Hide.objects.filter(what=what, state__in=HIDDEN, **wanted)


def check_may_decide(hide: Hide, *, by: Actor, on: date) -> None:
    """A second human of the same body or one above it."""
    acting_body(check_is_officer(by), Permission.DECIDE_HIDE, of=hide.agency, on=on)
    check_another_human(by, hide.ordered_by_identity_id)
    check_no_own_relation(by, hide.subject, on=on)


@verb
def uphold(hide_id: int, *, by: User, on: date, reason: str = "") -> Hide:
    """It stays hidden until somebody releases it."""
    return _decide(hide_id, HideState.UPHELD, check_waits, event="hide.upheld", by=by, on=on, reason=reason)


@verb
def undo(hide_id: int, *, by: User, on: date, reason: str) -> Hide:
    """It was hidden without need: it shows again at once."""
    check_has_reason(reason)
    return _decide(hide_id, HideState.UNDONE, check_waits, event="hide.undone", by=by, on=on, reason=reason)


@verb
def release(hide_id: int, *, by: User, on: date, reason: str) -> Hide:
    """The ground of an upheld hide has gone: it shows again. Never by whoever ordered it."""
    check_has_reason(reason)
    return _decide(hide_id, HideState.RELEASED, check_is_upheld, event="hide.released", by=by, on=on, reason=reason)


@verb
def withdraw_hidden(hide_id: int, *, by: User, on: date, reason: str) -> Hide:
    """The second human finds a hidden fact wrong: it is withdrawn for good, and the hide, which has nothing left to cover,
    is released in the same transaction (REC-08; docs/decisions/0017)."""
    check_has_reason(reason)
    hide = _decide(hide_id, HideState.UPHELD, check_waits, event="hide.upheld", by=by, on=on, reason=reason)
    if hide.what != HideWhat.FACT:
        raise Refused(_("Only a whole fact is withdrawn; a field is corrected."), rule="value_not_in_list")
    withdraw_in_transaction(fact_in_effect(hide.fact).pk, by=by, reason=reason)
    move(hide, HideState.RELEASED, event="hide.released", by=by, reason=reason)
    return hide


@verb
def lapse(hide_id: int, *, on: date) -> Hide:
    """Nobody decided in time. Personal data and secrets stay hidden and are marked late, for the superior body to see; any
    other hide ends, for one person alone keeps nothing from the public."""
    hide = _locked(hide_id)
    if hide.state != HideState.ORDERED or not hide.is_late(on) or hide.late_since is not None or hide.due_on is None:
        return hide
    if hide.ground not in NEVER_LAPSES:
        move(hide, HideState.LAPSED, event="hide.lapsed", by=SYSTEM)
        return hide
    hide.late_since = hide.due_on + timedelta(days=1)
    hide.save(update_fields=["late_since"])
    record(hide, "hide.late", by=SYSTEM, late_since=hide.late_since)
    return hide


@verb
def recount(hide_id: int) -> Hide:
    """Compute a last day that could not be counted, once its year is announced (PUB-10)."""
    hide = _locked(hide_id)
    if hide.due_on is None:
        hide.due_on = due(hide, TERM)
        hide.save(update_fields=["due_on"])
        record(hide, "hide.counted", by=SYSTEM, due_on=hide.due_on)
    return hide


def _decide(
    hide_id: int, to: HideState, check: Callable[[Hide], None], *, event: str, by: User, on: date, reason: str
) -> Hide:
    hide = _locked(hide_id)
    check(hide)
    check_may_decide(hide, by=by, on=on)
    move(hide, to, event=event, by=by, reason=reason, decided_by=by, decided_at=timezone.now(), decision_reason=reason)
    return hide


def _locked(hide_id: int) -> Hide:
    """The hide, the subject of its fact locked first."""
    subject_id = Hide.objects.values_list("subject_id", flat=True).get(pk=hide_id)
    hold(Subject.objects.filter(pk__in=[subject_id] if subject_id else []))
    return Hide.objects.select_for_update(of=("self",), no_key=True).select_related("subject", "agency").get(pk=hide_id)


def last_day(on: date) -> date | None:
    """Until when a hide of this day is decided; empty while the year of that day is not announced: then nothing lapses, and
    nothing is late (PUB-10)."""
    try:
        return calendar().due(on, TERM)
    except UnknownYear:
        return None
