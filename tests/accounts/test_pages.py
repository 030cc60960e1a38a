"""The door and the keepers' pages: one answer to strangers, cookies, sessions that end, a fresh code before a decision."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import codes, services
from accounts.models import AccountStep, Agency, ApiClient, Posting, Session, User
from casework.calendar import today
from casework.models import AuditEvent
from credit_portal.demo.people import identity_number
from tests.accounts.people import PASSWORD, give_access, shown, signer
from tests.factories import agency, client_of, code_of, numbers, officer

pytestmark = pytest.mark.django_db

NUMBER = identity_number(date(1990, 5, 17), 1)
LOGIN = "/admin/login/"


@pytest.fixture
def office() -> Agency:
    return agency()


def typed(name: str, code: str, password: str = PASSWORD, **more: str) -> dict[str, str]:
    return {"username": name, "password": password, "code": code, **more}


def signed_in(name: str, secret: str, browser: str = "Firefox") -> Client:
    """A browser in which this officer has signed in."""
    client = Client(headers={"user-agent": browser})
    assert client.post(LOGIN, typed(name, shown(secret))).status_code == 302
    return client


def body(response: Any) -> str:
    """The page without what is drawn anew each time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


# ── the door ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stranger_is_sent_to_the_door_and_after_it_to_where_he_wanted(office: Agency) -> None:
    _user, secret = signer("clerk", office, "lin.lan")
    client = Client()

    sent = client.get("/admin/me/")
    assert (sent.status_code, sent["Location"]) == (302, f"{LOGIN}?next=/admin/me/")
    assert client.get(sent["Location"]).status_code == 200
    entered = client.post(LOGIN, typed("lin.lan", shown(secret), next="/admin/me/"))
    assert (entered.status_code, entered["Location"]) == (302, "/admin/me/")
    assert client.get("/admin/me/").status_code == 200


@pytest.mark.parametrize(
    "after", ["https://evil.example/", "//evil.example/admin/", "/admin/../..//evil.example", "/search", "/admin\\evil"]
)
def test_the_door_leads_nowhere_else(office: Agency, after: str) -> None:
    _user, secret = signer("clerk", office, "lin.lan")

    entered = Client().post(LOGIN, typed("lin.lan", shown(secret), next=after))

    assert entered.status_code == 302
    assert entered["Location"] in {"/admin/", after} - {
        "https://evil.example/",
        "//evil.example/admin/",
        "/search",
        "/admin\\evil",
    }


@pytest.mark.proves("SEC-04")
def test_all_failures_show_the_same_page(office: Agency) -> None:
    _user, secret = signer("clerk", office, "lin.lan")
    signer("clerk", office, "he.yian")
    User.objects.filter(username="he.yian").update(is_active=False)
    wrong = [
        typed("lin.lan", "000000" if shown(secret) != "000000" else "1"),
        typed("lin.lan", shown(secret), "wrong"),
        typed("he.yian", "123456"),
        typed("nobody", "123456"),
    ]

    answers = [Client().post(LOGIN, each) for each in wrong]

    assert {answer.status_code for answer in answers} == {403}
    pages = {body(answer).replace(each["username"], "NAME") for answer, each in zip(answers, wrong, strict=True)}
    assert len(pages) == 1
    assert 'value="wrong"' not in pages.pop()
    assert not any("office" in answer.cookies for answer in answers)


def test_a_pause_answers_429_and_says_until_when(office: Agency) -> None:
    client = Client()
    answers = [client.post(LOGIN, typed("nobody", "123456")) for _n in range(6)]

    assert [answer.status_code for answer in answers] == [403] * 4 + [429] * 2
    assert 1 <= int(answers[-1]["Retry-After"]) <= 30


@pytest.mark.proves("SEC-04")
def test_a_cookie_planted_before_signing_in_is_worth_nothing_after(office: Agency) -> None:
    user, secret = signer("clerk", office, "lin.lan")
    client = Client()
    planted = client.session
    planted["x"] = 1
    planted.save()
    client.cookies["office"] = planted.session_key

    assert client.post(LOGIN, typed("lin.lan", shown(secret))).status_code == 302

    assert client.cookies["office"].value != planted.session_key
    assert "x" not in client.session
    thief = Client()
    thief.cookies["office"] = planted.session_key
    assert thief.get("/admin/me/").status_code == 302
    session = Session.objects.get()
    assert (session.user, session.browser[:0], session.address) == (user, "", "127.0.0.1")
    assert session.began_at is not None


