"""Who may do what: roles per posting, as a table in code, changed by review (design part 11)."""

from enum import StrEnum


class Permission(StrEnum):
    """What a person or key may be allowed to do. A key reports facts and findings; only a signed-in person decides."""

    TAKE_IN = "records.take_in"  # hand in acts and records
    CORRECT = "records.correct"  # correct or withdraw what one's own agency handed in
    RULE_ON_DOCUMENT = "records.rule_on_document"  # record a stay or an annulment
    CLEAR_TEXT = "records.clear_text"  # release a text in which a number was found
    EXEMPT = "records.exempt"  # exempt from publication by citation
    LOAD_RULES = "catalogs.load_rules"
    ERASE = "casework.erase"


P = Permission
ROLES: dict[str, frozenset[Permission]] = {
    "clerk": frozenset({P.TAKE_IN, P.CORRECT}),
    "reviewer": frozenset({P.RULE_ON_DOCUMENT, P.CLEAR_TEXT}),
    "publisher": frozenset({P.EXEMPT}),
    "repair_officer": frozenset(),
    "rule_keeper": frozenset({P.LOAD_RULES}),
    "auditor": frozenset(),
    "coordinator": frozenset(),
    "account_keeper": frozenset(),
}

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
