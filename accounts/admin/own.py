"""Own things of an officer: postings, deputies, sessions, password, recovery codes. Nothing else can be switched here."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import rules, services
from accounts.admin.accounts import deputies, postings_of
from accounts.api import address_of
from accounts.forms import NothingToTypeForm, PasswordForm
from accounts.models import Session
from accounts.services.access import session_mark
from accounts.views import FreshCode
from casework import timeline
from casework.office import OfficePage, VerbPage, site


@site.page("me/", name="me")
class MyPage(OfficePage):
    template_name = "office/accounts_me.html"
    title = gettext_lazy("My own access")

    def context(self) -> dict[str, Any]:
        own = Session.objects.filter(user=self.officer, expire_date__gt=timezone.now()).order_by("-began_at")
        here = self.request.session.session_key
        return {
            "held": postings_of(self.officer),
            "deputising": deputies(Q(user=self.officer)),
            "deputies": deputies(Q(posting__user=self.officer)),
            "sessions": [(each, session_mark(each.session_key), each.session_key == here) for each in own],
            "codes_left": len(self.officer.recovery_codes),
            "told": timeline.tell(self.officer.uuid, names=rules.names_of, limit=10),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End one of the own sessions."""
        ended = services.end_session(request.POST.get("session", ""), by=self.officer)
        messages.success(request, _("The session has ended.") if ended else _("That session had ended already."))
        return HttpResponseRedirect(reverse("admin:me"))


@site.page("me/password/", name="me_password")
class ChangePassword(VerbPage):
    form_class = PasswordForm
    title = verb = gettext_lazy("Change the password")

    def effects(self) -> list[Any]:
        return [_("Every session ends, this one too: sign in again with the new password.")]

    def act(self, data: dict[str, Any]) -> str:
        services.change_password(
            self.officer, old=data["old"], new=data["new"], code=data["code"], address=address_of(self.request),
            at=timezone.now(),
        )  # fmt: skip
        logout(self.request)
        return ""

    def back(self) -> str:
        return reverse("admin:me")

    def done(self) -> str:
        return reverse("admin:login")


@site.page("me/recovery/", name="me_recovery")
class RenewRecovery(FreshCode, VerbPage):
    form_class = NothingToTypeForm
    title = verb = gettext_lazy("Draw new recovery codes")
    drawn: list[str] | None = None

    def effects(self) -> list[Any]:
        return [_("Ten new codes are shown once; those of before end.")]

    def act(self, data: dict[str, Any]) -> str:
        self.drawn = services.renew_recovery_codes(self.officer.pk, by=self.officer)
        return ""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        if self.drawn is None:
            return response
        self.template_name = "office/accounts_codes.html"
        return self.render(codes=self.drawn)

    def back(self) -> str:
        return reverse("admin:me")
