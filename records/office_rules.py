"""Who may do what with a single fact in the back office, and when one rests on another human's decision."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Agency, User
from accounts.permissions import ROLES, Permission
from accounts.rules import check_may
from casework.actors import Actor
from casework.errors import NotAllowed, Refused, WrongState
from records.models import Hide
from records.states import HideGround, HideState, HideWhat

CANNOT_HIDE = frozenset({"penalty_types"})  # a class without its kinds of penalty would mislead


def acting_body(by: Actor, permission: Permission, *, of: Agency, on: date, or_court: bool = False) -> Agency | None:
    """The body for which `by` may do this to what `of` decided or handed in: `of` itself or one above it (ORG-02).

    The posting that gives the permission must be the one in that body: a clerk here who is a reviewer elsewhere is a clerk
    here. `or_court`: on the effect of a document a court rules too. None: the portal's own clock acts for no body.
    """
    check_may(by, permission, on=on)
    if isinstance(by, User):
        postings = by.postings_on(on).select_related("agency").order_by("pk")
        bodies = [posting.agency for posting in postings if permission in ROLES[posting.role]]
    elif by.agency_id is None:
        return None
    else:
        bodies = list(Agency.objects.filter(pk=by.agency_id))
    for body in bodies:
        if body.stands_over(of) or (or_court and body.kind == Agency.Kind.JUDICIAL_ORGAN):
            return body
    who = _("This is for %(body)s, or a body above it.") % {"body": of}
    raise NotAllowed(f"{_('You act for another body.')}{who}", rule="not_allowed", rows=["SEC-18"])


def check_is_officer(by: Actor) -> User:
    """Some acts are a person's own: neither a key nor the clock orders or decides them."""
    if not isinstance(by, User):
        raise NotAllowed(_("Only a signed-in officer does this."), rule="not_allowed", rows=["SEC-04"])
    return by


def check_can_hide(what: str, *, content: dict[str, Any], field: str, ground: str) -> None:
    """What may be hidden: a whole fact, everything of a sender, or one field that the fact has."""
    if what not in HideWhat.values or ground not in HideGround.values:
        raise Refused(_("Say what is hidden and on which ground."), rule="value_not_in_list", field="ground")
    if what == HideWhat.FIELD and (field not in content or field in CANNOT_HIDE):
        raise Refused(_("This fact has no such field on show."), rule="value_not_in_list", field="field")


def check_is_not_hidden(live: Hide | None) -> None:
    if live is not None:
        raise WrongState(_("It is hidden already, since %(day)s.") % {"day": live.starts_on}, rule="already_hidden")


def check_waits(hide: Hide) -> None:
    if hide.state != HideState.ORDERED:
        raise WrongState(_("This hide is “%(state)s”; it waits for nobody.") % {"state": hide.get_state_display()})


def check_is_upheld(hide: Hide) -> None:
    if hide.state != HideState.UPHELD:
        raise WrongState(_("Only an upheld hide is released; this one is “%(state)s”.")
                         % {"state": hide.get_state_display()})  # fmt: skip
