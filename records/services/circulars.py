"""Circulars: a letter of the lead unit to a department whose publications come late, and the department's answer.

The figures it rests on are frozen in it (STA-04; 2016-33(23): 通报和督促整改). It is internal: whoever wants the public to see
figures publishes statistics, never a letter.
"""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Agency, User
from accounts.permissions import ROLES, Permission
from accounts.rules import agencies_in_reach
from casework.audit import move, record
from casework.errors import NotAllowed, Refused, WrongState
from casework.locks import hold
from casework.verbs import verb
from records.figures import Figures, Period, of_agency
from records.models import Circular
from records.states import CircularState


def bodies_of(user: User, permission: Permission, *, on: date) -> list[int]:
    """The bodies in which a posting of this day allows it, by their keys, the officer's own first."""
    postings = user.postings_on(on).order_by("pk")
    return [posting.agency_id for posting in postings if permission in ROLES[posting.role]]


def check_may_issue(by: User, agency: Agency, *, on: date) -> None:
    """A coordinator writes to the bodies of his region."""
    by.check_may(Permission.ISSUE_CIRCULAR, on=on)
    if not agencies_in_reach(by, on).filter(pk=agency.pk).exists():
        raise NotAllowed(_("This body lies outside your region."), rule="not_allowed", rows=["SEC-18"])


def check_can_issue(agency: Agency, period: Period, figures: Figures, *, on: date) -> None:
    """There is something late to write about, the period has begun, and no letter about it waits for an answer."""
    if period.first > on:
        raise Refused(_("This period has not begun."), rule="date_in_future", field="period")
    if not figures.late + figures.overdue:
        raise Refused(
            _("In this period nothing of %(name)s was late; there is nothing to write about.") % {"name": agency},
            rule="nothing_late", rows=["STA-04"],
        )  # fmt: skip
    waiting = Circular.objects.filter(agency=agency, period_from=period.first, period_to=period.last)
    if waiting.filter(state=CircularState.ISSUED).exists():
        raise WrongState(_("A circular about this period waits for its answer already."), rule="circular_waits")


def check_letter(text: str, answer_by: date, *, on: date) -> None:
    if not text.strip():
        raise Refused(_("A circular says something."), rule="reason_missing", field="text")
    if answer_by <= on:
        raise Refused(_("The last day to answer lies after today."), rule="dates_out_of_order", field="answer_by")


def check_may_answer(by: User, circular: Circular, *, on: date) -> None:
    """A reviewer of the body to which it was written."""
    by.check_may(Permission.ANSWER_CIRCULAR, on=on)
    if circular.agency_id not in bodies_of(by, Permission.ANSWER_CIRCULAR, on=on):
        raise NotAllowed(
            _("This circular was written to another body; a reviewer of %(name)s answers it.") % {"name": circular.agency},
            rule="not_allowed", rows=["SEC-18"],
        )  # fmt: skip


def check_waits(circular: Circular) -> None:
    if circular.state != CircularState.ISSUED:
        raise WrongState(_("This circular was answered on %(day)s.") % {"day": circular.answered_on})


@verb
def issue_circular(agency_id: int, *, period: Period, text: str, answer_by: date, by: User, on: date) -> Circular:
    """Write to a department about its timeliness in a period. The figures of this moment stay in the letter."""
    hold(Agency.objects.filter(pk=agency_id))
    agency = Agency.objects.get(pk=agency_id)
    check_may_issue(by, agency, on=on)
    check_letter(text, answer_by, on=on)
    figures = of_agency(agency, period, on=on)
    check_can_issue(agency, period, figures, on=on)
    circular = Circular.objects.create(
        agency=agency, issued_by=by, issuer_id=bodies_of(by, Permission.ISSUE_CIRCULAR, on=on)[0], issued_on=on,
        period_from=period.first, period_to=period.last, figures=figures.as_json(), text=text.strip(),
        answer_by=answer_by,
    )  # fmt: skip
    known: dict[str, Any] = {"from": period.first, "to": period.last, "answer_by": answer_by}
    record(circular, "circular.issued", by=by, after=circular.state, **known)
    return circular


@verb
def answer_circular(circular_id: int, *, answer: str, by: User, on: date) -> Circular:
    """The department says why it was late and what it does about it. An answer is given once."""
    circular = (
        Circular.objects.select_for_update(of=("self",), no_key=True).select_related("agency").get(pk=circular_id)
    )
    check_may_answer(by, circular, on=on)
    check_waits(circular)
    if not answer.strip():
        raise Refused(_("Say why it was late and what is done about it."), rule="reason_missing", field="answer")
    move(
        circular, CircularState.ANSWERED, event="circular.answered", by=by,
        answer=answer.strip(), answered_by=by, answered_on=on,
    )  # fmt: skip
    return circular
