"""What officers do with one fact: correction by two, reading a held text, exemption; and which verbs a fact offers to whom.

Each page asks the verb's own check before it shows a form: what cannot be done says why, and who can.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Agency, User
from accounts.permissions import ROLES, Permission
from accounts.rules import agencies_in_reach
from casework.calendar import calendar
from casework.errors import DomainError
from casework.four_eyes import check_another_human
from casework.office import MOST_WAITING, Gate, ReasonForm, VerbPage, Waiting, get_or_404, site
from catalogs.models import Provision
from catalogs.rules import MATRIX, check_basis
from catalogs.states import BasisKind, NeedsBasis, PenaltyType
from records import services
from records.figures import soon_until
from records.formats import FORMATS, PROSE, Column
from records.forms import typed
from records.models import AdministrativeAct, IntakeBatch, Publication
from records.office_rules import acting_body
from records.rules import HOLDS, OWN, public_part
from records.services import corrections, facts, hides
from records.states import Act, Batch, Clock, Document
from subjects.services import register_query
from subjects.states import Channel, QueryPurpose

STYLES = "css/office-facts.css"


# --- What a page is about ---------------------------------------------------------------------------------------------


def told(check: Callable[..., object], *args: Any, **kwargs: Any) -> DomainError | None:
    """Why a check refuses, or None."""
    try:
        check(*args, **kwargs)
    except DomainError as refusal:
        return refusal
    return None


def page(name: str, *args: Any) -> str:
    """The address of an office page that another module hangs on the site; the queue where this installation has none."""
    try:
        return reverse(f"admin:{name}", args=args)
    except NoReverseMatch:
        return reverse("admin:index")


def is_in_reach(officer: User, on: date, *bodies: Agency) -> bool:
    return agencies_in_reach(officer, on).filter(pk__in=[body.pk for body in bodies]).exists()


def act_or_404(officer: User, public_id: str, on: date) -> AdministrativeAct:
    """The newest version of a fact, if it was decided or handed in within this officer's reach."""
    act = (
        AdministrativeAct.objects.select_related(
            "subject", "person", "document__issuer", "item", "determining_department", "collecting_department",
            "publication__exempt_by__instrument",
        )
        .filter(public_id=public_id)
        .order_by("-version")
        .first()
    )  # fmt: skip
    if act is None or not is_in_reach(officer, on, act.determining_department, act.collecting_department):
        raise Http404
    return act


def labels_of(act: AdministrativeAct) -> dict[str, Any]:
    """What the fields of a fact are called, by their names in its content."""
    columns = {column.name: column for column in FORMATS[corrections.format_of(act)]}
    named = {told: columns[name].label for name, told in OWN[corrections.format_of(act)].texts.items()}
    return named | {
        "penalty_types": gettext_lazy("Types of penalty"), "licence_kind": gettext_lazy("Licence kind"),
        "valid_from": gettext_lazy("Valid from"), "valid_to": gettext_lazy("Valid until"),
        "long_term": gettext_lazy("Long term"), "state": gettext_lazy("State of the licence"),
    }  # fmt: skip


def contents_of(act: AdministrativeAct, only: str = "") -> list[tuple[Any, str]]:
    """The fields of a fact with their names, as they show or would; `only` one of them."""
    labels, kind = labels_of(act), corrections.format_of(act)
    amounts = {OWN[kind].texts.get(column.name) for column in FORMATS[kind] if column.type == "money_wan"}
    return [
        (labels[name], corrections.in_wan(Decimal(value)) if name in amounts else written(value))
        for name, value in hides.fields_of(act).items()
        if name in labels and only in ("", name)
    ]


def written(value: Any) -> str:
    """A value of a fact as people read it: kinds of penalty by their names."""
    if isinstance(value, list):
        return "、".join(str(PenaltyType(kind).label) for kind in value)
    return str(value)


def titled(title: Any) -> type[admin.ChoicesFieldListFilter]:
    """A filter of a list over one closed vocabulary, under a name that people read."""

    class Titled(admin.ChoicesFieldListFilter):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.title = title

    return Titled


def registered(officer: User, about: AdministrativeAct, *, purpose: str, why: Any, fields: list[str], on: date) -> None:
    """Register a look at what is not public, and commit it, before anything leaves (SEC-02)."""
    register_query(
        by=officer, purpose=purpose, matter=about.public_id, reason=str(why), channel=Channel.OFFICE, fields=fields,
        subject=about.subject, person=about.person, on=on,
    )  # fmt: skip


