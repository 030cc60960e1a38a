"""The closed vocabularies of the rules in force, and the tables of their states (SM-1, SM-2, SM-3)."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class Confidence(TextChoices):
    """Whether the text was seen (verified) or is remembered and must be checked against the original before use."""

    VERIFIED = "verified", _("verified against the text")
    FROM_MEMORY = "from_memory", _("verify before use")


class BasisKind(TextChoices):
    """Kinds of document a legal basis may be (requirements 0.1)."""

    LAW = "law", _("law")
    ADMIN_REG = "admin_reg", _("administrative regulation")
    CENTRAL_POLICY = "central_policy", _("policy document of the Party Central Committee and the State Council")
    SC_DECISION = "sc_decision", _("decision or order of the State Council")
    LOCAL_REG = "local_reg", _("local regulation")
    DEPT_RULE = "dept_rule", _("departmental rules")
    MOU = "mou", _("memorandum of cooperation")
    NORMATIVE = "normative", _("other normative document")


class NeedsBasis(TextChoices):
    """Objects that stand only on an accepted legal basis: the rows of the matrix in requirements 0.1."""

    NATIONAL_CATALOGUE_ITEM = "national_catalogue_item", _("national catalogue item")
    LOCAL_CATALOGUE_ITEM = "local_catalogue_item", _("local supplementary catalogue item")
    OTHER_DOCUMENT = "other_document", _("other document as basis of determination")
    LIST_FIELD = "list_field", _("field in which a serious list exists")
    NATIONAL_CRITERIA = "national_criteria", _("criteria of a nationwide list")
    LOCAL_CRITERIA = "local_criteria", _("criteria of a local list")
    DESIGNATION_EXCEPTION = "designation_exception", _("designation below county level, or another exception")
    NATIONAL_MEASURE_ITEM = "national_measure_item", _("national measure item")
    LOCAL_MEASURE_ITEM = "local_measure_item", _("local supplementary measure item")
    CANNOT_BE_REPAIRED = "cannot_be_repaired", _("mark: cannot be repaired")
    PERSONAL_DISCLOSURE = "personal_disclosure", _("disclosure of personal information")
    PERSONAL_USE_WITHOUT_CONSENT = "personal_use_without_consent", _("use of personal information without consent")
    PUBLICATION_EXEMPTION = "publication_exemption", _("exemption from publication within 7 working days")


class Condition(TextChoices):
    """Facts on which the matrix accepts a basis that it would otherwise not accept."""

    LOCAL_ONLY = "local_only", _("the list has effect in its own region only")
    HIGHER_FORM_LACKING = "higher_form_lacking", _("the conditions for a higher form are temporarily lacking")
    CONSULTED = "consulted", _("all groups were consulted")
    COMMENT_30_DAYS = "comment_30_days", _("the public had at least 30 days to comment")
    CONSENT = "consent", _("the person consents")
    MASKED = "masked", _("the information is masked")


class Level(TextChoices):
    NATIONAL = "national", _("national")
    LOCAL = "local", _("local supplementary")


class Category(IntegerChoices):
    """The thirteen categories of the national basic catalogue, numbered as in its 2024 edition."""

    REGISTRATION = 1, _("basic registration information")
    JUDICIAL = 2, _("judicial rulings and enforcement")
    ADMINISTRATION = 3, _("administrative management")
    PROFESSIONAL = 4, _("professional titles and occupations")
    ABNORMAL_OPERATION = 5, _("abnormal operations")
    SERIOUS_LIST = 6, _("lists of seriously untrustworthy subjects")
    CONTRACT = 7, _("contract performance")
    PLEDGE = 8, _("credit pledges and their performance")
    EVALUATION = 9, _("results of credit evaluation")
    COMPLIANCE = 10, _("observance of laws and regulations")
    HONOUR = 11, _("honours for trustworthiness")
    INTELLECTUAL_PROPERTY = 12, _("intellectual property")
    VOLUNTARY = 13, _("information given voluntarily")


class Kind(TextChoices):
    """What a fact is: the ten administrative acts and the other kinds (api.md, type Kind)."""

    LICENCE = "licence", _("administrative licence")
    PENALTY = "penalty", _("administrative penalty")
    COMPULSION = "compulsion", _("administrative compulsion")
    CONFIRMATION = "confirmation", _("administrative confirmation")
    LEVY = "levy", _("administrative collection (levy)")
    PAYMENT = "payment", _("administrative payment (benefit)")
    ADJUDICATION = "adjudication", _("administrative adjudication")
    COMPENSATION = "compensation", _("administrative compensation")
    REWARD = "reward", _("administrative reward")
    INSPECTION = "inspection", _("administrative supervision and inspection")
    UNTRUSTWORTHINESS = "untrustworthiness", _("untrustworthiness record")
    HONOUR = "honour", _("honour")
    ABNORMAL_OPERATION = "abnormal_operation", _("abnormal operation")
    SERIOUS_LIST = "serious_list", _("serious list entry")
    PLEDGE = "pledge", _("credit pledge")
    EVALUATION = "evaluation", _("credit evaluation")
    JUDGMENT = "judgment", _("judicial ruling")
    COMPLAINT = "complaint", _("consumer complaint")
    VOLUNTARY = "voluntary", _("voluntary information")
    TALK = "talk", _("regulatory talk")
    OTHER = "other", _("other information")


ACT_KINDS = (
    Kind.LICENCE, Kind.PENALTY, Kind.COMPULSION, Kind.CONFIRMATION, Kind.LEVY, Kind.PAYMENT, Kind.ADJUDICATION,
    Kind.COMPENSATION, Kind.REWARD, Kind.INSPECTION,
)  # fmt: skip

# Published within the same time where a region switched them on (2019-35(15)); licence and penalty always are.
SWITCHED_KINDS = tuple(kind for kind in ACT_KINDS if kind not in {Kind.LICENCE, Kind.PENALTY})

# Complaints and reports are kept apart from public credit information (REC-13), so no catalogue item may cover them.
OUTSIDE_THE_CATALOGUE = (Kind.COMPLAINT,)


class BasisType(TextChoices):
    """Types of document on which a determination may rest (REC-02)."""

    JUDGMENT = "judgment", _("effective judicial judgment")
    ARBITRATION = "arbitration", _("arbitral award")
    PENALTY = "penalty", _("administrative penalty decision")
    ADJUDICATION = "adjudication", _("administrative adjudication decision")
    OTHER_ACT = "other_act", _("other administrative-act decision")
    OTHER_DOCUMENT = "other_document", _("other document allowed by law, regulation or central policy")


class ShareScope(TextChoices):
    """With whom a catalogue item may be shared (CAT-05)."""

    DEPARTMENTS = "departments", _("government departments")
    JUDICIAL_ORGANS = "judicial_organs", _("judicial organs")
    CREDIT_REPORTING = "credit_reporting", _("credit reporting institutions")
    FINANCIAL_INSTITUTIONS = "financial_institutions", _("financial institutions")
    ASSOCIATIONS = "associations", _("industry associations and chambers of commerce")


class Determiner(TextChoices):
    """Who alone may determine conduct that becomes public credit information (2020-49(1); CAT-18)."""

    ADMINISTRATIVE_ORGAN = "administrative_organ", _("administrative organ")
    AUTHORISED_ORGANISATION = "authorised_organisation", _("organisation authorised to manage public affairs")
    JUDICIAL_ORGAN = "judicial_organ", _("judicial organ")


class Severity(TextChoices):
    MINOR = "minor", _("minor")
    ORDINARY = "ordinary", _("ordinary")
    SERIOUS = "serious", _("serious")


class PenaltyType(TextChoices):
    """Kinds of administrative penalty (Penalty Law art. 9; column cf_cflb of the national format)."""

    WARNING = "warning", _("warning")
    CRITICISM = "criticism", _("circulated criticism")
    FINE = "fine", _("fine")
    CONFISCATION = "confiscation", _("confiscation of unlawful gains or property")
    SUSPENSION_OF_LICENCE = "suspension_of_licence", _("suspension of a licence")
    DOWNGRADE = "downgrade", _("downgrading of qualification")
    REVOCATION_OF_LICENCE = "revocation_of_licence", _("revocation of a licence")
    RESTRICTION_OF_BUSINESS = "restriction_of_business", _("restriction or suspension of production and business")
    CLOSURE = "closure", _("order to close")
    RESTRICTION_OF_PROFESSION = "restriction_of_profession", _("restriction of profession")
    DETENTION = "detention", _("administrative detention")
    OTHER = "other", _("other penalty")


class Domain(TextChoices):
    """Domains that a repair regime treats more strictly, whatever the penalty (Order 58; SAMR 2021-3)."""

    FOOD = "food", _("food")
    DRUGS = "drugs", _("drugs")
    SPECIAL_EQUIPMENT = "special_equipment", _("special equipment")
    WORK_SAFETY = "work_safety", _("work safety")
    FIRE_SAFETY = "fire_safety", _("fire safety")


class Platform(TextChoices):
    CREDIT_CHINA = "credit_china", _("Credit China")
    NECIPS = "necips", _("National Enterprise Credit Information Publicity System")


class RegimeCode(TextChoices):
    """The repair regimes, oldest first on each platform (regulation.md 2.1)."""

    R0 = "R0", _("NDRC General Office 2019 No. 527")
    R1 = "R1", _("NDRC Order 58")
    R2 = "R2", _("SAMR 2021 No. 3 with Order 45")
    R3 = "R3", _("State Council General Office 2025 No. 22 with NDRC Order 36")
    R4 = "R4", _("SAMR Order 107")


class CountsFrom(TextChoices):
    """The day from which a publication period runs."""

    DECISION = "decision", _("day of the decision")
    PUBLICATION = "publication", _("day of publication")
    DOCUMENT = "document", _("day of the judicial or administrative document")


class ListCategory(IntegerChoices):
    """The four kinds of conduct for which a serious list may exist (2016-33(9); LST-04 to LST-07)."""

    HEALTH_AND_LIFE = 1, _("seriously endangers health and life")
    MARKET_AND_ORDER = 2, _("seriously undermines fair competition and social order")
    REFUSAL_TO_PERFORM = 3, _("refuses statutory duties though able to perform")
    NATIONAL_DEFENCE = 4, _("refuses duties of national defence")


class MeasureClass(TextChoices):
    MANDATORY = "mandatory", _("mandatory: must be executed jointly by law")
    RECOMMENDED = "recommended", _("recommended: may be executed as circumstances warrant")


class MeasureType(TextChoices):
    ADMINISTRATIVE = "administrative", _("administrative")
    MARKET = "market", _("market")
    INDUSTRY = "industry", _("industry")
    SOCIAL = "social", _("social")


class Addressee(TextChoices):
    """Who carries a measure out; a task may exist for the first two only (MEA-09)."""

    GOVERNMENT = "government", _("government body")
    EMPOWERED_ORGAN = "empowered_organ", _("only the organ empowered by law")
    REFERENCE_ONLY = "reference_only", _("reference information; the institution decides")
    OWN_ACT = "own_act", _("the body's own act under its own rules")


class MeasurePart(TextChoices):
    """The three parts of the national basic measure list (regulation.md 3.2)."""

    REDUCES_OR_ADDS = "reduces_or_adds", _("by public bodies under law, reducing rights or adding obligations")
    WITHIN_DUTIES = "within_duties", _("by public bodies within their duties, not reducing rights")
    OWN_DECISION = "own_decision", _("by other organisations of their own decision")
    NOT_IN_LIST = "not_in_list", _("vocabulary, not in the national list")


class EditionState(TextChoices):
    """SM-1 and SM-2."""

    PROPOSED = "proposed", _("proposed")
    COLLATED = "collated", _("collated")
    CONSULTING = "consulting", _("in consultation")
    UNDER_REVIEW = "under_review", _("under review")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    IN_FORCE = "in_force", _("in force")
    SUPERSEDED = "superseded", _("superseded")
    RETIRED = "retired", _("retired")


EDITION_TRANSITIONS = {
    EditionState.PROPOSED: {EditionState.COLLATED},
    EditionState.COLLATED: {EditionState.CONSULTING},
    EditionState.CONSULTING: {EditionState.UNDER_REVIEW},
    EditionState.UNDER_REVIEW: {EditionState.APPROVED, EditionState.REJECTED},
    EditionState.APPROVED: {EditionState.IN_FORCE},
    EditionState.IN_FORCE: {EditionState.SUPERSEDED, EditionState.RETIRED},
}

# An edition that was announced was the rule in its time, whatever became of it later.
ANNOUNCED = (EditionState.IN_FORCE, EditionState.SUPERSEDED, EditionState.RETIRED)

# What others adopted and announced enters with its published state; what is made here begins as a proposal.
FIRST_EDITION_STATES = {EditionState.PROPOSED, *ANNOUNCED}


class ListState(TextChoices):
    """SM-3: a list system and the editions of its criteria."""

    DRAFT = "draft", _("draft")
    CONSULTING = "consulting", _("in consultation")
    CONSULTED = "consulted", _("consulted")
    ADOPTED = "adopted", _("adopted")
    IN_FORCE = "in_force", _("in force")
    UNDER_ASSESSMENT = "under_assessment", _("under assessment")
    TRANSITIONAL = "transitional", _("transitional")
    SUPERSEDED = "superseded", _("superseded")
    ABOLISHED = "abolished", _("abolished")


LIST_TRANSITIONS = {
    ListState.DRAFT: {ListState.CONSULTING},
    ListState.CONSULTING: {ListState.CONSULTED},
    ListState.CONSULTED: {ListState.ADOPTED},
    ListState.ADOPTED: {ListState.IN_FORCE},
    ListState.IN_FORCE: {
        ListState.UNDER_ASSESSMENT, ListState.SUPERSEDED, ListState.TRANSITIONAL, ListState.ABOLISHED,
    },
    ListState.UNDER_ASSESSMENT: {ListState.IN_FORCE, ListState.SUPERSEDED},
    ListState.TRANSITIONAL: {ListState.IN_FORCE, ListState.ABOLISHED},
}  # fmt: skip

# Lists that others adopted and published enter with their published state.
LISTS_IN_USE = (ListState.IN_FORCE, ListState.UNDER_ASSESSMENT, ListState.TRANSITIONAL)
LISTS_PUBLISHED = (*LISTS_IN_USE, ListState.SUPERSEDED, ListState.ABOLISHED)
FIRST_LIST_STATES = {ListState.DRAFT, *LISTS_PUBLISHED}
