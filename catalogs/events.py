"""Names of the audit events of the rules in force."""

INSTRUMENT_ENTERED = "catalogs.instrument_entered"
INSTRUMENT_UPDATED = "catalogs.instrument_updated"
RULE_ENTERED = "catalogs.rule_entered"
RULE_UPDATED = "catalogs.rule_updated"
RULE_MOVED = "catalogs.rule_moved"
