"""What the office reads of facts: in every state, within the sharing scope of their catalogue item, and why each shows or not.

Reading functions only. Whether a fact is on show is asked of the one view that decides it (`disclosed.shown`); the words
beside it say why.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, JSONObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Agency, User
from accounts.rules import agencies_in_reach
from casework import timeline
from catalogs.states import Platform, ShareScope
from records.formats import FORMATS, LICENCE_KINDS, LICENCE_STATES, PENALTY_TYPES
from records.models import AdministrativeAct, BasisDocument, Hide, ItemReview, Publication, Record
from records.rules import HOLDS
from records.rules.licences import OTHER_TEXTS
from records.rules.licences import TEXTS as LICENCE_TEXTS
from records.rules.penalties import MONEY
from records.rules.penalties import TEXTS as PENALTY_TEXTS
from records.states import HIDDEN, SHOWN, Act, Clock, Delay, Document, HideGround, HideWhat, Untrustworthiness

Fact = AdministrativeAct | Record
UNFINISHED = (Untrustworthiness.DRAFT, Untrustworthiness.TOLERANCE_REVIEW, Untrustworthiness.NOT_RECORDED)
LIVE = (Untrustworthiness.EFFECTIVE, Untrustworthiness.UNDER_VERIFICATION)

# States of a record that follow from those of its act and its publication, which say it themselves.
SAID_OTHERWISE = (Untrustworthiness.EXPIRED, Untrustworthiness.WITHDRAWN, Untrustworthiness.CORRECTED)


# ── With whom a fact is shared ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Reach:
    """How far one officer reads on one day: what the bodies in his reach decided or collected, and what is shared with
    bodies of his kind (SHR-01). An auditor has every body in his reach."""

    bodies: QuerySet[Agency]
    postings: QuerySet[Any]

    @classmethod
    def of(cls, user: User, on: date) -> "Reach":
        return cls(agencies_in_reach(user, on), user.postings_on(on))

    def acts(self) -> Q:
        """The acts that may be returned to this officer."""
        own = Q(determining_department__in=self.bodies) | Q(collecting_department__in=self.bodies)
        return own | self._shared()

    def records(self) -> Q:
        """The records, likewise; one that is not finished is its own body's matter alone."""
        own = Q(determining_department__in=self.bodies)
        return own | (self._shared() & ~Q(state__in=UNFINISHED))

    def _shared(self) -> Q:
        courts = self.postings.filter(agency__kind=Agency.Kind.JUDICIAL_ORGAN)
        departments = self.postings.exclude(agency__kind=Agency.Kind.JUDICIAL_ORGAN)
        with_courts = Q(item__share_scope__contains=[ShareScope.JUDICIAL_ORGANS]) & Q(Exists(courts))
        with_departments = Q(item__share_scope__contains=[ShareScope.DEPARTMENTS]) & Q(Exists(departments))
        return Q(item__share_allowed=True) & (with_courts | with_departments)


# ── Rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

RELATED = ("document__issuer", "item", "region", "determining_department")
# Asked of the view that every public surface reads: one truth, also here.
IS_SHOWN = "EXISTS (SELECT FROM disclosed.shown w WHERE w.act_id = records_administrativeact.id)"


def acts(reach: Reach) -> QuerySet[AdministrativeAct]:
    """The acts that this officer may read, with all that a line about them tells, in one statement."""
    hides = Hide.objects.filter(
        Q(what__in=[HideWhat.FACT, HideWhat.FIELD], fact=OuterRef("public_id"))
        | Q(what=HideWhat.SENDER, sender=OuterRef("collecting_department")),
        state__in=HIDDEN,
    ).values(row=JSONObject(what="what", field="field", ground="ground", since="starts_on"))
    return (
        AdministrativeAct.objects.filter(reach.acts())
        .select_related(*RELATED, "collecting_department", "publication__exempt_by__instrument", "record")
        .annotate(is_shown=RawSQL(IS_SHOWN, [], output_field=BooleanField()), hides=ArraySubquery(hides))  # noqa: S611
    )


