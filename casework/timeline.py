"""What happened to a case, told from its audit chain in plain sentences, newest first.

Each app says what its events mean (`<app>/events.py`, SENTENCES). A body that the law erased is told as erased: the line
stays, reason and values do not.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casework.actors import SYSTEM

SENTENCES = {
    "audit.body_erased": gettext_lazy("Reason and values of an earlier line were erased as the law requires."),
    "audit.body_read": gettext_lazy("Reason and values of a line were read."),
    "privacy.identity_read": gettext_lazy("The document number of a person was read."),
    "privacy.keys_rotated": gettext_lazy("Sealed numbers were moved to a new key."),
    "clock.stopped": gettext_lazy("The clock was stopped."),
    "clock.resumed": gettext_lazy("The clock runs again; last day: %(due_on)s."),
}
# Names for the uuids of who acted and of what a line is about, and for the keys of bodies: all as text, in one look-up.
Names = Callable[[Collection[str], Collection[int]], Mapping[str, str]]


@dataclass(frozen=True)
class Told:
    """One line of the story. `seq` is where the next page begins; `about` names the thing of `ref`, where it has a name."""

    seq: int
    at: datetime
    name: str
    ref: str
    about: str
    sentence: str
    actor: str
    agency: str
    before: str
    after: str
    reason: str
    is_erased: bool


def tell(
    chain: UUID, *, names: Names, limit: int = 25, before: int | None = None, events: Collection[str] = ()
) -> list[Told]:
    """The newest `limit` lines of a chain, or those before the line `before`. One statement and those of `names`.

    `events`: only lines of these names, where the reader has no business with the others on the same chain.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.seq, e.at, e.name, e.ref, e.actor, e.agency, e.before, e.after, b.body,"
            " octet_length(e.commitment) > 0 AND b.event IS NULL"
            " FROM audit.event e LEFT JOIN audit.body b ON b.event = e.id"
            " WHERE e.chain = %s AND e.seq < %s AND (%s = '{}' OR e.name = ANY(%s))"
            " ORDER BY e.seq DESC LIMIT %s",
            [chain, before or 2**62, list(events), list(events), limit],
        )
        rows = cursor.fetchall()
    wanted = {str(row[4]) for row in rows if row[4]} | {_uuid(row[3]) for row in rows}
    known = names(wanted - {str(SYSTEM.uuid)}, {row[5] for row in rows if row[5]})
    return [_told(row, known) for row in rows]


def _uuid(ref: str) -> str:
    return ref.partition(":")[2]


def _told(row: tuple[Any, ...], known: Mapping[str, str]) -> Told:
    seq, at, name, ref, actor, agency, before, after, body, is_erased = row
    values: dict[str, Any] = json.loads(body) if body else {}
    labels = labels_of(ref.partition(":")[0])
    worded = {key: labels.get(value, value) for key, value in values.items() if isinstance(value, str | int)}
    frm, to = str(labels.get(before, before)), str(labels.get(after, after))
    who = _("the portal itself") if actor == SYSTEM.uuid else known.get(str(actor), _("unknown")) if actor else ""
    sentence = str(sentences().get(name, name)) % _Values(worded | {"before": frm, "after": to})
    return Told(
        seq=seq, at=at, name=name, ref=ref, about=known.get(_uuid(ref), ""), sentence=sentence, actor=who,
        agency=known.get(str(agency), ""), before=frm, after=to, reason=values.get("reason", ""), is_erased=is_erased,
    )  # fmt: skip


class _Values(dict[str, Any]):
    """Values of a line, for its sentence; what the law erased or nobody gave is said to be missing."""

    def __missing__(self, key: str) -> str:
        return _("(not given)")


@lru_cache(maxsize=1)
def sentences() -> dict[str, Any]:
    """What every app says of its events."""
    found: dict[str, Any] = dict(SENTENCES)
    for app in apps.get_app_configs():
        if find_spec(f"{app.name}.events"):
            found |= getattr(import_module(f"{app.name}.events"), "SENTENCES", {})
    return found


@lru_cache(maxsize=64)
def labels_of(model_name: str) -> dict[Any, Any]:
    """The words of every choice that a case of this kind has: states and the like, as its tables name them."""
    models = [model for model in apps.get_models() if model._meta.model_name == model_name]
    fields = [field for model in models for field in model._meta.get_fields() if getattr(field, "flatchoices", None)]
    return {value: label for field in fields for value, label in field.flatchoices}  # type: ignore[union-attr]
