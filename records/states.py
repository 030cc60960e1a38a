"""States of SM-4, SM-5, SM-6 and their edges; the same tables become triggers in models.py."""

from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Document(TextChoices):
    """SM-4: a basis document."""

    REGISTERED = "registered", _("registered")
    EFFECTIVE = "effective", _("in effect")
    STAYED = "stayed", _("stayed")
    ANNULLED = "annulled", _("annulled")


DOCUMENT = {
    Document.REGISTERED: {Document.EFFECTIVE},
    Document.EFFECTIVE: {Document.STAYED, Document.ANNULLED},
    Document.STAYED: {Document.EFFECTIVE, Document.ANNULLED},
}


class Act(TextChoices):
    """An administrative act as handed in. A correction is a new version; nothing is overwritten (REC-08)."""

    EFFECTIVE = "effective", _("in effect")
    CORRECTED = "corrected", _("replaced by a corrected version")
    WITHDRAWN = "withdrawn", _("withdrawn")


ACT = {Act.EFFECTIVE: {Act.CORRECTED, Act.WITHDRAWN}}


class Untrustworthiness(TextChoices):
    """SM-5: an untrustworthiness record."""

    DRAFT = "draft", _("draft")
    TOLERANCE_REVIEW = "tolerance_review", _("under tolerance review")
    NOT_RECORDED = "not_recorded", _("not recorded")
    EFFECTIVE = "effective", _("in effect")
    UNDER_VERIFICATION = "under_verification", _("under verification")
    CORRECTED = "corrected", _("replaced by a corrected version")
    WITHDRAWN = "withdrawn", _("withdrawn")
    REPAIRED_MARKED = "repaired_marked", _("repaired, marked")
    REPAIRED_BLOCKED = "repaired_blocked", _("repaired, blocked")
    DELETED = "deleted", _("deleted")
    EXPIRED = "expired", _("expired")


U = Untrustworthiness
UNTRUSTWORTHINESS = {
    U.DRAFT: {U.TOLERANCE_REVIEW, U.EFFECTIVE},
    U.TOLERANCE_REVIEW: {U.DRAFT, U.NOT_RECORDED},
    U.EFFECTIVE: {
        U.UNDER_VERIFICATION, U.CORRECTED, U.WITHDRAWN, U.REPAIRED_MARKED, U.REPAIRED_BLOCKED, U.DELETED, U.EXPIRED,
    },
    U.UNDER_VERIFICATION: {U.EFFECTIVE, U.CORRECTED, U.WITHDRAWN},
}  # fmt: skip
# EFFECTIVE → CORRECTED is the sender's own correction (REC-08); SM-5 names the same step after a verification.


class Clock(TextChoices):
    """SM-6: the publication of an act."""

    PENDING = "pending", _("to be published")
    EXEMPT = "exempt", _("exempt from publication")
    NOT_DISCLOSABLE = "not_disclosable", _("not to be disclosed")
    PUBLISHED = "published", _("published")
    OVERDUE = "overdue", _("overdue")
    PUBLISHED_LATE = "published_late", _("published late")
    AGGREGATED = "aggregated", _("published there and here")
    ENDED = "ended", _("ended")


C = Clock
PUBLICATION = {
    C.PENDING: {C.EXEMPT, C.NOT_DISCLOSABLE, C.PUBLISHED, C.OVERDUE, C.ENDED},
    C.OVERDUE: {C.PUBLISHED_LATE, C.ENDED},
    C.PUBLISHED: {C.AGGREGATED, C.ENDED},
    C.PUBLISHED_LATE: {C.AGGREGATED, C.ENDED},
    C.AGGREGATED: {C.ENDED},
    C.EXEMPT: {C.ENDED},
    C.NOT_DISCLOSABLE: {C.ENDED},
}
# → ENDED from a state that never showed: the act was withdrawn (docs/decisions/0004).
SHOWN = frozenset({C.PUBLISHED, C.PUBLISHED_LATE, C.AGGREGATED})


class Occasion(TextChoices):
    """In the course of what the conduct was noticed (REC-07)."""

    REGISTRATION = "registration", _("registration")
    QUALIFICATION = "qualification", _("review of a qualification")
    SUPERVISION = "supervision", _("routine supervision")
    PUBLIC_SERVICE = "public_service", _("public service")


