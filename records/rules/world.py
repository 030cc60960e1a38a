"""What the gate looks at and what it answers, in plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from accounts.models import Agency
from casework.calendar import Calendar
from catalogs.models import ActSwitch, CatalogueItem, Provision, Regime
from catalogs.rules import Catalogue
from records.formats import Fault, Row
from records.states import ActKind, Clock, DocumentType, Phase, Verdict
from subjects.services import KnownPerson


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
    phase: str
    collecting_department_id: int
    due_on: date | None
    late_since: date | None
    delay_by: str
    is_stayed: bool = False  # its document is
    first_public: date | None = None  # the first day on which any version was public, here or at the department


NaturalKey = tuple[int, str, str, str]  # authority, document number, counterpart, catalogue item


@dataclass
class World:
    """What the gate asks, read once per chunk."""

    today: date
    sender: Agency
    calendar: Calendar
    catalogue: Catalogue
    regimes: list[Regime]
    switches: list[ActSwitch]
    agencies: Mapping[str, Agency]
    exempting: Mapping[str, Provision]  # "instrument key:article" → provision that may exempt from publication
    subjects: Mapping[str, KnownSubject] = field(default_factory=dict)
    persons: Mapping[str, KnownPerson] = field(default_factory=dict)  # by identity number as given
    held: Mapping[NaturalKey, Held] = field(default_factory=dict)
    with_numbers: frozenset[int] = frozenset()
    seen: set[NaturalKey] = field(default_factory=set)  # natural keys of earlier rows of this file
    due: dict[tuple[date, str], date | None] = field(default_factory=dict)
    is_history: bool = False  # a first load of history: judged by the first edition, and no clock runs (design part 6)


@dataclass
class Facts:
    """What a row that passes becomes: its document, its act, its record and its publication, in plain values."""

    kind: ActKind
    document_type: DocumentType
    title: str  # of the document
    phase: Phase
    authority: Agency
    item: CatalogueItem
    decided_on: date
    content: dict[str, Any]
    content_public: dict[str, Any] | None
    withheld: list[str]
    adverse: bool
    starts_on: date | None
    due_on: date | None
    public_until: date | None
    clocks: list[dict[str, Any]]
    state: Clock  # what the publication becomes
    conduct: str = ""
    severity: str = ""
    closed_reason: str = ""
    hold: str = ""
    exempt_by: Provision | None = None
    source_public_on: date | None = None
    late_since: date | None = None
    delay_by: str = ""


@dataclass
class Judgement:
    """The verdict on one row."""

    row: Row
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

    def fault(self, rule: str, rows: tuple[str, ...], field: str | None, message: Any, **more: Any) -> None:
        self.faults.append(Fault(rule, rows, field, message, **more))