def records(reach: Reach) -> QuerySet[Record]:
    """The untrustworthiness records without an act that this officer may read."""
    return (
        Record.objects.filter(reach.records(), act=None)
        .select_related(*RELATED)
        .annotate(is_shown=Value(False, output_field=BooleanField()))
    )


def newest(rows: QuerySet[Any], *, after: tuple[date, str] | None, limit: int) -> list[Any]:
    """The newest rows by day of decision, after a place in that order; replaced versions stand with their successor."""
    rows = rows.exclude(state="corrected")
    if after:
        day, public_id = after
        rows = rows.filter(Q(decided_on__lt=day) | Q(decided_on=day, public_id__lt=public_id), decided_on__lte=day)
    return list(rows.order_by("-decided_on", "-public_id")[:limit])


@dataclass(frozen=True)
class Line:
    """One fact of the file, as the table shows it."""

    fact: Fact
    why: list[str]

    @property
    def is_act(self) -> bool:
        return isinstance(self.fact, AdministrativeAct)

    @property
    def kind(self) -> str:
        if isinstance(self.fact, AdministrativeAct):
            return self.fact.get_kind_display()
        return _("untrustworthiness record")

    @property
    def record(self) -> Record | None:
        return record_of(self.fact)

    @property
    def is_shown(self) -> bool:
        shown: bool = self.fact.is_shown  # type: ignore[union-attr]  # by `acts` and `records`
        return shown


def file_of(
    subject_id: int, reach: Reach, *, on: date, after: tuple[date, str] | None = None, limit: int = 25
) -> tuple[list[Line], bool]:
    """A page of a subject's facts, newest first, and whether there are more. Two statements, however many facts."""
    found: list[Fact] = [
        *newest(acts(reach).filter(subject=subject_id), after=after, limit=limit + 1),
        *newest(records(reach).filter(subject=subject_id), after=after, limit=limit + 1),
    ]
    found.sort(key=lambda fact: (fact.decided_on, fact.public_id), reverse=True)
    return [Line(fact, why(fact, on=on)) for fact in found[:limit]], len(found) > limit


# ── What is public until when, and why ───────────────────────────────────────────────────────────────────────────────


def why(fact: Fact, *, on: date) -> list[str]:
    """Plain sentences: since when and until when it is shown and by which rule; or everything that keeps it from showing."""
    if isinstance(fact, Record):
        return [*_record_words(fact), _("Only facts with an administrative act are shown; this one stays in the file.")]
    publication: Publication = fact.publication
    if fact.is_shown:  # type: ignore[attr-defined]  # by `acts`
        return [_shown_words(publication), *_beside(fact, publication)]
    made = record_of(fact)
    said = [
        *_fact_words(fact),
        *([] if made is None or made.state in SAID_OTHERWISE else _record_words(made)),
        *_hide_words(fact, whole=True),
        *_clock_words(fact, publication, on),
    ]
    return said or [_("It is not on show.")]


def record_of(fact: Fact) -> Record | None:
    """The untrustworthiness record of a fact: itself, or the one that points to the act."""
    return fact if isinstance(fact, Record) else getattr(fact, "record", None)


def _shown_words(publication: Publication) -> str:
    days = {"from": publication.public_from, "until": publication.public_until}
    if publication.public_until is None:
        return _("Shown since %(from)s; no rule ends it.") % days
    told = days | {"rule": _rule_of_the_end(publication)}
    return _("Shown since %(from)s, until and including %(until)s: %(rule)s.") % told


def _rule_of_the_end(publication: Publication) -> str:
    last_day = publication.public_until.isoformat() if publication.public_until else ""
    for clock in publication.clocks:
        if clock["platform"] == Platform.CREDIT_CHINA and clock["last_day"] == last_day:
            return _("the longest period of repair regime %(regime)s, counted from %(day)s") % {
                "regime": clock["regime"], "day": clock["counts_from"],
            }  # fmt: skip
    return _("the last day that the department set")


def _beside(act: AdministrativeAct, publication: Publication) -> list[str]:
    """What else a reader of a shown fact should know."""
    said = _hide_words(act, whole=False)
    if publication.late_since:
        whose = Delay(publication.delay_by).label
        said.append(
            _("Published late, since %(day)s; the delay of %(whose)s.")
            % {"day": publication.late_since, "whose": whose}
        )
    if (made := record_of(act)) is not None and made.verification_since:
        said.append(_("Under verification since %(day)s.") % {"day": made.verification_since})
    return said


