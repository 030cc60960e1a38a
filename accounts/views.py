"""The door of the back office: signing in and out, first access by two halves, and a fresh code before an act that decides.

These pages are open to strangers or ask for a session; none works with JavaScript only.
"""

import base64
from datetime import datetime, timedelta
from typing import Any

import segno
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from accounts import codes, services
from accounts.api import address_of
from accounts.forms import AccessForm, SignInForm, TakeAccessForm, code
from accounts.models import AccountStep, User
from casework import privacy
from casework.errors import DomainError
from casework.office import site, status_of
from casework.office_only import OFFICE

BACKEND = "django.contrib.auth.backends.ModelBackend"
FRESH = timedelta(minutes=5)  # how long a code counts for the acts after it (security.md #3)


class Door(View):
    """A page before the office: no menu, nothing of the house but the form."""

    template_name: str
    title: Any

    def show(self, status: int = 200, **context: Any) -> TemplateResponse:
        context = {**site.each_context(self.request), "title": self.title, **context}
        return TemplateResponse(self.request, self.template_name, context, status=status)

    def refused(self, form: Any, refusal: DomainError, **context: Any) -> TemplateResponse:
        """The form again with one sentence; a pause says when it ends, to programs too."""
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        if "until" not in refusal.data:
            return self.show(status=status_of(refusal), form=form, **context)
        response = self.show(status=429, form=form, **context)
        left = datetime.fromisoformat(refusal.data["until"]) - timezone.now()
        response["Retry-After"] = str(max(1, round(left.total_seconds())))
        return response


@method_decorator([login_not_required, sensitive_post_parameters()], name="dispatch")
class SignIn(Door):
    """User name, password and one-time code in one form (D12)."""

    template_name = "office/login.html"
    title = _("Sign in")

    def get(self, request: HttpRequest) -> HttpResponse:
        if site.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        return self.show(form=SignInForm(), next=request.GET.get("next", ""))

    def post(self, request: HttpRequest) -> HttpResponse:
        form, after = SignInForm(request.POST), request.POST.get("next", "")
        if not form.is_valid():
            return self.show(status=422, form=form, next=after)
        browser = request.META.get("HTTP_USER_AGENT", "")[:200]
        address = address_of(request)
        now = timezone.now()
        try:
            user = services.sign_in(**form.cleaned_data, address=address, browser=browser, at=now)
        except DomainError as refusal:
            return self.refused(form, refusal, next=after)
        request.session.flush()  # whatever a stranger planted before
        login(request, user, backend=BACKEND)
        began = {name: now.isoformat() for name in ("began_at", "seen_at", "code_at")}
        request.session.update(began | {"address": address, "browser": browser})
        is_ours = after.startswith(OFFICE) and url_has_allowed_host_and_scheme(after, allowed_hosts=None)
        return HttpResponseRedirect(after if is_ours else reverse("admin:index"))


class SignOut(View):
    """The end of a session: by POST, so that no picture on another page can end it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseNotAllowed(["POST"])

    def post(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User):
            services.sign_out(request.user)
        logout(request)
        return HttpResponseRedirect(reverse("admin:login"))


@method_decorator([login_not_required, sensitive_post_parameters()], name="dispatch")
class Access(Door):
    """First access or a new one: the two halves, then password and authenticator, then the recovery codes."""

    template_name = "office/access.html"
    title = _("Set up access")

    def get(self, request: HttpRequest) -> HttpResponse:
        if step := self.step():
            return self.enrol(step, TakeAccessForm())
        return self.show(form=AccessForm(), place=1)

    def post(self, request: HttpRequest) -> HttpResponse:
        if "first" in request.POST:
            return self.open()
        step = self.step()
        return self.take(step) if step else HttpResponseRedirect(reverse("admin:access"))

    def open(self) -> HttpResponse:
        form = AccessForm(self.request.POST)
        if not form.is_valid():
            return self.show(status=422, form=form, place=1)
        try:
            step = services.open_access(**form.cleaned_data, address=address_of(self.request), at=timezone.now())
        except DomainError as refusal:
            return self.refused(form, refusal, place=1)
        self.request.session.flush()
        box = privacy.seal(codes.draw_secret(), table="accounts_accountstep", person=step.uuid, kind="totp")
        self.request.session["access"] = {"step": str(step.uuid), "box": base64.b64encode(box).decode()}
        return HttpResponseRedirect(reverse("admin:access"))

    def take(self, step: AccountStep) -> HttpResponse:
        form = TakeAccessForm(self.request.POST)
        if not form.is_valid():
            return self.enrol(step, form, status=422)
        typed = form.cleaned_data
        try:
            drawn = services.take_access(
                step.pk, password=typed["new"], secret=self.secret(step), code=typed["code"], at=timezone.now()
            )
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            return self.enrol(step, form, status=status_of(refusal))
        self.request.session.flush()
        return self.show(place=3, codes=drawn)

    def enrol(self, step: AccountStep, form: TakeAccessForm, status: int = 200) -> HttpResponse:
        secret = self.secret(step)
        address = codes.address_for(secret, str(step.user.username) if step.user else "", str(site.site_title))
        picture = segno.make(address, error="m").svg_data_uri(scale=4, border=3, dark="#16242c", light="#ffffff")
        spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        return self.show(status=status, form=form, place=2, picture=picture, secret=spaced, username=step.user)

    def step(self) -> AccountStep | None:
        """The step whose halves this session has shown, while it may be used."""
        known = self.request.session.get("access")
        open_steps = AccountStep.objects.select_related("user").filter(used_at=None, usable_until__gt=timezone.now())
        return open_steps.filter(uuid=known["step"]).first() if known else None

    def secret(self, step: AccountStep) -> str:
        box = base64.b64decode(self.request.session["access"]["box"])
        return privacy.open_box(box, table="accounts_accountstep", person=step.uuid, kind="totp")


# --- A fresh code before an act that decides


def needs_fresh_code(request: HttpRequest) -> bool:
    """Whether this session showed its last one-time code more than five minutes ago."""
    shown = request.session.get("code_at")
    return shown is None or timezone.now() - datetime.fromisoformat(shown) > FRESH


class FreshCode:
    """Mixed in before a `VerbPage` whose verb decides: without a fresh, unused code nothing is done (403).

    The page's form gets a field `code` where one is due; the session remembers the code for five minutes.
    """

    def form(self) -> Any:
        page: Any = super()
        form = page.form()
        if needs_fresh_code(self.request):  # type: ignore[attr-defined]
            form.fields["code"] = code()
        return form

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        page: Any = super()
        form = self.form()
        if "code" in form.fields:
            if not form.is_valid():
                return self.render(status=422, form=form)  # type: ignore[attr-defined]
            user: Any = request.user
            try:
                services.prove(user, form.cleaned_data["code"], address=address_of(request), at=timezone.now())
            except DomainError as refusal:
                form.add_error("code", str(refusal))
                return self.render(status=status_of(refusal), form=form)  # type: ignore[attr-defined]
            request.session["code_at"] = timezone.now().isoformat()
        response: HttpResponse = page.post(request, *args, **kwargs)
        return response