def test_the_cookie_is_for_the_browser_and_this_house_only(office: Agency, settings: Any) -> None:
    _user, secret = signer("clerk", office, "lin.lan")
    cookie = signed_in("lin.lan", secret).cookies["office"]

    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    assert not cookie["max-age"]


def test_over_https_the_cookie_bears_the_prefix_that_no_other_host_can_set(tmp_path: Any) -> None:
    import os
    import subprocess
    import sys

    names = ("SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE")
    say = f"from credit_portal import settings as s; print({', '.join(f's.{name}' for name in names)})"
    env = {**os.environ, "PORTAL_BASE_URL": "https://office.example", "PORTAL_VAR": str(tmp_path)}
    found = subprocess.run([sys.executable, "-c", say], env=env, capture_output=True, text=True, check=True).stdout

    assert found.split() == ["__Host-office", "True", "__Host-office-csrf", "True"]


@pytest.mark.parametrize("address", ["/", "/search?q=x", "/catalogue/", "/api/v1/about/", "/help/", "/nowhere/"])
def test_public_pages_set_no_cookie_and_ask_for_no_session(
    office: Agency, address: str, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    _user, secret = signer("clerk", office, "lin.lan")
    client = signed_in("lin.lan", secret)

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)

    assert not answer.cookies
    assert not [query for query in asked.captured_queries if "accounts_session" in query["sql"]]


def test_a_form_without_its_token_does_nothing(office: Agency) -> None:
    _user, secret = signer("clerk", office, "lin.lan")
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(LOGIN, typed("lin.lan", shown(secret))).status_code == 403
    assert not AuditEvent.objects.filter(name="user.signed_in").exists()


# ── sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_signing_out_is_a_post_and_ends_the_session(office: Agency) -> None:
    user, secret = signer("clerk", office, "lin.lan")
    client = signed_in("lin.lan", secret)

    assert client.get("/admin/logout/").status_code == 405
    assert client.get("/admin/me/").status_code == 200
    assert client.post("/admin/logout/").status_code == 302
    assert client.get("/admin/me/").status_code == 302
    assert not Session.objects.exists()
    assert AuditEvent.objects.filter(chain=user.uuid, name="user.signed_out").exists()


def test_a_session_ends_after_thirty_idle_minutes_and_after_ten_hours_whatever_is_done(office: Agency) -> None:
    _user, secret = signer("clerk", office, "lin.lan")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in("lin.lan", secret)
        clock.shift(29 * 60)
        assert client.get("/admin/me/").status_code == 200
        clock.shift(30 * 60 + 1)
        assert client.get("/admin/me/").status_code == 302

        busy = signed_in("lin.lan", secret)
        for _n in range(24):
            clock.shift(24 * 60)
            assert busy.get("/admin/me/").status_code == 200
        clock.shift(24 * 60)
        assert busy.get("/admin/me/").status_code == 302


def test_a_running_session_is_written_once_a_minute_and_no_more(office: Agency) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    _user, secret = signer("clerk", office, "lin.lan")

    def writes(client: Client) -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get("/admin/me/")
        return sum(query["sql"].startswith('UPDATE "accounts_session"') for query in asked.captured_queries)

    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in("lin.lan", secret)
        counted = [writes(client)]
        clock.shift(61)
        counted += [writes(client), writes(client)]

    assert counted == [0, 1, 0]


@pytest.mark.proves("SEC-04")
@pytest.mark.parametrize("end", ["password", "closing", "posting", "reset"])
def test_a_session_ends_with_password_account_posting_and_access(office: Agency, end: str) -> None:
    user, secret = signer("clerk", office, "lin.lan")
    client = signed_in("lin.lan", secret)
    assert client.get("/admin/me/").status_code == 200

    if end == "password":
        new = "竹外桃花三两枝春江水暖鸭"
        services.change_password(
            user, old=PASSWORD, new=new, code=shown(secret, steps=1), address="x", at=timezone.now()
        )
    elif end == "posting":
        Posting.objects.filter(user=user).update(valid_to=today() - timedelta(days=1))
    else:
        one, two = (officer("account_keeper", office, name) for name in ("k.one", "k.two"))
        kind = "close_account" if end == "closing" else "reset_access"
        step = services.propose(kind, by=one, on=today(), reason="r", user=user).step
        services.confirm(step.pk, by=two, at=timezone.now())

    assert client.get("/admin/me/").status_code == 302


