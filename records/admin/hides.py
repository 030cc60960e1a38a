"""Taking off at once, and the second person's decision: one fact, one field, or all that a department handed in."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Agency
from accounts.permissions import Permission
from accounts.rules import agencies_in_reach, subtree
from casework.errors import DomainError
from casework.four_eyes import check_another_human
from casework.office import MOST_WAITING, Gate, ReasonForm, VerbPage, Waiting, get_or_404, site
from casework.office_admin import OfficeAdmin
from casework.templatetags.office import day, moment, state
from records.admin.facts import (
    STYLES,
    DecisionForm,
    FactPage,
    contents_of,
    labels_of,
    own_bodies,
    registered,
    titled,
    told,
)
from records.models import AdministrativeAct, Hide
from records.office_rules import CANNOT_HIDE, check_is_upheld, check_waits
from records.services import hides
from records.states import NEVER_LAPSES, HideGround, HideState, HideWhat
from subjects.states import QueryPurpose

WHOLE = ""


class GroundForm(ReasonForm):
    """Why something is taken off at once: a ground of the list, and a reason in words."""

    ground = forms.ChoiceField(
        label=gettext_lazy("Ground"), choices=HideGround.choices, widget=forms.RadioSelect,
        help_text=gettext_lazy("Personal data and secrets stay hidden until somebody decides; anything else comes back."),
    )  # fmt: skip
    field_order = ["field", "ground", "reason"]


class HidePage(VerbPage):
    """What will disappear is listed before the button; it is gone from every public surface with the button."""

    template_name = "office/hide_verb.html"
    verb = gettext_lazy("Take off now")
    form_class: type[ReasonForm] = GroundForm
    danger = True
    found: hides.Covered

    def context(self) -> dict[str, Any]:
        return {**super().context(), "covered": self.found, "styles": STYLES}

    def effects(self) -> list[Any]:
        due_on = hides.last_day(self.on)
        until = _("A second officer of your body, or of one above it, decides until %(day)s.") % {"day": due_on}
        return [
            self.said(),
            until
            if due_on
            else _("A second officer of your body, or of one above it, decides within one working day."),
            _("If nobody decides, it shows again the day after."),
            _("Personal data and secrets never come back by themselves; late, they go to the superior body."),
        ]

    def said(self) -> str:
        """How much leaves, in a sentence."""
        if self.found.is_capped:
            return _("More than %(n)s facts leave every page, every call and every count at once.") % {
                "n": self.found.count
            }
        return _("%(n)s facts leave every page, every call and every count at once.") % {"n": self.found.count}


@site.page("facts/<str:public_id>/hide/", name="hide_fact")
class HideFactPage(HidePage, FactPage):
    """One fact, or one field of it."""

    title = gettext_lazy("Take a fact off now")
    template_name = "office/hide_verb.html"

    def prepare(self) -> None:
        super().prepare()
        self.found = hides.covered(HideWhat.FACT, fact=self.fact.public_id)

    def form(self) -> forms.Form:
        labels = labels_of(self.fact)
        fields = [
            (name, labels[name]) for name in hides.fields_of(self.fact) if name in labels and name not in CANNOT_HIDE
        ]
        which = forms.ChoiceField(
            label=gettext_lazy("What of it"), required=False, widget=forms.RadioSelect,
            choices=[(WHOLE, _("the whole fact")), *fields],
        )  # fmt: skip
        made = type("HideForm", (self.form_class,), {"field": which})
        form: forms.Form = made(self.request.POST or None, initial={"field": self.request.GET.get("field", WHOLE)})
        return form

    def refusal(self) -> DomainError | None:
        return told(hides.check_can_order, HideWhat.FACT, fact=self.fact.public_id, by=self.officer, on=self.on)

    def said(self) -> str:
        if not self.found.count:
            return _("This fact is not on show now; it will not begin to show while it is hidden.")
        return _("The fact, or the field, leaves every page, every call and every count at once.")

    def act(self, data: dict[str, Any]) -> str:
        field = data.get("field") or ""
        self.order(HideWhat.FIELD if field else HideWhat.FACT, field, data["ground"], data["reason"])
        return _("%(fact)s is off every public page; a second officer decides.") % {"fact": self.fact.public_id}

    def order(self, what: HideWhat, field: str, ground: str, reason: str) -> None:
        self.made = hides.order_hide(
            what, fact=self.fact.public_id, field=field, ground=ground, reason=reason, by=self.officer, on=self.on
        )

    def done(self) -> str:
        return reverse("admin:decide_hide", args=[self.made.uuid])


@site.page("facts/<str:public_id>/withdraw/", name="withdraw")
class WithdrawPage(HideFactPage):
    """The first half of a withdrawal: the fact is off at once; a second officer withdraws it for good or puts it back."""

    title = gettext_lazy("Withdraw a fact")
    verb = gettext_lazy("Take off for withdrawal")
    form_class = ReasonForm

    def form(self) -> forms.Form:
        return ReasonForm(self.request.POST or None)

    def effects(self) -> list[Any]:
        return [
            *super().effects(),
            _("Withdrawn by the second officer, it never comes back on the same document; the file keeps its trail."),
        ]

    def act(self, data: dict[str, Any]) -> str:
        self.order(HideWhat.FACT, "", HideGround.ERROR, data["reason"])
        return _("%(fact)s is off every public page; a second officer withdraws it for good or puts it back.") % {
            "fact": self.fact.public_id
        }


@site.page("departments/<str:code>/hide/", name="hide_sender")
class HideSenderPage(HidePage):
    """Everything that one department handed in: for a source that is disturbed."""

    title = gettext_lazy("Take everything of a department off now")

    def prepare(self) -> None:
        found = get_or_404(agencies_in_reach(self.officer, self.on), unified_code=self.kwargs["code"])
        assert isinstance(found, Agency)
        self.sender = found
        self.found = hides.covered(HideWhat.SENDER, sender=found)

    def context(self) -> dict[str, Any]:
        return {**super().context(), "sender": self.sender}

    def refusal(self) -> DomainError | None:
        return told(hides.check_can_order, HideWhat.SENDER, sender=self.sender, by=self.officer, on=self.on)

    def act(self, data: dict[str, Any]) -> str:
        self.made = hides.order_hide(
            HideWhat.SENDER,
            sender=self.sender,
            ground=data["ground"],
            reason=data["reason"],
            by=self.officer,
            on=self.on,
        )
        return _("Everything that %(body)s handed in is off every public page; a second officer decides.") % {
            "body": self.sender
        }

    def done(self) -> str:
        return reverse("admin:decide_hide", args=[self.made.uuid])


# --- The second person ------------------------------------------------------------------------------------------------

UPHOLD = ("uphold", gettext_lazy("Uphold: it stays hidden until somebody releases it"))
WITHDRAW = ("withdraw", gettext_lazy("Withdraw for good: the fact was wrong and never comes back on the same document"))
UNDO = ("undo", gettext_lazy("Put back: it shows again at once"))
RELEASE = ("release", gettext_lazy("Release: the ground has gone and it shows again at once"))


class HideDecisionForm(DecisionForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Needed to put back, to withdraw and to release. Whoever is concerned will read it."),
    )  # fmt: skip


@site.page("hides/<uuid:uuid>/", name="decide_hide")
class DecideHidePage(VerbPage):
    """One hide: what it covers, who ordered it and why; the second officer decides, later somebody releases it."""

    template_name = "office/hide_decide.html"
    verb = gettext_lazy("Decide")
    title = gettext_lazy("Decide on a hide")

    def prepare(self) -> None:
        found = get_or_404(visible_hides(self.officer, self.on), uuid=self.kwargs["uuid"])
        assert isinstance(found, Hide)
        self.hide = found
        fact = AdministrativeAct.objects.select_related("subject", "person", "document", "item")
        self.fact = fact.filter(public_id=found.fact).order_by("-version").first() if found.fact else None
        self.content: list[tuple[Any, str]] = []
        if self.fact is not None and self.refusal() is None:  # who decides reads what is hidden, and that is registered
            why, fields = self.title, [found.field or "content"]
            registered(self.officer, self.fact, purpose=QueryPurpose.PUBLICATION, why=why, fields=fields, on=self.on)
            self.content = contents_of(self.fact, only=found.field)

    def context(self) -> dict[str, Any]:
        label = labels_of(self.fact).get(self.hide.field, self.hide.field) if self.fact else ""
        late = self.hide.late_since is not None and self.hide.state == HideState.ORDERED
        return {
            **super().context(), "hide": self.hide, "fact": self.fact, "field": label, "is_late": late, "term": hides.TERM,
            "content": self.content,            "never_lapses": self.hide.ground in NEVER_LAPSES, "styles": STYLES,
        }  # fmt: skip

    def refusal(self) -> DomainError | None:
        waits = self.hide.state == HideState.ORDERED
        return told(check_waits if waits else check_is_upheld, self.hide) or told(
            hides.check_may_decide, self.hide, by=self.officer, on=self.on
        )

    def form(self) -> forms.Form:
        waits = self.hide.state == HideState.ORDERED
        withdraw = (WITHDRAW,) if self.hide.what == HideWhat.FACT else ()
        outcomes = (UPHOLD, *withdraw, UNDO) if waits else (RELEASE,)
        made = type("DecideHideForm", (HideDecisionForm,), {"outcomes": outcomes})
        form: forms.Form = made(self.request.POST or None)
        return form

    def effects(self) -> list[Any]:
        if self.hide.state == HideState.UPHELD:
            return [_("Released, it shows again at once, as far as its time still runs.")]
        return [
            _("Upheld, it stays off every public page until another officer releases it."),
            _("Put back, it shows again at once, with every date as before."),
        ]

    def gates(self) -> list[Gate]:
        human = told(check_another_human, self.officer, self.hide.ordered_by_identity_id)
        return [
            Gate(
                human is None,
                _("The decision is another person's than the order."),
                "" if human is None else str(human),
            )
        ]

    def act(self, data: dict[str, Any]) -> str:
        verbs: dict[str, tuple[Callable[..., Hide], str]] = {
            "uphold": (hides.uphold, _("The hide is upheld.")),
            "withdraw": (hides.withdraw_hidden, _("The fact is withdrawn for good.")),
            "undo": (hides.undo, _("The hide is undone; what it covered shows again.")),
            "release": (hides.release, _("The hide is released; what it covered shows again.")),
        }
        verb, said = verbs[data["decision"]]
        verb(self.hide.pk, by=self.officer, on=self.on, reason=data["reason"])
        return said

    def back(self) -> str:
        return reverse("admin:records_hide_changelist")


# --- The list ---------------------------------------------------------------------------------------------------------


def visible_hides(user: Any, on: date) -> QuerySet[Hide]:
    """Hides of bodies in reach, and those of what bodies in reach handed in."""
    reach = agencies_in_reach(user, on)
    return Hide.objects.filter(Q(agency__in=reach) | Q(sender__in=reach)).select_related(
        "agency", "sender", "subject", "ordered_by", "decided_by"
    )


@admin.register(Hide, site=site)
class Hides(OfficeAdmin):
    """Everything that was taken off, newest first; those that wait for a second person carry their last day."""

    permission = Permission.READ_FILE
    keyset = ("-pk",)
    list_display = ("about", "extent", "why", "body", "ordered", "until", "standing")
    list_filter = (
        ("state", titled(gettext_lazy("State"))), ("ground", titled(gettext_lazy("Ground"))),
        ("what", titled(gettext_lazy("What"))),
    )  # fmt: skip
    object_page = "decide_hide"
    empty = gettext_lazy("Nothing has been taken off by a body in your reach.")
    note = gettext_lazy(
        "What is hidden is off every public page at once. A second officer decides within one working day."
    )

    def visible(self, user: Any, on: date) -> QuerySet[Hide]:
        return visible_hides(user, on)

    def page_key(self, row: Hide) -> Any:
        return row.uuid

    @admin.display(description=gettext_lazy("Subject or department"))
    def about(self, row: Hide) -> str:
        return title_of(row)

    @admin.display(description=gettext_lazy("What"))
    def extent(self, row: Hide) -> str:
        return row.get_what_display()

    @admin.display(description=gettext_lazy("Ground"))
    def why(self, row: Hide) -> str:
        return row.get_ground_display()

    @admin.display(description=gettext_lazy("Ordered by"))
    def body(self, row: Hide) -> str:
        return row.agency.name

    @admin.display(description=gettext_lazy("Ordered"))
    def ordered(self, row: Hide) -> Any:
        return moment(row.ordered_at)

    @admin.display(description=gettext_lazy("Decide until"))
    def until(self, row: Hide) -> Any:
        return day(row.due_on)

    @admin.display(description=gettext_lazy("State"))
    def standing(self, row: Hide) -> Any:
        return state(row)


def title_of(hide: Hide) -> str:
    """What a hide is about, without any person's name."""
    if hide.sender:
        return hide.sender.name
    return hide.subject.name if hide.subject else _("a natural person")


