"""Names of the audit events of the rules in force, and what each says in a plain sentence."""

from django.utils.translation import gettext_lazy as _

INSTRUMENT_ENTERED = "catalogs.instrument_entered"
INSTRUMENT_UPDATED = "catalogs.instrument_updated"
RULE_ENTERED = "catalogs.rule_entered"
RULE_UPDATED = "catalogs.rule_updated"
RULE_MOVED = "catalogs.rule_moved"

SENTENCES = {
    INSTRUMENT_ENTERED: _("The legal document was entered into the library."),
    INSTRUMENT_UPDATED: _("The entry of the legal document was put right."),
    RULE_ENTERED: _("The rule was entered."),
    RULE_UPDATED: _("The rule was put right."),
    RULE_MOVED: _("The rule went from “%(before)s” to “%(after)s”."),
}