def test_an_officer_sees_and_ends_his_own_sessions_and_their_keys_stand_on_no_page(office: Agency) -> None:
    _user, secret = signer("clerk", office, "lin.lan")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        here = signed_in("lin.lan", secret, "Firefox")
        clock.shift(60)
        there = signed_in("lin.lan", secret, "Chrome")

        page = here.get("/admin/me/").content.decode()
        assert "Chrome" in page
        assert there.cookies["office"].value not in page
        (mark,) = re.findall(r'name="session" value="(\w+)"', page)
        assert here.post("/admin/me/", {"session": mark}).status_code == 302

    assert there.get("/admin/me/").status_code == 302
    assert here.get("/admin/me/").status_code == 200


def test_nothing_of_the_office_is_kept_by_a_cache(office: Agency) -> None:
    _user, secret = signer("clerk", office, "lin.lan")

    for answer in (Client().get(LOGIN), signed_in("lin.lan", secret).get("/admin/me/")):
        assert "no-store" in answer["Cache-Control"]
        assert "unsafe" not in answer["Content-Security-Policy"]


def test_a_new_password_and_new_recovery_codes_by_their_pages(office: Agency) -> None:
    user, secret = signer("clerk", office, "lin.lan")
    client = signed_in("lin.lan", secret)
    new = "竹外桃花三两枝春江水暖鸭"

    page = client.post("/admin/me/recovery/")
    drawn = re.findall(r"<code>([0-9A-Z-]{19})</code>", page.content.decode())
    assert len(drawn) == 10
    form = {"old": PASSWORD, "new": new, "again": new, "code": drawn[0]}
    assert client.post("/admin/me/password/", form | {"again": "x"}).status_code == 422
    assert client.post("/admin/me/password/", form | {"old": "x"}).status_code == 403
    done = client.post("/admin/me/password/", form)
    assert (done.status_code, done["Location"]) == (302, LOGIN)
    assert client.get("/admin/me/").status_code == 302
    user.refresh_from_db()
    assert user.check_password(new)


# ── first access ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_holder_sets_password_and_authenticator_with_both_halves(office: Agency) -> None:
    one, two = (officer("account_keeper", office, name) for name in ("k.one", "k.two"))
    made = services.propose(
        "make_account", by=one, on=today(), reason="入职", agency=office, number=NUMBER, username="shen.zhibai", name="沈知白",
        role="clerk", valid_from=today(), valid_to=None,
    )  # fmt: skip
    second = services.confirm(made.step.pk, by=two, at=timezone.now()).half
    client, halves = Client(), {"username": "shen.zhibai", "first": made.half, "second": second}

    assert client.get("/admin/access/").status_code == 200
    assert client.post("/admin/access/", halves | {"second": made.half}).status_code == 403
    assert client.post("/admin/access/", halves).status_code == 302
    page = client.get("/admin/access/").content.decode()
    assert "data:image/svg+xml" in page
    found = re.search(r'ac-secret">([A-Z2-7 ]+)</code>', page)
    assert found
    secret = found.group(1).replace(" ", "")
    assert secret not in str(list(Session.objects.values()))
    form = {"new": PASSWORD, "again": PASSWORD, "code": shown(secret)}
    assert client.post("/admin/access/", form | {"code": "12"}).status_code == 422
    assert client.post("/admin/access/", form | {"new": "short", "again": "short"}).status_code == 422
    done = client.post("/admin/access/", form)
    assert len(re.findall(r"<code>[0-9A-Z-]{19}</code>", done.content.decode())) == 10
    assert client.post("/admin/access/", form).status_code == 302  # once
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        signed_in("shen.zhibai", secret)


# ── account keepers ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def keepers(office: Agency) -> tuple[Client, Client]:
    secrets = [signer("account_keeper", office, name)[1] for name in ("k.one", "k.two")]
    first, second = (signed_in(name, secret) for name, secret in zip(("k.one", "k.two"), secrets, strict=True))
    first.secret, second.secret = secrets  # type: ignore[attr-defined]
    return first, second


