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


class PublicBody(TextChoices):
    """Subjects that answer to the public purse; their superior is told of their untrustworthiness (SUB-12, RSP-07)."""

    STATE_ORGAN = "state_organ", _("state organ")
    PUBLIC_INSTITUTION = "public_institution", _("public institution")
    STATE_OWNED_ENTERPRISE = "state_owned_enterprise", _("state-owned enterprise")


class QueryPurpose(TextChoices):
    """What a look at non-public information may be for. The list is closed (SEC-01)."""

    INTAKE = "intake", _("taking in and checking what was handed in")
    DETERMINATION = "determination", _("determination of a case")
    PUBLICATION = "publication", _("publication and its clock")
    SERVICE = "service", _("service of a paper")
    OBJECTION = "objection", _("verification of an objection")
    REPAIR = "repair", _("credit repair")
    MEASURE = "measure", _("carrying out a measure")
    COURT = "court", _("review or court proceedings")
    SUPERVISION = "supervision", _("supervision of those who use this system")
    OWN_REQUEST = "own_request", _("request of the person concerned")


WITHOUT_MATTER = frozenset({QueryPurpose.SUPERVISION, QueryPurpose.OWN_REQUEST})


class Channel(TextChoices):
    """By which way the data left."""

    OFFICE = "office", _("on screen")
    API = "api", _("interface")
    EXPORT = "export", _("file")
    PDF = "pdf", _("paper")


class QueryState(TextChoices):
    """SM-22: a registered query."""

    REGISTERED = "registered", _("registered")
    REVIEWED_OK = "reviewed_ok", _("reviewed, in order")
    FLAGGED = "flagged", _("flagged")
    INCIDENT = "incident", _("incident")
    CLEARED = "cleared", _("cleared")


QUERY = {
    QueryState.REGISTERED: {QueryState.REVIEWED_OK, QueryState.FLAGGED},
    QueryState.FLAGGED: {QueryState.INCIDENT, QueryState.CLEARED},
}


class ConsentState(TextChoices):
    """SM-20: a consent to the use of personal information."""

    GIVEN = "given", _("given")
    EXPIRED = "expired", _("expired")
    REVOKED = "revoked", _("revoked")


CONSENT = {ConsentState.GIVEN: {ConsentState.EXPIRED, ConsentState.REVOKED}}

# The events of a review, by what it comes to.
REVIEWED = {
    QueryState.REVIEWED_OK: "query.reviewed",
    QueryState.FLAGGED: "query.flagged",
    QueryState.INCIDENT: "query.found_incident",
    QueryState.CLEARED: "query.cleared",
}


class Mark(TextChoices):
    """Why a look is read again by somebody else (SEC-03, SEC-07). All but the last flag it at once."""

    WITHOUT_MATTER = "without_matter", _("without a case")
    OWN_RELATION = "own_relation", _("about somebody the reader belongs to")
    UNUSUAL_VOLUME = "unusual_volume", _("unusually many looks")
    OUTSIDE_REGION = "outside_region", _("a subject of another region")
    SAMPLED = "sampled", _("drawn by lot")


FLAGS = (Mark.WITHOUT_MATTER, Mark.OWN_RELATION, Mark.UNUSUAL_VOLUME, Mark.OUTSIDE_REGION)


class PersonalField(TextChoices):
    """Personal information that a consent may cover, field by field (SEC-13)."""

    IDENTITY_NUMBER = "identity_number", _("document number")
    BIRTH_DATE = "birth_date", _("birth date")
    TELEPHONE = "telephone", _("telephone number")
    EMAIL = "email", _("e-mail address")
    ADDRESS = "address", _("home address")


LAST_FOUR = "identity_number_last_four"  # what a reveal shows unless the whole is asked for (D7)


class Service(TextChoices):
    """Services for which a consent may be asked. The list is closed."""

    OWN_REQUEST = "own_request", _("answering the person's own request about their information")
    SERVICE_OF_PAPERS = "service_of_papers", _("service of papers at an address of the person's choice")
    REPAIR_CONTACT = "repair_contact", _("reaching the person in charge about a credit repair")


# What each service cannot do without. A consent that asks for more would be a condition of the service (SEC-13).
SERVICES = {
    Service.OWN_REQUEST: frozenset({PersonalField.IDENTITY_NUMBER}),
    Service.SERVICE_OF_PAPERS: frozenset({PersonalField.ADDRESS, PersonalField.EMAIL, PersonalField.TELEPHONE}),
    Service.REPAIR_CONTACT: frozenset({PersonalField.TELEPHONE, PersonalField.EMAIL}),
}
