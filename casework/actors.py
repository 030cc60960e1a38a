"""Who acts: an officer, a key of an agency, or the portal's own clock."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID


class Actor(Protocol):
    """What a verb asks of whoever acts. `agency_id` is the body for which it acts, `identity_id` the human behind it."""

    @property
    def uuid(self) -> UUID: ...
    @property
    def identity_id(self) -> int | None: ...
    @property
    def agency_id(self) -> int | None: ...
    def may(self, permission: str, *, on: date) -> bool: ...


@dataclass(frozen=True)
class System:
    """The portal itself: the clock, the release job, the loading of rules."""

    uuid: UUID
    identity_id: None = None
    agency_id: None = None

    def may(self, permission: str, *, on: date) -> bool:
        return True


SYSTEM = System(UUID("00000000-0000-4000-8000-000000000001"))