def account_form(office: Agency, **changes: Any) -> dict[str, Any]:
    return {
        "number": NUMBER, "name": "沈知白", "username": "shen.zhibai", "agency": office.pk, "role": "clerk",
        "valid_from": str(today()), "valid_to": "", "reason": "入职",
    } | changes  # fmt: skip


def test_two_keepers_make_an_account_by_their_pages_and_each_sees_his_half_once(
    office: Agency, keepers: tuple[Client, Client]
) -> None:
    first, second = keepers
    assert first.get("/admin/accounts/new/").status_code == 200
    proposed = first.post("/admin/accounts/new/", account_form(office)).content.decode()
    (one,) = re.findall(r'ac-half">([0-9A-Z-]{14})<', proposed)
    step = AccountStep.objects.get()
    place = f"/admin/account-steps/{step.uuid}/"

    assert "沈知白" in second.get("/admin/").content.decode()  # it waits in the other's queue
    assert one not in second.get(place).content.decode() + first.get(place).content.decode()
    own = first.post(f"{place}confirm/")
    assert own.status_code == 422
    assert User.objects.filter(username="shen.zhibai").count() == 0
    confirmed = second.post(f"{place}confirm/")
    (two,) = re.findall(r'ac-half">([0-9A-Z-]{14})<', confirmed.content.decode())
    assert one != two
    assert services.open_access("shen.zhibai", one, two, address="x", at=timezone.now()) == step
    user = User.objects.get(username="shen.zhibai")
    pages = [
        first.get(address).content.decode()
        for address in (
            "/admin/accounts/user/", f"/admin/accounts/{user.uuid}/", "/admin/accounts/accountstep/", place,
            f"/admin/agencies/{office.uuid}/",
        )
    ]  # fmt: skip
    assert all("沈知白" in page for page in pages)
    assert not any(NUMBER[:10] in page or NUMBER[-8:] in page for page in [*pages, proposed])


@pytest.mark.proves("SEC-04")
def test_without_a_fresh_code_nothing_is_confirmed(office: Agency, keepers: tuple[Client, Client]) -> None:
    first, second = keepers
    first.post("/admin/accounts/new/", account_form(office))
    place = f"/admin/account-steps/{AccountStep.objects.get().uuid}/confirm/"
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1), tick=False):
        secret = second.secret  # type: ignore[attr-defined]

        assert 'name="code"' in second.get(place).content.decode()
        assert second.post(place).status_code == 422
        assert second.post(place, {"code": "12345"}).status_code == 403
        assert AccountStep.objects.get().state == "proposed"
        assert second.post(place, {"code": shown(secret)}).status_code == 200
        assert AccountStep.objects.get().state == "confirmed"


def test_a_wrong_identity_number_is_refused_and_never_shown_again(
    office: Agency, keepers: tuple[Client, Client]
) -> None:
    wrong = NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")

    answer = keepers[0].post("/admin/accounts/new/", account_form(office, number=wrong))

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "沈知白" in page  # what was typed stays
    assert wrong not in page
    assert not AccountStep.objects.exists()


def test_every_proposing_page_opens_and_says_what_will_happen(office: Agency, keepers: tuple[Client, Client]) -> None:
    lan = officer("clerk", office, "lin.lan")
    officer("clerk", office, "he.yian")
    posting, key = lan.postings.get(), client_of(office).client
    pages = [
        f"/admin/accounts/{lan.uuid}/posting/", f"/admin/accounts/{lan.uuid}/close/", f"/admin/accounts/{lan.uuid}/reset/",
        f"/admin/postings/{posting.pk}/end/", f"/admin/postings/{posting.pk}/deputy/", "/admin/agencies/new/",
        f"/admin/agencies/{office.uuid}/rename/", f"/admin/agencies/{office.uuid}/merge/",
        f"/admin/regions/{office.region_id}/change/", f"/admin/regions/{office.region_id}/", "/admin/accounts/region/",
        "/admin/accounts/agency/", "/admin/accounts/apiclient/", "/admin/api-keys/new/", f"/admin/api-keys/{key.uuid}/",
        f"/admin/api-keys/{key.uuid}/rotate/", f"/admin/api-keys/{key.uuid}/revoke/", "/admin/",
    ]  # fmt: skip

    assert {page: status for page in pages if (status := keepers[0].get(page).status_code) != 200} == {}