site.menu("information", gettext_lazy("Taken off"), "admin:records_hide_changelist", Permission.READ_FILE, icon="lock")


# --- The queue --------------------------------------------------------------------------------------------------------


@site.waiting
def hides_waiting(user: Any, on: date) -> Iterator[Waiting]:
    """Hides that wait for a second person of this body; late ones of bodies below come to the superior too."""
    bodies = own_bodies(user, Permission.DECIDE_HIDE, on)
    below = subtree(*bodies) if bodies else set()
    mine = Q(agency__in=bodies) | Q(agency__in=below, late_since__isnull=False) | Q(ordered_by=user)
    waiting = Hide.objects.filter(mine, state=HideState.ORDERED).select_related("subject", "sender", "agency")
    for hide in waiting.order_by("due_on", "pk")[:MOST_WAITING]:
        own = told(check_another_human, user, hide.ordered_by_identity_id)
        late = _("Nobody of %(body)s decided in time.") % {"body": hide.agency} if hide.late_since else ""
        yield Waiting(
            due_on=hide.due_on, title=title_of(hide), detail=hide.fact or hide.get_what_display(),
            step=_("hidden, waits for a second person"), role=_("reviewer") if not own else _("who ordered it"),
            why=str(own or late), verb="" if own else _("Decide"), url=reverse("admin:decide_hide", args=[hide.uuid]),
            group="second_person" if own else "mine",
        )  # fmt: skip
