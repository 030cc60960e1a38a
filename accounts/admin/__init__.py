"""The back office of accounts: its door, own things, accounts and postings, bodies and divisions, keys."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from accounts.admin import accounts, bodies, clients, own, steps
from accounts.permissions import Permission
from accounts.views import Access, SignIn, SignOut
from casework.office import site

__all__ = ["accounts", "bodies", "clients", "own", "steps"]

site.pages += [
    path("login/", SignIn.as_view(), name="login"),
    path("logout/", SignOut.as_view(), name="logout"),
    path("access/", Access.as_view(), name="access"),
]
site.menu("accounts", _("Accounts"), "admin:accounts_user_changelist", Permission.KEEP_ACCOUNTS, icon="two")
site.menu("accounts", _("Proposals"), "admin:accounts_accountstep_changelist", Permission.KEEP_ACCOUNTS, icon="pen")
site.menu("accounts", _("API keys"), "admin:accounts_apiclient_changelist", Permission.KEEP_ACCOUNTS, icon="lock")
site.menu("accounts", _("Bodies"), "admin:accounts_agency_changelist", icon="records")
site.menu("accounts", _("Divisions"), "admin:accounts_region_changelist", icon="records")
site.menu("accounts", _("My own access"), "admin:me", icon="lock")
site.menu("supervision", _("Accounts"), "admin:accounts_user_changelist", Permission.READ_AUDIT, icon="two")
site.menu("supervision", _("Proposals"), "admin:accounts_accountstep_changelist", Permission.READ_AUDIT, icon="pen")
site.menu("supervision", _("API keys"), "admin:accounts_apiclient_changelist", Permission.READ_AUDIT, icon="lock")
