"""What is typed into the doors of accounts: present and well-formed. Whether it may be done, the rules say."""

import re
from typing import Any

from django import forms
from django.forms.widgets import Input
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, AgencyKind, ApiClient, Level, Region, User
from accounts.permissions import PURPOSES, ROLE_NAMES, SCOPE_NAMES
from accounts.rules import LONGEST_KEY_DAYS
from casework.office import ReasonForm

LONGEST_TYPED = 256
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643


class Unrepeated(forms.TextInput):
    """A line that is never sent back: a code that may be used up, a number that is kept nowhere."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


def text(
    label: Any, *, autocomplete: str = "off", widget: type[Input] = forms.TextInput, **more: Any
) -> forms.CharField:
    """One line of text, as the browser should fill it in or not."""
    attrs = {"class": "cp-input", "autocomplete": autocomplete, "autocapitalize": "none", "spellcheck": "false"}
    more.setdefault("max_length", LONGEST_TYPED)
    strip = not issubclass(widget, forms.PasswordInput)
    return forms.CharField(label=label, widget=widget(attrs=attrs), strip=strip, **more)


def code(**more: Any) -> forms.CharField:
    """A one-time code; one of last resort counts too."""
    more.setdefault("help_text", _("Six digits from your authenticator, or one of your recovery codes."))
    return text(_("One-time code"), autocomplete="one-time-code", widget=Unrepeated, max_length=40, **more)


def day(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput({"class": "cp-input", "type": "date"}, "%Y-%m-%d"), **more
    )


def choice(label: Any, choices: Any, **more: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, widget=forms.Select(attrs={"class": "cp-input"}), **more)


def one_of(label: Any, rows: Any, **more: Any) -> Any:
    """One row; which rows there are, the page says."""
    return forms.ModelChoiceField(label=label, queryset=rows, widget=forms.Select(attrs={"class": "cp-input"}), **more)


# --- Own access


class SignInForm(forms.Form):
    username = text(_("User name"), autocomplete="username")
    password = text(_("Password"), autocomplete="current-password", widget=forms.PasswordInput)
    code = code()


class AccessForm(forms.Form):
    username = text(_("User name"), autocomplete="username")
    first = text(
        _("First half of the code"), widget=Unrepeated, help_text=_("From the account keeper who proposed it.")
    )
    second = text(
        _("Second half of the code"), widget=Unrepeated, help_text=_("From the account keeper who confirmed it.")
    )


class NewPassword(forms.Form):
    """A new password, typed twice."""

    new = text(
        _("New password"), autocomplete="new-password", widget=forms.PasswordInput,
        help_text=_("12 to 128 characters of any kind; a sentence is easy to keep. Common passwords are refused."),
    )  # fmt: skip
    again = text(_("The new password again"), autocomplete="new-password", widget=forms.PasswordInput)

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = self.cleaned_data
        if "new" in typed and "again" in typed and typed["new"] != typed["again"]:
            self.add_error("again", _("The two are not the same."))
        return typed


class TakeAccessForm(NewPassword):
    code = code(help_text=_("The six digits that the authenticator shows now, after it has read the picture."))


class PasswordForm(NewPassword):
    old = text(_("Present password"), autocomplete="current-password", widget=forms.PasswordInput)
    code = code()
    field_order = ("old", "new", "again", "code")


class NothingToTypeForm(forms.Form):
    """The button is the whole form; a fresh code is asked beside it where one is due."""


# --- Acts of the account keepers


def identity_number(number: str) -> str:
    """A resident identity number with its right check digit (GB 11643); the sentence of a refusal never repeats it."""
    written = re.sub(r"\s", "", number).upper()
    if re.fullmatch(r"[1-9][0-9]{16}[0-9X]", written, re.ASCII):
        total = sum(int(digit) * weight for digit, weight in zip(written, WEIGHTS, strict=False))
        if "10X98765432"[total % 11] == written[17]:
            return written
    raise forms.ValidationError(_("This number does not check out: compare its 18 characters with the card."))


class PostingForm(ReasonForm):
    agency = one_of(_("Body"), Agency.objects.none())
    role = choice(_("Role"), list(ROLE_NAMES.items()))
    valid_from = day(_("From"))
    valid_to = day(_("Last day"), required=False)
    field_order: tuple[str, ...] = ("agency", "role", "valid_from", "valid_to", "reason")


class AccountForm(PostingForm):
    number = text(
        _("Resident identity number"), widget=Unrepeated, max_length=40,
        help_text=_("From the card itself. Only a keyed digest is kept; it is shown nowhere again."),
    )  # fmt: skip
    name = text(_("Name"), max_length=60, help_text=_("As colleagues read it; never on a public page."))
    username = text(_("User name"), max_length=64, help_text=_("Begins with a letter: small letters, digits, . _ -"))
    field_order = ("number", "name", "username", "agency", "role", "valid_from", "valid_to", "reason")

    def clean_number(self) -> str:
        return identity_number(self.cleaned_data["number"])


class EndPostingForm(ReasonForm):
    valid_to = day(_("Last day"))
    successor = one_of(_("Who takes over open work"), User.objects.none(), required=False)
    field_order = ("valid_to", "successor", "reason")


class DeputyForm(ReasonForm):
    user = one_of(_("Deputy"), User.objects.none())
    valid_from = day(_("From"))
    valid_to = day(_("Last day"))
    field_order = ("user", "valid_from", "valid_to", "reason")


class CloseForm(ReasonForm):
    successor = one_of(_("Who takes over open work"), User.objects.none(), required=False)
    field_order = ("successor", "reason")


class AgencyForm(ReasonForm):
    unified_code = text(_("Unified social credit code"), max_length=18)
    name = text(_("Full name"), max_length=120)
    kind = choice(_("Kind"), AgencyKind.choices)
    level = choice(_("Level"), Level.choices)
    region = one_of(_("Division"), Region.objects.filter(valid_to=None).order_by("code"))
    superior = one_of(_("Body above it"), Agency.objects.none(), required=False)
    is_administrative_organ = forms.BooleanField(label=_("It is an administrative organ"), required=False, initial=True)
    authorised_by = text(
        _("Law that authorises it"),
        max_length=200,
        required=False,
        help_text=_("For a body that is no organ (REC-06)."),
    )
    field = text(_("Field it supervises"), max_length=40, required=False)
    domain = text(_("Domain that repair rules treat more strictly"), max_length=20, required=False)
    channel_name = text(_("Where it publishes itself"), max_length=120, required=False)
    channel_url = forms.URLField(
        label=_("Address of that page"), required=False, assume_scheme="https", widget=forms.URLInput(attrs={"class": "cp-input"})
    )  # fmt: skip
    valid_from = day(_("Exists from"))
    field_order = (
        "unified_code", "name", "kind", "level", "region", "superior", "is_administrative_organ", "authorised_by", "field",
        "domain", "channel_name", "channel_url", "valid_from", "reason",
    )  # fmt: skip


class RenameForm(ReasonForm):
    name = text(_("New full name"), max_length=120)
    day = day(_("First day of the new name"))
    field_order = ("name", "day", "reason")


class MergeForm(ReasonForm):
    successor = one_of(_("Body that goes on"), Agency.objects.none())
    day = day(_("Last day of the body that ends"))
    field_order = ("successor", "day", "reason")


class RegionForm(ReasonForm):
    successor = text(_("Code that follows"), max_length=6)
    name = text(
        _("Name of the division that follows"), max_length=60, required=False, help_text=_("Only if it is new.")
    )
    day = day(_("Last day of the old code"))
    field_order = ("successor", "name", "day", "reason")


# --- Keys


class ClientForm(forms.Form):
    kind = choice(_("Kind of key"), ApiClient.Kind.choices)
    agency = one_of(_("Body"), Agency.objects.none(), required=False)
    name = text(
        _("What the key is for"), max_length=120, help_text=_("The system that uses it, as its keepers call it.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=list(SCOPE_NAMES.items()), required=False, widget=forms.CheckboxSelectMultiple
    )
    purposes = forms.MultipleChoiceField(
        label=_("Purposes"), choices=list(PURPOSES.items()), required=False, widget=forms.CheckboxSelectMultiple
    )
    networks = forms.CharField(
        label=_("Source networks"), required=False, max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "cp-input", "spellcheck": "false"}),
        help_text=_("One a line, like 10.20.0.0/16. Empty: from anywhere."),
    )  # fmt: skip
    days = forms.IntegerField(
        label=_("Days it lives"), min_value=1, max_value=LONGEST_KEY_DAYS, initial=LONGEST_KEY_DAYS,
        widget=forms.NumberInput(attrs={"class": "cp-input"}),
    )  # fmt: skip

    def clean_networks(self) -> list[str]:
        return str(self.cleaned_data["networks"]).split()