def _fact_words(act: AdministrativeAct) -> list[str]:
    said = []
    if act.state == Act.WITHDRAWN:
        said.append(_("Withdrawn: it left every public surface and does not come back on the same document."))
    elif act.state == Act.CORRECTED:
        said.append(_("A corrected version has taken its place."))
    if act.document.state != Document.EFFECTIVE and act.state == Act.EFFECTIVE:
        state = act.document.get_state_display()
        said.append(_("Its document is not in effect: %(state)s.") % {"state": state})
    return said


def _record_words(made: Record) -> list[str]:
    if made.state in LIVE:
        return []
    return [_("Its untrustworthiness record: %(state)s.") % {"state": made.get_state_display()}]


def _hide_words(act: AdministrativeAct, *, whole: bool) -> list[str]:
    said = []
    for hide in act.hides:  # type: ignore[attr-defined]  # by `acts`
        told = {"ground": HideGround(hide["ground"]).label, "day": hide["since"], "field": content_label(hide["field"])}
        if hide["what"] == HideWhat.FIELD:
            if not whole:
                said.append(_("The field “%(field)s” is hidden since %(day)s: %(ground)s.") % told)
        elif hide["what"] == HideWhat.FACT:
            said.append(_("Hidden since %(day)s: %(ground)s.") % told)
        else:
            said.append(_("Everything of its sender is hidden since %(day)s: %(ground)s.") % told)
    return said


def _clock_words(act: AdministrativeAct, publication: Publication, on: date) -> list[str]:
    """What the publication itself says, where it is the reason."""
    if publication.state == Clock.EXEMPT:
        return [_("Exempt from publication by %(provision)s.") % {"provision": publication.exempt_by}]
    if publication.state == Clock.NOT_DISCLOSABLE:
        return [_("Not to be disclosed: %(reason)s.") % {"reason": _closed_words(publication.closed_reason)}]
    if publication.state == Clock.ENDED:
        if act.state != Act.EFFECTIVE:
            return []
        return [_("Its publication ended with %(day)s.") % {"day": publication.public_until or _("an earlier act")}]
    if publication.state in SHOWN:
        over = publication.public_until is not None and publication.public_until < on
        return [_("Its publication ended with %(day)s.") % {"day": publication.public_until}] if over else []
    said = [str(HOLDS[publication.hold]())] if publication.hold in HOLDS else []
    if publication.state == Clock.OVERDUE:
        whose = Delay(publication.delay_by).label
        return [
            *said,
            _("Overdue since %(day)s; the delay of %(whose)s.") % {"day": publication.late_since, "whose": whose},
        ]
    if publication.due_on is None:
        return said or [_("Waiting to be published.")]
    return [*said, _("To be published by %(day)s.") % {"day": publication.due_on}]


def _closed_words(reason: str) -> str:
    """Why a publication was closed: a minor, or the catalogue item with class and regime, as the gate wrote it."""
    return _("the person was under 18 on the day of the act") if reason == "minor" else reason


# ── One fact ─────────────────────────────────────────────────────────────────────────────────────────────────────────

# Name in the content → the label of its column in the format in which it was handed in.
_COLUMNS = {column.name: column.label for columns in FORMATS.values() for column in columns}
CONTENT_LABELS: dict[str, Any] = {
    name: _COLUMNS[column]
    for texts in (PENALTY_TEXTS, LICENCE_TEXTS, OTHER_TEXTS)
    for column, name in texts.items()
    if column in _COLUMNS
} | {
    "penalty_types": _COLUMNS["cf_cflb"], "licence_kind": _COLUMNS["xk_xklb"], "valid_from": _COLUMNS["xk_yxqz"],
    "valid_to": _COLUMNS["xk_yxqzi"], "state": _COLUMNS["xk_zt"], "long_term": gettext_lazy("Without a last day"),
}  # fmt: skip


def content_label(name: str) -> str:
    return str(CONTENT_LABELS.get(name, name))


