"""What follows here when something changes below: open deliveries go to an officer's successor, or to a body's."""

from typing import Any

from django.utils.translation import ngettext

from accounts.models import Agency, Posting, User
from accounts.signals import AGENCY_MERGED, POSTING_ENDED, USER_CLOSED
from casework.calendar import today
from casework.errors import Refused
from records.services import desk


def follow(*, kind: str, key: Any, before: Any, after: Any, cause: Any, **_more: Any) -> None:
    """Let open deliveries go on. Without a successor an officer cannot leave them lying: the change is refused."""
    if kind == AGENCY_MERGED:
        successor_body = Agency.objects.get(pk=after)
        for batch_id in desk.open_at(key).values_list("pk", flat=True):
            desk.go_on_at(batch_id, body=successor_body, by=cause.decided_by)
        return
    if kind not in {USER_CLOSED, POSTING_ENDED}:
        return
    found = desk.on_the_desk_of(before)
    if kind == POSTING_ENDED:
        found = found.filter(agency=Posting.objects.get(pk=key).agency_id)
    open_ones = list(found.order_by("pk").values_list("pk", flat=True))
    if open_ones and after is None:
        said = ngettext(
            "%(n)s delivery is open on this desk; name who takes it over.",
            "%(n)s deliveries are open on this desk; name who takes them over.",
            len(open_ones),
        )
        raise Refused(said % {"n": len(open_ones)}, rule="open_work")
    for batch_id in open_ones:
        desk.hand_over(batch_id, to=User.objects.get(pk=after), by=cause.decided_by, on=today())
