"""Names of the audit events of accounts, bodies and keys, and the sentence that tells each (values in %(…)s)."""

from django.utils.translation import gettext_lazy as _

SIGNED_IN = "user.signed_in"
SIGNED_OUT = "user.signed_out"
PAUSED = "user.sign_in_paused"
CODE_REFUSED = "user.code_refused"
PASSWORD_CHANGED = "user.password_changed"  # noqa: S105  the name of an event
FACTOR_SET = "user.access_set"
RECOVERY_DRAWN = "user.recovery_drawn"
SESSION_ENDED = "user.session_ended"
MADE = "user.made"
CLOSED = "user.closed"
RESET = "user.access_reset"
POSTING_OPENED = "user.posting_opened"
POSTING_ENDED = "user.posting_ended"
DEPUTY_NAMED = "user.deputy_named"

AGENCY_MADE = "agency.made"
AGENCY_RENAMED = "agency.renamed"
AGENCY_MERGED = "agency.merged"
REGION_CHANGED = "region.changed"

STEP_PROPOSED = "account_step.proposed"
STEP_CONFIRMED = "account_step.confirmed"
STEP_REJECTED = "account_step.rejected"
STEP_TAKEN_BACK = "account_step.taken_back"

KEY_MADE = "apiclient.made"
KEY_ROTATED = "apiclient.rotated"
KEY_REVOKED = "apiclient.revoked"

SENTENCES = {
    SIGNED_IN: _("Signed in."),
    SIGNED_OUT: _("Signed out."),
    PAUSED: _("Signing in was paused after %(tries)s failed tries."),
    CODE_REFUSED: _("A one-time code was refused in a running session."),
    PASSWORD_CHANGED: _("Changed the password; every session ended."),
    FACTOR_SET: _("Set password and authenticator by the code of two account keepers; every session ended."),
    RECOVERY_DRAWN: _("Drew new recovery codes; the old ones ended."),
    SESSION_ENDED: _("Ended one of the own sessions."),
    MADE: _("The account was made."),
    CLOSED: _("The account was closed; postings, deputies and sessions ended."),
    RESET: _("Password and authenticator were taken back; every session ended."),
    POSTING_OPENED: _("A posting was opened; it begins on %(valid_from)s."),
    POSTING_ENDED: _("A posting ends with %(valid_to)s."),
    DEPUTY_NAMED: _("Named as deputy, from %(valid_from)s to %(valid_to)s."),
    AGENCY_MADE: _("The body was registered."),
    AGENCY_RENAMED: _("The body bears a new name from %(day)s; before: “%(before_name)s”."),
    AGENCY_MERGED: _("The body ends with %(day)s; its successor goes on."),
    REGION_CHANGED: _("The division code ended with %(day)s; its successor goes on."),
    STEP_PROPOSED: _("An account keeper proposed: %(what)s."),
    STEP_CONFIRMED: _("A second account keeper confirmed: %(what)s."),
    STEP_REJECTED: _("A second account keeper rejected the proposal."),
    STEP_TAKEN_BACK: _("The proposal was taken back."),
    KEY_MADE: _("The key was made; it ends with %(valid_to)s."),
    KEY_ROTATED: _("A new key takes the place of this one, which ends with %(valid_to)s."),
    KEY_REVOKED: _("The key was revoked."),
}
