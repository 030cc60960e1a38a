"""What is done with a whole delivery: taking in, giving up, and the acts of which one officer proposes and another decides."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.permissions import Permission
from casework.errors import DomainError
from casework.models import Step
from casework.office import Gate, ReasonForm, VerbPage, get_or_404, site
from records.admin.batch import OfBatch
from records.admin.intake import act_of, batch_url
from records.models import BatchStep
from records.services import desk, desk_steps
from records.services import desk_checks as checks
from records.services.desk_rows import counts
from records.states import Batch, Verdict

# --- What is done with the whole ----------------------------------------------------------------------------------------


class BatchVerb(OfBatch, VerbPage):
    """An act on the whole delivery."""

    permission = Permission.TAKE_IN

    def check(self) -> None:
        """The verb's own checks, asked before the button is shown."""

    def refusal(self) -> DomainError | None:
        try:
            self.check()
        except DomainError as refusal:
            return refusal
        return None

    def back(self) -> str:
        return batch_url(self.batch)

    def context(self) -> dict[str, Any]:
        return {**super().context(), "batch": self.batch}


@site.page("intake/<slug:public_id>/take-in/", name="batch_take_in")
class TakeIn(BatchVerb):
    """The second button: what passed goes in, and what may be public is public with it."""

    form_class = forms.Form

    def prepare(self) -> None:
        super().prepare()
        self.going = counts(checks.to_take_in(self.batch))
        self.n = sum(self.going.values())
        self.title = self.verb = ngettext("Take in %(n)s row", "Take in %(n)s rows", self.n) % {"n": f"{self.n:,}"}

    def check(self) -> None:
        checks.check_may_handle(self.officer, self.batch, on=self.on)
        checks.check_can_take_in(self.batch, on=self.on)

    def gates(self) -> list[Gate]:
        wanted = self.going[Verdict.WITHDRAWN]
        gates = [Gate(self.n > 0, _("At least one row passes."))]
        if wanted:
            needed = checks.needs_second_person(self.batch, on=self.on)
            text = _(
                "It withdraws %(n)s facts. More than 50 a day, or more than one in a hundred, needs a second person."
            )
            who = _("Ask for a second person on the page of the delivery.") if needed else ""
            gates.append(Gate(not needed, text % {"n": wanted}, who))
        return gates

    def effects(self) -> list[Any]:
        told = {
            Verdict.ACCEPTED: _("%(n)s new facts are taken in; what may be public is public at once."),
            Verdict.HELD: _("%(n)s facts are taken in and wait for a second officer before they show."),
            Verdict.CORRECTED: _("%(n)s facts are corrected: a new version takes the place of the old one."),
            Verdict.WITHDRAWN: _("%(n)s facts are withdrawn and never come back on the same document."),
            Verdict.UNCHANGED: _("%(n)s rows say what is held already; nothing happens to them."),
            Verdict.DUPLICATE: _("%(n)s rows stand twice in the file; nothing happens to them."),
        }
        sentences = [
            sentence % {"n": f"{self.going[verdict]:,}"} for verdict, sentence in told.items() if self.going[verdict]
        ]
        left = self.batch.quarantine.filter(emptied_on=None, verdict=Verdict.REFUSED)
        if refused := left.count():
            last = left.order_by("erase_on").values_list("erase_on", flat=True).first()
            text = _("%(n)s refused rows stay in quarantine until %(day)s and are entered in the register of refusals.")
            sentences.append(text % {"n": f"{refused:,}", "day": last})
        if self.batch.is_history:
            sentences.append(
                _("It is a first load of history: no clock runs for these facts, and none is marked late.")
            )
        return [*sentences, _("Every row is judged once more by the rules of this moment.")]

    def act(self, data: dict[str, Any]) -> str:
        target = desk.take_in_batch(self.batch.pk, by=self.officer, on=self.on)
        if target.state == Batch.APPLYING:
            return _("The rows are being taken in; this page says how far it has come.")
        refused = target.totals[Verdict.REFUSED]
        went_in = sum(target.totals.values()) - refused
        return _("%(n)s rows were taken in; %(refused)s refused rows wait in quarantine.") % {
            "n": f"{went_in:,}", "refused": f"{refused:,}",
        }  # fmt: skip