def test_the_other_proposals_by_their_pages(office: Agency, keepers: tuple[Client, Client]) -> None:
    first, second = keepers
    lan, colleague = officer("clerk", office, "lin.lan"), officer("clerk", office, "he.yian")
    other = agency("示例市旧局", superior=office)
    posting, day, why = lan.postings.get(), str(today()), {"reason": "调动"}
    week = str(today() + timedelta(days=7))
    forms = {
        f"/admin/accounts/{lan.uuid}/posting/": {"agency": office.pk, "role": "publisher", "valid_from": day},
        f"/admin/postings/{posting.pk}/deputy/": {"user": colleague.pk, "valid_from": day, "valid_to": week},
        f"/admin/postings/{posting.pk}/end/": {"valid_to": week},
        f"/admin/agencies/{other.uuid}/rename/": {"name": "示例市新局", "day": day},
        "/admin/agencies/new/": {
            "unified_code": code_of(next(numbers), department="1"), "name": "示例市数据局", "kind": "competent_department",
            "level": "county", "region": office.region_id, "superior": office.pk, "is_administrative_organ": "on",
            "valid_from": day,
        },
        f"/admin/agencies/{other.uuid}/merge/": {"successor": office.pk, "day": week},
        f"/admin/accounts/{lan.uuid}/reset/": {},
        f"/admin/accounts/{lan.uuid}/close/": {"successor": colleague.pk},
    }  # fmt: skip

    for address, form in forms.items():
        answer = first.post(address, form | why)
        assert answer.status_code in {200, 302}, (address, answer.content.decode()[-3000:])
        step = AccountStep.objects.order_by("-pk")[0]
        assert second.get(f"/admin/account-steps/{step.uuid}/").status_code == 200
        answer = second.post(f"/admin/account-steps/{step.uuid}/confirm/")
        assert answer.status_code in {200, 302}, (address, answer.content.decode()[-3000:])

    assert AccountStep.objects.filter(state="confirmed").count() == len(forms)
    assert first.get(f"/admin/accounts/{lan.uuid}/").status_code == 200
    assert Agency.objects.get(pk=other.pk).name == "示例市新局"


def test_a_proposal_is_rejected_or_taken_back_by_its_page(office: Agency, keepers: tuple[Client, Client]) -> None:
    first, second = keepers
    for username in ("a.one", "a.two"):
        first.post(
            "/admin/accounts/new/",
            account_form(
                office, username=username, number=identity_number(date(1990, 1, 1), len(username) + ord(username[-1]))
            ),
        )
    one, two = AccountStep.objects.order_by("pk")

    assert second.post(f"/admin/account-steps/{one.uuid}/reject/", {"reason": ""}).status_code == 422
    assert second.post(f"/admin/account-steps/{one.uuid}/reject/", {"reason": "号码不符"}).status_code == 302
    assert second.post(f"/admin/account-steps/{two.uuid}/take-back/", {"reason": "误填"}).status_code == 403
    assert first.post(f"/admin/account-steps/{two.uuid}/take-back/", {"reason": "误填"}).status_code == 302
    assert set(AccountStep.objects.values_list("state", flat=True)) == {"rejected", "taken_back"}


@pytest.mark.proves("SEC-01")
@pytest.mark.parametrize("role", ["clerk", "reviewer", "coordinator", "rule_keeper"])
def test_other_officers_do_not_read_accounts_proposals_or_keys(office: Agency, role: str) -> None:
    user, secret = signer(role, office, "lin.lan")
    client, key = signed_in("lin.lan", secret), client_of(office).client
    closed = [
        "/admin/accounts/user/", "/admin/accounts/accountstep/", "/admin/accounts/apiclient/", "/admin/accounts/new/",
        f"/admin/accounts/{user.uuid}/", f"/admin/api-keys/{key.uuid}/", "/admin/api-keys/new/",
    ]  # fmt: skip

    assert {client.get(address).status_code for address in closed} == {403}
    assert client.get("/admin/accounts/agency/").status_code == 200
    assert "沈" not in client.get(f"/admin/agencies/{office.uuid}/").content.decode()


