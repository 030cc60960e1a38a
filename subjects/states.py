"""Words of the register: what a subject, its registration, its names and its responsible persons may be."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SubjectType(TextChoices):
    """What a market subject is in law. Natural persons are no market subjects and stand apart (2019-35(4))."""

    LEGAL_PERSON = "legal_person", _("Legal person")
    UNINCORPORATED = "unincorporated", _("Unincorporated organisation")
    STATE_BODY = "state_body", _("State organ or public institution")


class RegistrationStatus(TextChoices):
    """Where the registration stands. Records stay with the code through every one of these (2019-35(I))."""

    ACTIVE = "active", pgettext_lazy("registration status", "Active")
    REVOKED = "revoked", pgettext_lazy("registration status", "Licence revoked")
    DEREGISTERED = "deregistered", pgettext_lazy("registration status", "Deregistered")
    MOVED_OUT = "moved_out", pgettext_lazy("registration status", "Moved out")
    OTHER = "other", pgettext_lazy("registration status", "Other")


class NameKind(TextChoices):
    """Which of a subject's names this is. A former name finds the subject, and is always shown as former."""

    CURRENT = "current", _("Current name")
    FORMER = "former", _("Former name")
    TRADE = "trade", _("Trade name")


class Role(TextChoices):
    """The position that makes a person answer for a subject (2019-35(12); 2016-33(10), (14))."""

    LEGAL_REP = "legal_representative", _("Legal representative")
    PRINCIPAL = "principal", _("Principal responsible person")
    CONTROLLER = "actual_controller", _("Actual controller")
    DIRECTOR = "director", _("Director")
    SHAREHOLDER = "shareholder", _("Shareholder")
    SENIOR_MANAGER = "senior_manager", _("Senior manager")
    PRACTITIONER = "practitioner", _("Registered practitioner")