@dataclass(frozen=True)
class Difference:
    """One field over the versions of a fact: its value in each, and whether any two differ."""

    label: str
    values: list[str]
    is_changed: bool


def differences(versions: Sequence[AdministrativeAct]) -> list[Difference]:
    """The public part of each version side by side. A text that waits to be cleared is not told here."""
    contents = [version.content_public or {} for version in versions]
    names = list(dict.fromkeys(name for content in contents for name in content))
    told = [(name, [_told(name, content.get(name)) for content in contents]) for name in names]
    return [Difference(content_label(name), values, len(set(values)) > 1) for name, values in told if any(values)]


# What the codes in a content were called when they were handed in.
CODED: dict[str, Mapping[str, Any]] = {
    "penalty_types": PENALTY_TYPES, "licence_kind": LICENCE_KINDS, "state": LICENCE_STATES,
}  # fmt: skip
WORDS = {
    name: {str(code): word for word, code in reversed(list(words.items())) if not word.isdigit()}
    for name, words in CODED.items()
}
AMOUNTS = {PENALTY_TEXTS[column] for column in MONEY}


def _told(name: str, value: Any) -> str:
    """A value as the formats write it: amounts in units of ten thousand yuan, codes as words."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return _(", ").join(_told(name, part) for part in value)
    if name in AMOUNTS:
        return f"{(Decimal(value) / 10_000).normalize():f}"
    return WORDS.get(name, {}).get(value, str(value))


# ── The course of a file ─────────────────────────────────────────────────────────────────────────────────────────────

PEOPLE = """
  SELECT uuid::text, coalesce(nullif(name, ''), username) FROM accounts_user WHERE uuid = ANY(%(uuids)s::uuid[])
  UNION ALL SELECT uuid::text, name FROM accounts_apiclient WHERE uuid = ANY(%(uuids)s::uuid[])
  UNION ALL SELECT id::text, name FROM accounts_agency WHERE id = ANY(%(agencies)s)"""


def names(uuids: Collection[str], agencies: Collection[int]) -> Mapping[str, str]:
    """Officers, keys and bodies by uuid or key, as colleagues read them. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, {"uuids": list(uuids), "agencies": list(agencies)})
        return dict(cursor.fetchall())


def story(chain: UUID, reach: Reach, *, limit: int, before: int | None) -> list[timeline.Told]:
    """The course of a subject's file, newest first. A line about a fact that is not shared with the reader says no more than
    that (SHR-01); so does one about anything that this module does not know."""

    def known(uuids: Collection[str], agencies: Collection[int]) -> Mapping[str, str]:
        return {**names(uuids, agencies), **dict(_numbers(reach, uuids))}

    return [_within_reach(line) for line in timeline.tell(chain, names=known, limit=limit, before=before)]


def _numbers(reach: Reach, uuids: Collection[str]) -> QuerySet[Any, tuple[str, str]]:
    """uuid → number of the document, of every act, record, document, hide and review within reach. One statement."""
    shared, records_shared = AdministrativeAct.objects.filter(reach.acts()), Record.objects.filter(reach.records())
    with_act, with_record = Exists(shared.filter(document=OuterRef("pk"))), Exists(
        records_shared.filter(document=OuterRef("pk"))
    )  # fmt: skip
    own = Cast("uuid", TextField())
    documents = BasisDocument.objects.filter(Q(with_act) | Q(with_record), uuid__in=uuids).values_list(own, "number")
    return documents.union(
        shared.filter(uuid__in=uuids).values_list(own, "document__number"),
        records_shared.filter(uuid__in=uuids).values_list(own, "document__number"),
        Hide.objects.filter(uuid__in=uuids, agency__in=reach.bodies).values_list(own, "fact"),
        ItemReview.objects.filter(uuid__in=uuids, record__in=records_shared).values_list(
            own, "record__document__number"
        ),
    )


def _within_reach(line: timeline.Told) -> timeline.Told:
    if line.about or line.ref.startswith("subject:"):
        return line
    said = _("A line about a fact that is not shared with your body.")
    return replace(line, sentence=said, actor="", agency="", before="", after="", reason="", is_erased=False)