@pytest.mark.proves("SEC-01")
def test_an_auditor_reads_accounts_and_changes_nothing(office: Agency) -> None:
    user, secret = signer("auditor", office, "aud")
    client, lan = signed_in("aud", secret), officer("clerk", agency("别局"), "lin.lan")

    for address in (
        "/admin/accounts/user/",
        f"/admin/accounts/{lan.uuid}/",
        "/admin/accounts/accountstep/",
        "/admin/accounts/apiclient/",
    ):
        assert client.get(address).status_code == 200
    assert client.get(f"/admin/accounts/{lan.uuid}/reset/").status_code == 403
    assert client.post(f"/admin/accounts/{lan.uuid}/reset/", {"reason": "r"}).status_code == 403
    assert not AccountStep.objects.exists()
    assert user.pk


def test_what_lies_outside_a_keepers_bodies_does_not_exist_for_him(
    office: Agency, keepers: tuple[Client, Client]
) -> None:
    elsewhere = agency("别局")
    far, key = officer("clerk", elsewhere, "far"), client_of(elsewhere).client

    for address in (
        f"/admin/accounts/{far.uuid}/",
        f"/admin/accounts/{far.uuid}/close/",
        f"/admin/api-keys/{key.uuid}/",
    ):
        assert keepers[0].get(address).status_code == 404
    assert "far" not in keepers[0].get("/admin/accounts/user/").content.decode()


@pytest.mark.parametrize("column", ["password", "totp_box", "identity__digest", "recovery_codes", "epoch"])
def test_a_list_answers_nothing_about_columns_that_it_does_not_show(
    office: Agency, keepers: tuple[Client, Client], column: str
) -> None:
    assert keepers[0].get(f"/admin/accounts/user/?{column}__startswith=a").status_code == 400
    assert keepers[0].get("/admin/accounts/user/?state=living&postings__role__exact=clerk").status_code == 200


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("SEC-18")
def test_a_key_is_made_rotated_and_revoked_by_its_pages_and_its_secret_is_shown_once(
    office: Agency, keepers: tuple[Client, Client]
) -> None:
    keeper = keepers[0]
    form = {
        "kind": "agency", "agency": office.pk, "name": "报送系统", "scopes": ["intake"], "purposes": ["licensing"],
        "networks": "10.0.0.0/8\n2001:db8::/32", "days": 365,
    }  # fmt: skip
    wrong = keeper.post("/admin/api-keys/new/", form | {"networks": "10.0.0.1/8"})
    assert wrong.status_code == 422
    assert "报送系统" in wrong.content.decode()
    (secret,) = re.findall(r"(ak_\w{8}_[\w-]{43})", keeper.post("/admin/api-keys/new/", form).content.decode())
    key = ApiClient.objects.get()
    place = f"/admin/api-keys/{key.uuid}/"
    assert services.client_of(secret, on=today(), address="10.1.1.1") == key
    assert secret[12:] not in keeper.get(place).content.decode()

    (after,) = re.findall(r"(ak_\w{8}_[\w-]{43})", keeper.post(f"{place}rotate/").content.decode())
    assert services.client_of(secret, on=today(), address="10.1.1.1") == key
    assert services.client_of(after, on=today(), address="10.1.1.1")
    assert keeper.post(f"{place}rotate/").status_code == 409
    assert keeper.post(f"{place}revoke/", {"reason": ""}).status_code == 422
    assert keeper.post(f"{place}revoke/", {"reason": "更换"}).status_code == 302
    assert services.client_of(secret, on=today(), address="10.1.1.1") is None


def test_a_key_that_ends_within_a_month_waits_in_the_queue_until_it_has_a_successor(
    office: Agency, keepers: tuple[Client, Client]
) -> None:
    client_of(office, name="快到期", days=30)
    client_of(office, name="还早", days=31)
    page = keepers[0].get("/admin/").content.decode()

    assert "快到期" in page
    assert "还早" not in page
    services.rotate_client(ApiClient.objects.get(name="快到期").pk, by=User.objects.get(username="k.one"), on=today())
    assert "快到期" not in keepers[0].get("/admin/").content.decode()


def test_no_page_of_the_door_works_by_script(office: Agency) -> None:
    for address in (LOGIN, "/admin/access/"):
        page = Client().get(address).content.decode()
        assert "<script" not in page
        assert not re.search(r"\son\w+=|style=|x-data", page)
    assert reverse("admin:login") == LOGIN
    assert codes.DIGITS == 6
    assert give_access