class FactPage(VerbPage):
    """An act on one fact, with the fact above it."""

    template_name = "office/fact_verb.html"

    def prepare(self) -> None:
        self.fact: AdministrativeAct = act_or_404(self.officer, self.kwargs["public_id"], self.on)

    def context(self) -> dict[str, Any]:
        return {**super().context(), "fact": self.fact, "styles": STYLES}

    def back(self) -> str:
        return page("subject_file", self.fact.subject.unified_code) if self.fact.subject else reverse("admin:index")


# --- Correction -------------------------------------------------------------------------------------------------------


def field_for(column: Column) -> forms.Field:
    """The form field of one column: what may stand in it is judged by the gate, as for any row."""
    given: dict[str, Any] = {"label": column.label, "required": column.required}
    if column.values and column.many:
        choices = [(value, value) for value in column.values]
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **given)
    if column.values:
        empty = [] if column.required else [("", _("not provided"))]
        return forms.ChoiceField(choices=[*empty, *((value, value) for value in column.values)], **given)
    if column.type == "date":
        return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "numeric"}), max_length=10,
                               help_text=_("A day, written like 2026-03-01"), **given)  # fmt: skip
    widget = forms.Textarea(attrs={"rows": 4}) if column.name in PROSE else forms.TextInput()
    return forms.CharField(max_length=column.max_length, widget=widget, **given)


@site.page("facts/<str:public_id>/correct/", name="correct")
class CorrectPage(FactPage):
    """One corrected row, from the values that stand. It goes to a second officer; nothing changes before he confirms."""

    title = gettext_lazy("Correct a fact")
    verb = gettext_lazy("Propose the correction")

    def prepare(self) -> None:
        super().prepare()
        if self.refusal() is None:
            registered(
                self.officer, self.fact, purpose=QueryPurpose.INTAKE, why=self.title, fields=["content"], on=self.on
            )

    def refusal(self) -> DomainError | None:
        return told(
            acting_body, self.officer, Permission.CORRECT, of=self.fact.collecting_department, on=self.on
        ) or told(corrections.check_can_correct, self.fact)

    def effects(self) -> list[Any]:
        return [
            _("The corrected row passes the same gate as any row; its refusals are told here."),
            _("A second officer reads old and new side by side and confirms or rejects."),
            _("Until then the fact shows as it stands. To take it off now, use “Take off”."),
        ]

    def form(self) -> forms.Form:
        columns = {} if self.refusal() else {c.name: field_for(c) for c in corrections.columns_of(self.fact)}
        reason = ReasonForm.base_fields["reason"]
        made = type("CorrectionForm", (forms.Form,), {**columns, "reason": reason})
        form: forms.Form = made(self.request.POST or None, initial=self.initial())
        return form

    def initial(self) -> dict[str, Any]:
        if self.refusal():
            return {}
        cells: dict[str, Any] = corrections.cells_of(self.fact)
        many = [column.name for column in corrections.columns_of(self.fact) if column.many]
        return cells | {name: cells[name].split("；") for name in many}

    def act(self, data: dict[str, Any]) -> str:
        typed_in = {name: "；".join(value) if isinstance(value, list) else value for name, value in data.items()}
        cells = corrections.cells_of(self.fact) | typed_in | {"op": "correct"}
        row = typed(1, cells, corrections.format_of(self.fact))
        self.batch = corrections.propose_correction(self.fact.pk, row=row, by=self.officer, on=self.on)
        return _("The correction of %(fact)s is proposed; a second officer decides.") % {"fact": self.fact.public_id}

    def done(self) -> str:
        return reverse("admin:correction", args=[self.batch.public_id])


