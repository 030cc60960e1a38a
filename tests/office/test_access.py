"""Who may open what in the office: role × page and role × list, as the one table of permissions says (SEC-01, INV-62)."""

import re
from typing import Any

import pytest
from django.db.models import CharField, TextField
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import Agency
from accounts.permissions import ROLES, Permission
from casework.office import OfficePage, site
from casework.office_admin import OfficeAdmin
from tests.factories import agency, code_of, officer

pytestmark = pytest.mark.django_db

get_resolver().url_patterns  # noqa: B018  the URLconf hangs every page on the site


def page_class(entry: Any) -> type[OfficePage] | None:
    view = getattr(entry.callback, "__wrapped__", entry.callback)
    while view is not None and not hasattr(view, "view_class"):
        view = getattr(view, "__wrapped__", None)
    return getattr(view, "view_class", None)


def address_of(entry: Any) -> str:
    route = str(entry.pattern).replace("<unified_code:code>", code_of(999_999))
    route = re.sub(r"<int:[a-z_]+>", "999999", route)
    route = re.sub(r"<uuid:[a-z_]+>", "00000000-0000-4000-8000-000000000000", route)
    return "/admin/" + re.sub(r"<[a-z]+:[a-z_]+>", "rec_000000000000", route)


OPEN = {"login", "access", "logout"}  # the way in and out
PAGES = {entry.name: (address_of(entry), page_class(entry)) for entry in site.pages if entry.name not in OPEN}
LISTS: dict[str, Any] = {
    f"{model._meta.app_label}_{model._meta.model_name}": admin
    for model, admin in site._registry.items()
    if isinstance(admin, OfficeAdmin)
}
# Lists that two permissions open: who keeps accounts, and who reads the audit.
KEPT = {Permission.KEEP_ACCOUNTS, Permission.READ_AUDIT}
EITHER = {"accounts_user": KEPT, "accounts_accountstep": KEPT, "accounts_apiclient": KEPT}
REFUSED = 403


def opens(name: str, role: str) -> bool:
    """What the table says: the list has no permission of its own, or the role holds one that opens it."""
    wanted = EITHER.get(name, {LISTS[name].permission})
    return wanted == {None} or bool(wanted & ROLES[role])


@pytest.fixture
def office() -> Agency:
    return agency()


def signed_in(role: str, at: Agency) -> Client:
    client = Client()
    client.force_login(officer(role, at))
    return client


def test_every_page_and_every_list_is_in_this_table() -> None:
    assert {type(admin) for admin in site._registry.values() if not isinstance(admin, OfficeAdmin)} == set()
    assert [name for name, (_address, view) in PAGES.items() if view is None] == []


@pytest.mark.proves("SEC-01")
@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_opens_for_the_roles_of_its_permission_and_for_no_other(office: Agency, name: str, role: str) -> None:
    address, view = PAGES[name]
    assert view is not None
    may = view.permission is None or view.permission in ROLES[role]
    client = signed_in(role, office)

    for method in (client.get, client.post):
        status = method(address).status_code
        assert status != 500
        assert (status == REFUSED) is (not may) or (may and status in {404, 405, 302, REFUSED}), (name, role, status)


@pytest.mark.proves("SEC-01")
@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_list_opens_for_the_roles_of_its_permission_and_nobody_writes_in_it(
    office: Agency, name: str, role: str
) -> None:
    client = signed_in(role, office)
    address = reverse(f"admin:{name}_changelist")

    assert client.get(address).status_code == (200 if opens(name, role) else REFUSED)
    assert client.post(address, {"action": "delete_selected", "_selected_action": "1"}).status_code in {400, REFUSED}
    assert client.post(reverse(f"admin:{name}_add"), {}).status_code == REFUSED
    for verb in ("delete", "history"):
        assert client.post(reverse(f"admin:{name}_{verb}", args=[1]), {"post": "yes"}).status_code in {
            302,
            REFUSED,
            404,
        }
        assert client.get(reverse(f"admin:{name}_{verb}", args=[1])).status_code in {302, REFUSED, 404}


def hidden_look_ups() -> list[Any]:
    return [
        pytest.param(name, field.name, id=f"{name}.{field.name}")
        for name, admin in LISTS.items()
        for field in admin.model._meta.concrete_fields
        if isinstance(field, CharField | TextField) or field.primary_key or field.is_relation
    ]


@pytest.mark.parametrize(("name", "column"), hidden_look_ups())
def test_a_hidden_look_up_is_refused(office: Agency, name: str, column: str) -> None:
    role = next((role for role in sorted(ROLES) if opens(name, role)), None)
    assert role, f"nobody may open {name}"
    client = signed_in(role, office)

    filters = LISTS[name].list_filter
    shown = {
        each if isinstance(each, str) else each[0] if isinstance(each, tuple) else each.parameter_name
        for each in filters
    }
    for suffix in ("__startswith", "__regex", *(() if column in shown else ("__gt", ""))):
        assert client.get(reverse(f"admin:{name}_changelist"), {column + suffix: "a"}).status_code == 400


@pytest.mark.parametrize("role", sorted(ROLES))
def test_autocomplete_answers_nobody_for_no_form_asks_for_it(office: Agency, role: str) -> None:
    query = {"app_label": "records", "model_name": "record", "field_name": "subject", "term": "a"}

    assert signed_in(role, office).get("/admin/autocomplete/", query).status_code == 404
