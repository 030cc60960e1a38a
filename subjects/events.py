"""What the audit events of the register, of queries and of consents say in a plain sentence."""

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "subject.registered": _("Taken into the register as “%(after)s”, from %(source)s."),
    "subject.renamed": _("Renamed from “%(from)s” to “%(to)s”; the old name stays findable as a former name."),
    "subject.code_superseded": _("The code %(before)s was replaced by %(after)s."),
    "subject.changed": _("The register changed its registration: it is now “%(after)s”."),
    "subject.marked_public_body": _("Marked as a body of the public purse: %(kind)s."),
    "subject.unmarked_public_body": _("The mark as a body of the public purse was taken off."),
    "query.registered": _("A look at information that is not public was registered: %(purpose)s."),
    "query.flagged": _("The look was flagged for review."),
    "query.sampled": _("The look was drawn by lot for review."),
    "query.reviewed": _("The look was reviewed and found in order."),
    "query.found_incident": _("The review found an incident."),
    "query.cleared": _("The review cleared the flagged look."),
    "consent.given": _("The person consented until %(ends_on)s: %(purpose)s."),
    "consent.used": _("Personal information was used under the consent: %(field)s."),
    "consent.revoked": _("The person revoked the consent; it ended at once."),
    "consent.expired": _("The consent ended on its last day."),
}