class DecisionForm(forms.Form):
    """One of a few outcomes, and a reason."""

    outcomes: tuple[tuple[str, Any], ...] = ()
    decision = forms.ChoiceField(label=gettext_lazy("Decision"), widget=forms.RadioSelect)
    reason = ReasonForm.base_fields["reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["decision"].choices = self.outcomes  # type: ignore[attr-defined]


class CorrectionForm(DecisionForm):
    outcomes = (
        ("confirm", gettext_lazy("Confirm: the corrected version stands from now on")),
        ("reject", gettext_lazy("Reject: the fact stays as it is")),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Needed to reject."),
    )  # fmt: skip


@site.page("corrections/<str:batch>/", name="correction")
class DecideCorrectionPage(FactPage):
    """Old and new, side by side, for the second officer. Its author may give it up."""

    title = gettext_lazy("Decide on a correction")
    template_name = "office/fact_correction.html"
    form_class = CorrectionForm
    verb = gettext_lazy("Decide")

    def prepare(self) -> None:
        batch = get_or_404(corrections.proposed_ever(), public_id=self.kwargs["batch"])
        assert isinstance(batch, IntakeBatch)
        self.batch = batch
        self.fact = act_or_404(self.officer, batch.fact, self.on)
        self.differences: list[corrections.Difference] = []
        self.proposed_for = ""
        if batch.state == Batch.CHECKED:
            why = self.title
            registered(self.officer, self.fact, purpose=QueryPurpose.INTAKE, why=why, fields=["content"], on=self.on)
            row, _version = corrections.proposed(batch)
            self.differences, self.proposed_for = corrections.differences(self.fact, row), row.reason

    def context(self) -> dict[str, Any]:
        return {
            **super().context(), "batch": self.batch, "differences": self.differences, "reason": self.proposed_for,
        }  # fmt: skip

    def refusal(self) -> DomainError | None:
        return told(corrections.check_waits, self.batch) or told(
            corrections.check_may_confirm, self.batch, by=self.officer, on=self.on
        )

    def effects(self) -> list[Any]:
        return [
            _("Confirmed, version %(n)s shows at once and version %(old)s stays in the file.")
            % {"n": self.fact.version + 1, "old": self.fact.version},
            _("Rejected, the fact stays as it is and what was proposed is erased."),
        ]

    def act(self, data: dict[str, Any]) -> str:
        if data["decision"] == "reject":
            corrections.reject_correction(self.batch.pk, by=self.officer, on=self.on, reason=data["reason"])
            return _("The correction was rejected; the fact stays as it is.")
        corrections.confirm_correction(self.batch.pk, by=self.officer, on=self.on)
        return _("The correction was confirmed; the corrected version stands.")


# --- A held text ------------------------------------------------------------------------------------------------------

RUN = re.compile(r"[0-9０-９〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖貳參陸XxＸｘ@A-Za-z.\-‐-―·•_/|*:() ]{7,}")


@dataclass(frozen=True)
class Passage:
    """One field of a held text, cut where something was found: (text, is marked)."""

    label: Any
    parts: list[tuple[str, bool]]


def passages(act: AdministrativeAct) -> list[Passage]:
    """The text that would be public, with the numbers and names in it marked. Numbers by the guard of public texts itself;
    where it finds one and no run of digits answers for it alone, the whole field is marked."""
    names = {p.person.name for p in act.subject.positions.select_related("person")} if act.subject else set()
    names |= {act.person.name} if act.person else set()
    shown = public_part(act.content, act.withheld)
    labels, kind = labels_of(act), corrections.format_of(act)
    prose = {OWN[kind].texts.get(column.name) for column in FORMATS[kind] if column.name in PROSE}
    texts = {name: value for name, value in shown.items() if name in prose and isinstance(value, str)}
    runs = {run for text in texts.values() for run in RUN.findall(text)}
    hit = _with_numbers([*texts.values(), *runs])
    return [Passage(labels[name], list(_cut(text, names, runs & hit, text in hit))) for name, text in texts.items()]


def _with_numbers(texts: list[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT t FROM unnest(%s::text[]) AS t WHERE public.has_numbers(t)", [texts])
        return {text for (text,) in cursor.fetchall()}


def _cut(text: str, names: set[str], numbers: set[str], has_number: bool) -> Iterator[tuple[str, bool]]:
    own = {number for number in numbers if number in text}
    if has_number and not own:
        yield text, True
        return
    marks = sorted((mark for mark in own | names if len(mark) > 1), key=len, reverse=True)
    if not marks:
        yield text, False
        return
    for part in re.split("(" + "|".join(map(re.escape, marks)) + ")", text):
        if part:
            yield part, part in marks


@site.page("facts/<str:public_id>/clear-text/", name="clear_text")
class ClearTextPage(FactPage):
    """A held text, for the second officer to read: it is cleared as it stands, or the fact is corrected."""

    title = gettext_lazy("Read a held text")
    template_name = "office/fact_text.html"
    verb = gettext_lazy("Clear the text for publication")

    def prepare(self) -> None:
        super().prepare()
        self.passages: list[Passage] = []
        if self.refusal() is None:
            why = self.title
            registered(
                self.officer, self.fact, purpose=QueryPurpose.PUBLICATION, why=why, fields=["content"], on=self.on
            )
            self.passages = passages(self.fact)

    def refusal(self) -> DomainError | None:
        return told(facts.check_is_held, self.fact.publication) or told(
            facts.check_may_clear, self.fact, by=self.officer, on=self.on
        )

    def gates(self) -> list[Gate]:
        hold = self.fact.publication.hold
        return [Gate(False, HOLDS[hold]())] if hold in HOLDS else []

    def context(self) -> dict[str, Any]:
        return {**super().context(), "passages": self.passages}

    def effects(self) -> list[Any]:
        due_on = self.fact.publication.due_on
        return [
            _("The text shows on every public page exactly as you read it here, within minutes."),
            _("The last day to publish is %(day)s; the clock ran on while the text was held.") % {"day": due_on},
            _("If something must not show, do not clear: have the department correct the text."),
        ]

    def act(self, data: dict[str, Any]) -> str:
        services.clear_text(self.fact.pk, by=self.officer, on=self.on, reason=data["reason"])
        return _("The text of %(fact)s is cleared and is being published.") % {"fact": self.fact.public_id}


# --- Exemption --------------------------------------------------------------------------------------------------------


class ExemptForm(forms.Form):
    provision = forms.ModelChoiceField(
        Provision.objects.none(), label=gettext_lazy("Law or regulation that provides otherwise"),
        help_text=gettext_lazy("Only a provision of a law or an administrative regulation, in force on the day of the decision."),
    )  # fmt: skip

    def __init__(self, *args: Any, offered: QuerySet[Provision], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provision"].queryset = offered  # type: ignore[attr-defined]


@site.page("facts/<str:public_id>/exempt/", name="exempt")
class ExemptPage(FactPage):
    """Exempt from publication by citation (PUB-06). What is no basis says why."""

    title = gettext_lazy("Exempt from publication")
    verb = gettext_lazy("Exempt by this citation")
    template_name = "office/fact_exempt.html"

    def offered(self) -> QuerySet[Provision]:
        """Every provision in force that day: those that carry an exemption first, the others so that it can be said why not."""
        return (
            Provision.objects.in_force(self.fact.decided_on)
            .select_related("instrument")
            .order_by("instrument", "article")
        )

    def refusal(self) -> DomainError | None:
        return told(facts.check_can_exempt, self.fact.publication, by=self.officer, on=self.on)

    def form(self) -> forms.Form:
        return ExemptForm(self.request.POST or None, offered=self.offered())

    def context(self) -> dict[str, Any]:
        never = MATRIX[NeedsBasis.PUBLICATION_EXEMPTION].never
        return {**super().context(), "never": [BasisKind(kind).label for kind in sorted(never)]}

    def effects(self) -> list[Any]:
        return [
            _("The act will not be published, and its clock ends as “exempt”, with the citation in the file."),
            _("The exemption counts in the figures of the department; it cannot be taken back here."),
        ]

    def act(self, data: dict[str, Any]) -> str:
        check_basis(NeedsBasis.PUBLICATION_EXEMPTION, [data["provision"]], on=self.fact.decided_on)
        services.exempt(self.fact.publication.pk, provision=data["provision"], by=self.officer, on=self.on)
        return _("%(fact)s is exempt from publication by %(basis)s.") % {
            "fact": self.fact.public_id, "basis": data["provision"],
        }  # fmt: skip


# --- Which verbs a fact offers ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Link:
    """A verb: its page, or why this officer cannot do it and who can."""

    label: Any
    url: str
    refusal: str = ""


def verbs_for(act: AdministrativeAct, user: User, on: date) -> list[Link]:
    """What this officer may do with a fact now. Verbs that its state leaves no room for are not named at all.

    Asks nothing of the database beyond who may: once for each permission and body, however many facts a page shows. Load acts
    with publication, document, document__issuer and both departments.
    """
    found = []
    held = act.publication.hold in HOLDS
    by_key, uuid = [act.public_id], [act.document.uuid]
    if act.state == Act.EFFECTIVE:
        bodies = [act.collecting_department, act.determining_department]
        found.append(_link(gettext_lazy("Take off now"), "hide_fact", by_key, user, Permission.HIDE, bodies, on))
        one = bodies[:1]
        found.append(_link(gettext_lazy("Withdraw"), "withdraw", by_key, user, Permission.HIDE, bodies, on))
        found.append(_link(gettext_lazy("Correct"), "correct", by_key, user, Permission.CORRECT, one, on))
        if held:
            clear = _link(
                gettext_lazy("Read the held text"), "clear_text", by_key, user, Permission.CLEAR_TEXT, one, on
            )
            own = told(check_another_human, user, act.prepared_by_identity_id)
            found.append(Link(clear.label, "", str(own)) if own and not clear.refusal else clear)
        if act.publication.state == Clock.PENDING:
            two = bodies[1:]
            found.append(_link(gettext_lazy("Exempt"), "exempt", by_key, user, Permission.EXEMPT, two, on))
    issuer, rule = [act.document.issuer], Permission.RULE_ON_DOCUMENT
    if act.document.state == Document.EFFECTIVE:
        found.append(_link(gettext_lazy("Record a stay"), "stay", uuid, user, rule, issuer, on))
    if act.document.state == Document.STAYED:
        found.append(_link(gettext_lazy("Record the end of the stay"), "lift_stay", uuid, user, rule, issuer, on))
    if act.document.state in {Document.EFFECTIVE, Document.STAYED}:
        found.append(_link(gettext_lazy("Record an annulment"), "annul", uuid, user, rule, issuer, on))
    return found


def _link(
    label: Any, name: str, args: list[Any], user: User, permission: Permission, bodies: list[Agency], on: date
) -> Link:
    refusals = [refusal for refusal in (why_not(user, permission, body, on) for body in bodies) if refusal]
    if len(refusals) == len(bodies):
        return Link(label, "", refusals[0])
    return Link(label, reverse(f"admin:{name}", args=args))


def why_not(user: User, permission: Permission, body: Agency, on: date) -> str:
    """Why this officer may not do it to what that body decided; empty when he may. Asked once a request for each body."""
    known: dict[Any, str] = user.__dict__.setdefault("_why_not", {})
    key = (permission, body.pk, on)
    if key not in known:
        or_court = permission == Permission.RULE_ON_DOCUMENT
        refusal = told(acting_body, user, permission, of=body, on=on, or_court=or_court)
        known[key] = str(refusal) if refusal else ""
    return known[key]


# --- The queue --------------------------------------------------------------------------------------------------------

SOON = 3  # working days; what is due sooner is in the queue of the clock (records/admin/clock.py)


def own_bodies(user: User, permission: Permission, on: date) -> set[int]:
    """The bodies in which a posting of this day gives the permission."""
    return {
        agency for agency, role in user.postings_on(on).values_list("agency_id", "role") if permission in ROLES[role]
    }


@site.waiting
def held_texts(user: User, on: date) -> Iterator[Waiting]:
    """Texts in which a number or a name was found, until somebody else has read them. What is due soon is in the queue of the
    clock (records/admin/clock.py)."""
    bodies = own_bodies(user, Permission.CLEAR_TEXT, on)
    if not bodies:
        return
    later = Q(due_on=None) | Q(due_on__gt=soon_until(calendar(), on))
    held = Publication.objects.filter(later, state=Clock.PENDING, hold__in=HOLDS, act__collecting_department__in=bodies)
    for publication in held.select_related("act__subject", "act__document").order_by("due_on", "pk")[:MOST_WAITING]:
        act = publication.act
        own = told(check_another_human, user, act.prepared_by_identity_id)
        yield Waiting(
            due_on=publication.due_on, title=title_of(act), detail=act.document.number, step=str(HOLDS[publication.hold]()),
            role=_("reviewer"), why=str(own or ""), verb="" if own else _("Read the text"),
            url=reverse("admin:clear_text", args=[act.public_id]), group="second_person" if own else "mine",
        )  # fmt: skip


@site.waiting
def corrections_waiting(user: User, on: date) -> Iterator[Waiting]:
    """Corrections that were proposed: for a second officer to decide, and for their author to see where they are."""
    bodies = own_bodies(user, Permission.DECIDE_BATCH, on)
    waiting = corrections.waiting().filter(Q(agency__in=bodies) | Q(desk_of=user))
    for batch in waiting.order_by("pk")[:MOST_WAITING]:
        own = told(check_another_human, user, batch.desk_of.identity_id if batch.desk_of else None)
        yield Waiting(
            title=_("Correction of %(fact)s") % {"fact": batch.fact}, detail=batch.public_id,
            step=_("proposed, waits for a second person"), role=_("reviewer") if not own else _("author"),
            why=str(own or ""), verb="" if own else _("Decide"), url=reverse("admin:correction", args=[batch.public_id]),
            group="second_person" if own else "mine",
        )  # fmt: skip


def title_of(act: AdministrativeAct) -> str:
    return act.subject.name if act.subject else _("a natural person")