@site.page("intake/<slug:public_id>/abandon/", name="batch_abandon")
class Abandon(BatchVerb):
    """Before anything went in: the whole file is given up."""

    title = verb = gettext_lazy("Give the delivery up")
    danger = True

    def check(self) -> None:
        checks.check_may_handle(self.officer, self.batch, on=self.on)
        checks.check_can_abandon(self.batch)

    def effects(self) -> list[Any]:
        return [
            _("Every row in quarantine is emptied at once. The file has to be handed in again."),
            _("Nothing that is held changes. The delivery, its figures and your reason stay in the audit."),
        ]

    def act(self, data: dict[str, Any]) -> str:
        desk.abandon(self.batch.pk, by=self.officer, on=self.on, reason=data["reason"])
        return _("The delivery was given up; its rows are emptied.")


@site.page("intake/<slug:public_id>/discard/", name="batch_discard")
class Discard(BatchVerb):
    """The refused rows are given up; they need no correction."""

    title = verb = gettext_lazy("Give up the refused rows")
    danger = True

    def check(self) -> None:
        checks.check_may_handle(self.officer, self.batch, on=self.on)
        checks.check_can_change_rows(self.batch)

    def effects(self) -> list[Any]:
        n = self.batch.quarantine.filter(emptied_on=None, verdict=Verdict.REFUSED).count()
        return [_("%(n)s refused rows are emptied at once; their verdicts stay.") % {"n": f"{n:,}"}]

    def act(self, data: dict[str, Any]) -> str:
        n = desk.discard_rows(self.batch.pk, None, by=self.officer, on=self.on, reason=data["reason"])
        return _("%(n)s refused rows were given up.") % {"n": f"{n:,}"}


# --- Two persons --------------------------------------------------------------------------------------------------------


class Proposal(BatchVerb):
    """One officer proposes; another decides."""

    permission = Permission.WITHDRAW_BATCH

    def check(self) -> None:
        checks.check_may_propose(self.officer, self.batch, on=self.on)

    def second(self) -> Any:
        return _(
            "Nothing happens before a second person has read this and agreed. It appears in the queue of the reviewers."
        )


@site.page("intake/<slug:public_id>/history/", name="batch_history")
class ProposeHistory(Proposal):
    title = gettext_lazy("Take in as first load of history")
    verb = gettext_lazy("Propose it")

    def check(self) -> None:
        super().check()
        checks.check_can_load_history(self.batch)

    def effects(self) -> list[Any]:
        return [
            _("The file holds facts from before the body began to hand in here. No publication clock runs for them."),
            _(
                "Each is judged by the catalogue of the day of its decision, or by the first edition if there was none yet."
            ),
            self.second(),
            _("Then the dry run is made anew, and you take in what passes."),
        ]

    def act(self, data: dict[str, Any]) -> str:
        desk_steps.propose_history(self.batch.pk, by=self.officer, on=self.on, reason=data["reason"])
        return _("Proposed. A second person decides.")


@site.page("intake/<slug:public_id>/ask/", name="batch_ask")
class AskForSecond(Proposal):
    title = gettext_lazy("Have the withdrawals agreed to")
    verb = gettext_lazy("Ask a second person")

    def effects(self) -> list[Any]:
        n = checks.withdrawals(checks.to_take_in(self.batch))
        return [
            _("The file withdraws %(n)s facts, more than one person may withdraw in a day.") % {"n": f"{n:,}"}, self.second(),
        ]  # fmt: skip

    def act(self, data: dict[str, Any]) -> str:
        desk_steps.propose_taking_in(self.batch.pk, by=self.officer, on=self.on, reason=data["reason"])
        return _("Proposed. A second person decides.")