class Tolerance(TextChoices):
    """Conduct that is recorded only after a written tolerance review by a second officer (REC-09 to REC-11)."""

    MINOR = "minor", _("conduct of a minor")
    FORCE_MAJEURE = "force_majeure", _("caused by force majeure")
    MINOR_UNINTENTIONAL = "minor_unintentional", _("minor and without intent")


class Batch(TextChoices):
    """A delivery of rows. An officer's file is checked first; a key of a body applies at once."""

    CHECKING = "checking", _("being checked")
    CHECKED = "checked", _("checked, nothing written")
    APPLYING = "applying", _("being applied")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    ABANDONED = "abandoned", _("given up")
    WITHDRAWN = "withdrawn", _("withdrawn as a whole")


BATCH = {
    Batch.CHECKING: {Batch.CHECKED, Batch.FAILED, Batch.ABANDONED},
    Batch.CHECKED: {Batch.CHECKING, Batch.APPLYING, Batch.ABANDONED},
    Batch.APPLYING: {Batch.DONE, Batch.FAILED},
    Batch.DONE: {Batch.WITHDRAWN},
}


class HideWhat(TextChoices):
    FACT = "fact", _("one fact")
    FIELD = "field", _("one field of a fact")
    SENDER = "sender", _("everything one department handed in")


class HideGround(TextChoices):
    """Why something is taken off at once. The first two never lapse."""

    PERSONAL_DATA = "personal_data", _("personal data show that may not")
    SECRET = "secret", _("a state or business secret shows")
    ERROR = "error", _("it seems to be wrong")
    SOURCE = "source", _("the source seems to be disturbed")


NEVER_LAPSES = frozenset({HideGround.PERSONAL_DATA, HideGround.SECRET})


class HideState(TextChoices):
    ORDERED = "ordered", _("hidden, waiting for a second person")
    UPHELD = "upheld", _("hidden, upheld")
    UNDONE = "undone", _("undone by a second person")
    LAPSED = "lapsed", _("undone, nobody upheld it in time")
    RELEASED = "released", _("released")


HIDE = {
    HideState.ORDERED: {HideState.UPHELD, HideState.UNDONE, HideState.LAPSED},
    HideState.UPHELD: {HideState.RELEASED},
}
HIDDEN = frozenset({HideState.ORDERED, HideState.UPHELD})


class ItemReviewState(TextChoices):
    OPEN = "open", _("waiting for review")
    KEPT = "kept", _("stays")
    WITHDRAWN = "withdrawn", _("withdrawn")


ITEM_REVIEW = {ItemReviewState.OPEN: {ItemReviewState.KEPT, ItemReviewState.WITHDRAWN}}


class CircularState(TextChoices):
    ISSUED = "issued", _("issued")
    ANSWERED = "answered", _("answered")


CIRCULAR = {CircularState.ISSUED: {CircularState.ANSWERED}}


class DocumentType(TextChoices):
    """REC-02: the closed set of bases; "other" only with the law that allows it (REC-03)."""

    JUDGMENT = "judgment", _("judicial judgment")
    ARBITRATION = "arbitration", _("arbitral award")
    PENALTY = "penalty", _("administrative penalty decision")
    ADJUDICATION = "adjudication", _("administrative adjudication decision")
    OTHER_ACT = "other_act", _("other administrative decision")
    OTHER_DOCUMENT = "other_document", _("other document allowed by law")


class ActKind(TextChoices):
    """The ten kinds of administrative act (2016-33(17), 2019-35(15))."""

    LICENCE = "licence", _("administrative licence")
    PENALTY = "penalty", _("administrative penalty")
    COMPULSION = "compulsion", _("administrative compulsion")
    CONFIRMATION = "confirmation", _("administrative confirmation")
    LEVY = "levy", _("administrative collection")
    PAYMENT = "payment", _("administrative payment")
    ADJUDICATION = "adjudication", _("administrative adjudication")
    COMPENSATION = "compensation", _("administrative compensation")
    REWARD = "reward", _("administrative reward")
    INSPECTION = "inspection", _("administrative inspection")


class Phase(TextChoices):
    """In which phase of supervision the event arose (SUB-08)."""

    BEFORE = "before", _("before the fact")
    DURING = "during", _("in the process")
    AFTER = "after", _("after the fact")


class Delay(TextChoices):
    """Whose delay a late publication was: received after the due day, or held by the portal."""

    DEPARTMENT = "department", _("the department")
    PORTAL = "portal", _("the portal")


