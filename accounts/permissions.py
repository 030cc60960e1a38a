"""Who may do what: roles per posting, as a table in code, changed by review (design part 11)."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Permission(StrEnum):
    """What a person or key may be allowed to do. A key reports facts and findings; only a signed-in person decides."""

    TAKE_IN = "records.take_in"  # hand in acts and records
    CORRECT = "records.correct"  # correct or withdraw what one's own agency handed in
    RULE_ON_DOCUMENT = "records.rule_on_document"  # record a stay or an annulment
    CLEAR_TEXT = "records.clear_text"  # release a text in which a number was found
    EXEMPT = "records.exempt"  # exempt from publication by citation
    RECORD = "records.record"  # draft an untrustworthiness record
    REVIEW_TOLERANCE = "records.review_tolerance"
    HIDE = "records.hide"  # take off every public surface at once
    DECIDE_HIDE = "records.decide_hide"
    WITHDRAW_BATCH = "records.withdraw_batch"  # propose to withdraw a delivery, or to load history
    DECIDE_BATCH = "records.decide_batch"
    REVIEW_ITEM = "records.review_item"  # say whether a record stays after its item's end
    READ_CLOCK = "records.read_clock"
    ISSUE_CIRCULAR = "records.issue_circular"
    ANSWER_CIRCULAR = "records.answer_circular"
    READ_FILE = "subjects.read_file"  # open a subject's file; each look is registered
    REVEAL = "subjects.reveal"  # read a full number, for a purpose
    MARK_SUBJECT = "subjects.mark"
    REVIEW_QUERIES = "subjects.review_queries"
    READ_REGISTERS = "casework.read_registers"  # refusals, queries
    READ_AUDIT = "casework.read_audit"
    KEEP_ACCOUNTS = "accounts.keep"
    LOAD_RULES = "catalogs.load_rules"
    ERASE = "casework.erase"


P = Permission
ROLES: dict[str, frozenset[Permission]] = {
    "clerk": frozenset({P.TAKE_IN, P.CORRECT, P.RECORD, P.HIDE, P.WITHDRAW_BATCH, P.READ_CLOCK, P.READ_FILE, P.REVEAL}),
    "reviewer": frozenset(
        {
            P.RULE_ON_DOCUMENT, P.CLEAR_TEXT, P.REVIEW_TOLERANCE, P.HIDE, P.DECIDE_HIDE, P.DECIDE_BATCH, P.REVIEW_ITEM,
            P.ANSWER_CIRCULAR, P.READ_CLOCK, P.READ_FILE, P.REVEAL, P.REVIEW_QUERIES, P.READ_REGISTERS, P.MARK_SUBJECT,
        }
    ),
    "publisher": frozenset({P.EXEMPT, P.HIDE, P.DECIDE_HIDE, P.READ_CLOCK, P.READ_FILE}),
    "repair_officer": frozenset({P.READ_FILE, P.REVEAL}),
    "rule_keeper": frozenset({P.LOAD_RULES}),
    "auditor": frozenset({P.READ_FILE, P.READ_CLOCK, P.READ_REGISTERS, P.READ_AUDIT}),
    "coordinator": frozenset({P.READ_FILE, P.READ_CLOCK, P.READ_REGISTERS, P.ISSUE_CIRCULAR}),
    "account_keeper": frozenset({P.KEEP_ACCOUNTS}),
}  # fmt: skip
# Whose roles reach beyond their own body and those below it (design part 11).
READS_REGION, READS_ALL = "coordinator", "auditor"
KEEPS_ACCOUNTS = "account_keeper"
# Roles that nobody holds beside another: who audits does nothing else, who makes accounts handles no case (D6).
APART = {READS_ALL: 1, KEEPS_ACCOUNTS: 2}
ROLE_NAMES = {
    "clerk": _("clerk"), "reviewer": _("reviewer"), "publisher": _("publisher"), "repair_officer": _("repair officer"),
    "rule_keeper": _("rule keeper"), "auditor": _("auditor"), "coordinator": _("coordinator"),
    "account_keeper": _("account keeper"),
}  # fmt: skip

# Scopes of a key (api.md 1.2) and what they let it do.
SCOPES: dict[str, frozenset[Permission]] = {
    "intake": frozenset({P.TAKE_IN, P.CORRECT}),
    "queries": frozenset(),
    "tasks": frozenset(),
    "deliveries": frozenset(),
    "webhooks": frozenset(),
    "cases": frozenset(),
    "casework": frozenset(),
}

# What a key may ask non-public information for (api.md 5.2): the list is closed, and each key is granted some of it (SEC-01).
PURPOSES = {
    "registration": _("registration"), "licensing": _("licensing"), "qualification_review": _("review of qualifications"),
    "routine_supervision": _("routine supervision"), "public_service": _("public service"),
    "government_procurement": _("government procurement"), "tendering": _("tendering"), "fiscal_funds": _("fiscal funds"),
    "awards": _("awards"), "risk_pricing": _("pricing of risk"), "credit_reporting": _("credit reporting"),
    "association_self_regulation": _("self-regulation of an association"),
}  # fmt: skip
SCOPE_NAMES = {
    "intake": _("hand in information"), "queries": _("ask non-public information"), "tasks": _("report on tasks"),
    "deliveries": _("fetch deliveries"), "webhooks": _("webhooks"), "cases": _("read own cases"),
    "casework": _("report findings"),
}  # fmt: skip