@site.page("intake/<slug:public_id>/withdraw/", name="batch_withdraw")
class ProposeWithdrawal(Proposal):
    title = gettext_lazy("Withdraw the whole delivery")
    verb = gettext_lazy("Propose the withdrawal")
    danger = True

    def check(self) -> None:
        super().check()
        checks.check_can_withdraw(self.batch)

    def effects(self) -> list[Any]:
        return [*withdrawal_said(desk_steps.preview(self.batch, on=self.on)), self.second()]

    def act(self, data: dict[str, Any]) -> str:
        desk_steps.propose_withdrawal(self.batch.pk, by=self.officer, on=self.on, reason=data["reason"])
        return _("Proposed. A second person decides; until then everything stands.")


def withdrawal_said(figures: dict[str, int]) -> list[str]:
    """What a withdrawal would do, in sentences."""
    said = [
        _("The delivery brought %(facts)s facts; %(standing)s of them stand and would be withdrawn."),
        _("%(public)s of them are public now and would leave every public surface at once."),
        _("%(withdrawn)s were withdrawn and %(corrected)s corrected since; those stay as they are."),
        _("None of them comes back on the same document."),
    ]
    return [sentence % figures for sentence in said]


class DecideForm(ReasonForm):
    """Agree, refuse, or take back what one proposed oneself."""

    to = forms.ChoiceField(label=gettext_lazy("Decision"), widget=forms.RadioSelect)
    field_order = ("to", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = False
        self.fields["reason"].help_text = _("Needed for a refusal. Whoever is concerned will read it.")


@site.page("intake/<slug:public_id>/steps/<uuid:step>/", name="batch_step")
class DecideStep(BatchVerb):
    """What was proposed, its figures then and now, and the decision of a second person."""

    permission = Permission.READ_FILE
    verb = gettext_lazy("Decide")
    template_name = "office/batch_step.html"
    form_class = DecideForm

    def prepare(self) -> None:
        super().prepare()
        steps = BatchStep.objects.filter(batch=self.batch).select_related("proposed_by", "decided_by")
        found: Any = get_or_404(steps, uuid=self.kwargs["step"])
        self.step: BatchStep = found
        self.step.batch = self.batch
        self.title = _("Decide: %(act)s") % {"act": act_of(self.step)}
        self.is_own = self.step.proposed_by_identity_id == self.officer.identity_id

    def check(self) -> None:
        checks.check_is_waiting(self.step)
        if not self.is_own:
            checks.check_may_decide(self.officer, self.step, on=self.on)

    def form(self) -> forms.Form:
        form = super().form()
        choices: list[tuple[str, Any]] = [(Step.CONFIRMED, _("I agree")), (Step.REJECTED, _("I do not agree"))]
        field: Any = form.fields["to"]
        field.choices = [(Step.TAKEN_BACK, _("I take it back"))] if self.is_own else choices
        return form

    def effects(self) -> list[Any]:
        if self.is_own:
            return [_("You proposed this; somebody else must decide. You may take it back.")]
        if self.step.kind == BatchStep.Kind.LOAD_HISTORY:
            return [
                _("If you agree, the dry run is made anew without a clock; the officer then takes in what passes."),
                _("If you do not, the file stays as it was judged."),
            ]
        if self.step.kind == BatchStep.Kind.LET_WITHDRAW:
            text = _("If you agree, the officer may take the file in; it withdraws %(withdraws)s facts.")
            return [text % self.step.preview]
        now = desk_steps.preview(self.batch, on=self.on)
        return [_("If you agree, it is done at once:"), *withdrawal_said(now)]

    def act(self, data: dict[str, Any]) -> str:
        step = desk_steps.decide(self.step.pk, Step(data["to"]), by=self.officer, on=self.on, reason=data["reason"])
        return _("%(act)s: %(decision)s.") % {"act": act_of(step), "decision": step.get_state_display()}

    def context(self) -> dict[str, Any]:
        return {**super().context(), "step": self.step, "act": act_of(self.step)}