class Verdict(TextChoices):
    """What became of a row (api.md 5.1)."""

    ACCEPTED = "accepted", _("accepted")
    CORRECTED = "corrected", _("corrected")
    WITHDRAWN = "withdrawn", _("withdrawn")
    UNCHANGED = "unchanged", _("unchanged")
    DUPLICATE = "duplicate", _("duplicate")
    HELD = "held", _("held")
    REFUSED = "refused", _("refused")


# Why a row is refused or held: the rule's name in the contract, the requirements behind it, and what it says (api.md 5.1).
# The gate (rules.py) and the reading of rows (forms.py) use these names and no others.
REFUSAL_RULES: dict[str, tuple[tuple[str, ...], Any]] = {
    "row_unreadable": (("REC-18",), _("The row cannot be read.")),
    "value_missing": (("REC-18", "SUB-02", "SUB-11"), _("A value that must be there is missing.")),
    "value_too_long": (("REC-18",), _("A value is longer than its column.")),
    "value_not_in_list": (("REC-18", "SEC-16"), _("A value is none of those that the column takes.")),
    "date_invalid": (("REC-18",), _("A day is not written like 2026-03-01, or there is no such day.")),
    "number_invalid": (("REC-18",), _("An amount is not written as a number with at most six decimals.")),
    "identity_number_refused": (("RSP-10",), _("An identity number stands in a column that takes none.")),
    "code_malformed": (("SUB-02",), _("A unified social credit code is not valid; code_check says where.")),
    "subject_not_in_register": (("SUB-01",), _("The register holds no subject with this code.")),
    "subject_name_mismatch": (("REC-04",), _("The register holds this code under another name.")),
    "fine_amount_missing": (("REC-18",), _("The penalty is a fine; its amount is missing.")),
    "validity_order": (("REC-18",), _("A day lies before the day of the decision.")),
    "date_in_future": (("REC-18",), _("A day that must have come lies in the future.")),
    "decided_after_recorded": (("REC-05",), _("The decision is dated after the day on which it was handed in.")),
    "basis_mismatch": (("REC-04",), _("The row differs from the document on which it rests.")),
    "basis_type_not_allowed": (("REC-02",), _("The catalogue item does not rest on such documents.")),
    "body_not_authorised": (("REC-06",), _("The authority may not determine conduct on that day.")),
    "authority_not_sender": (("REC-06",), _("The sender hands in for itself and for bodies below it only.")),
    "catalogue_item_not_in_force": (
        ("CAT-01", "CAT-08", "CAT-17"),
        _("The catalogue item was not in force on that day."),
    ),
    "outside_catalogue": (("CAT-01", "CAT-08", "CAT-17"), _("The catalogue has no such item for such a fact.")),
    "catalogue_item_other_region": (("CAT-04",), _("The catalogue item belongs to another region.")),
    "no_power_for_item": (("CAT-15",), _("The authority has no power for this catalogue item.")),
    "not_collecting_department": (("CAT-14", "SHR-02"), _("Another department collects this catalogue item.")),
    "personal_field_not_in_catalogue": (("CAT-16", "SEC-10"), _("The catalogue item covers no personal information.")),
    "act_kind_switched_off": (("PUB-05",), _("Acts of this kind are not taken in from this region.")),
    "exemption_without_citation": (
        ("PUB-06",),
        _("An exemption cites no provision of a law or administrative regulation in force that day."),
    ),
    "publication_period_unknown": (("SHR-10", "SHR-11"), _("No rule gives a last day of publication.")),
    "differs_from_record": (("SHR-02",), _("It differs from the record held; a correction says op=correct.")),
    "already_held_by_other_sender": (("SHR-02",), _("Another department handed in this fact.")),
    "basis_not_effective": (("REC-01",), _("Its document is stayed; it is corrected when the stay is lifted.")),
    "nothing_to_correct": (("REC-08",), _("There is no such record, or it says the same.")),
    "reason_missing": (("REC-08",), _("A correction or withdrawal needs a reason.")),
    "restored_on_same_facts": (
        ("REC-08", "REP-22"),
        _("What was withdrawn, repaired or deleted does not come back on the same document."),
    ),
    "identity_number_in_text": (("SHR-06",), _("Held: a personal number stands in a text that would be public.")),
    "person_name_in_text": (("SHR-06",), _("Held: a person's name stands in a text that would be public.")),
    "tolerance_review_needed": (("REC-09",), _("Held: the person was under 18; the fact is reviewed and never shown.")),
}
