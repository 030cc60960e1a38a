"""What officers type about looks, numbers and consents: present and well-formed. Whether it may be done, the rules say."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from casework.privacy import Purpose
from subjects.states import PersonalField, PublicBody, QueryPurpose, Service

REASON = _("Whoever is concerned will read it. Write no personal numbers.")


def reason(**more: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label=_("Reason"), widget=widget, max_length=2000, help_text=REASON, **more)


class LookForm(forms.Form):
    """What a look at a file is for: a purpose of the list that the officer's postings allow, the case, why."""

    purpose = forms.ChoiceField(label=_("Purpose"), widget=forms.RadioSelect)
    matter = forms.CharField(
        label=_("Case number"), max_length=80, required=False,
        help_text=_("The case it is needed for. Only supervision and a person's own request can do without one."),
    )  # fmt: skip
    reason = reason()

    def __init__(self, *args: Any, purposes: list[QueryPurpose], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["purpose"]
        chosen.choices = [(purpose.value, purpose.label) for purpose in purposes]


class RevealForm(LookForm):
    """The same for the number of a person; the last four characters are shown unless the whole is asked for."""

    is_full = forms.BooleanField(
        label=_("I need the whole number"), required=False, help_text=_("Otherwise its last four characters are shown.")
    )

    def __init__(self, *args: Any, purposes: list[QueryPurpose], **kwargs: Any) -> None:
        super().__init__(*args, purposes=[purpose for purpose in purposes if purpose in Purpose.values], **kwargs)


class ReviewForm(forms.Form):
    """A review that finds a look in order needs no reason."""

    reason = reason(required=False)


class MarkForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[("", _("no body of the public purse")), *PublicBody.choices], required=False,
        widget=forms.RadioSelect,
    )  # fmt: skip
    reason = reason()


class ConsentForm(forms.Form):
    """A consent as the person gave it on paper: what they read is typed word for word."""

    service = forms.ChoiceField(label=_("Service"), choices=Service.choices, widget=forms.RadioSelect)
    purpose = forms.CharField(label=_("Purpose, as the person read it"), max_length=200)
    manner = forms.CharField(label=_("Manner of use, as the person read it"), max_length=200)
    scope = forms.MultipleChoiceField(
        label=_("Fields"), choices=PersonalField.choices, widget=forms.CheckboxSelectMultiple
    )
    ends_on = forms.DateField(
        label=_("Last day"), help_text=_("Like 2027-11-20; at most two years ahead."), widget=forms.DateInput()
    )
    shown_text = forms.CharField(
        label=_("The text that the person read, word for word"), widget=forms.Textarea(attrs={"rows": 6}), max_length=5000,
        help_text=_("It says purpose, manner, fields and the last day (as 2027-11-20)."),
    )  # fmt: skip
