"""What every public call keeps: parameters, refusals, language, tags, pages, and the document that describes them."""

import json
import re
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connections
from django.test import Client
from django.urls import get_resolver

from accounts.services import revoke_client
from casework.actors import SYSTEM
from casework.calendar import today
from casework.problem_table import PROBLEMS
from disclosure import openapi
from subjects.codes import make_code
from tests.disclosure.contract import API, HIDDEN, holds, read, refused, walk
from tests.factories import agency, client_of, code_of, deliver, penalty, subject

pytestmark = pytest.mark.django_db

CODE = code_of(123456)
IDENTITY = "990100199003070019"  # invented, with the right check
CALLS = [
    f"{API}/subjects/", f"{API}/subjects/{CODE}/status/", f"{API}/subjects/{CODE}/", f"{API}/subjects/{CODE}/records/",
    f"{API}/records/{HIDDEN}/", f"{API}/acts/", f"{API}/catalogue-items/", f"{API}/catalogue-items/NC-03-02/",
    f"{API}/catalogue-items/NC-03-02/editions/", f"{API}/working-days/", f"{API}/about/", f"{API}/problems/",
    f"{API}/problems/not_found/", f"{API}/schema/", f"{API}/health/live/", f"{API}/health/ready/",
]  # fmt: skip
ANSWERS = {
    f"{API}/subjects/?q=竹梅": "SubjectHitPage", f"{API}/subjects/{CODE}/status/": "Status",
    f"{API}/acts/": "RecordPage", f"{API}/catalogue-items/": "CatalogueItemPage",
    f"{API}/catalogue-items/NC-03-02/": "CatalogueItem", f"{API}/catalogue-items/NC-03-02/editions/": "CatalogueItemPage",
    f"{API}/working-days/?from=2026-02-13&days=3": "WorkingDays", f"{API}/about/": "About",
    f"{API}/problems/": "ProblemTypePage", f"{API}/problems/not_found/": "ProblemType", f"{API}/health/live/": "Alive",
    f"{API}/health/ready/": "Readiness",
}  # fmt: skip


def test_the_calls_of_these_tests_are_all_public_calls_there_are() -> None:
    patterns = next(one for one in get_resolver().url_patterns if str(one.pattern) == "api/v1/").url_patterns
    known = {re.sub(r"<str:\w+>", "*", f"{API}/{pattern.pattern}") for pattern in patterns}
    parts = (CODE, HIDDEN, "NC-03-02", "not_found")

    assert {re.sub("|".join(parts), "*", path) for path in CALLS} == known


@pytest.mark.parametrize("path", CALLS)
def test_an_unknown_parameter_is_refused_on_every_call_and_all_are_named(client: Client, path: str) -> None:
    body = refused(client, f"{path}?x=1&zz=2", 400, "unknown_parameter")

    named = [error["name"] for error in body["errors"] if error["code"] == "unknown_parameter"]
    assert named == ["x", "zz"]
    assert all(error["allowed"] is not None for error in body["errors"] if error["code"] == "unknown_parameter")


@pytest.mark.parametrize("path", CALLS)
def test_other_methods_are_refused_before_anything_else_and_options_names_those_allowed(
    client: Client, path: str
) -> None:
    response = client.post(f"{path}?x=1", data="{", content_type="application/json")
    options = client.options(path)

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert json.loads(response.content)["code"] == "method_not_allowed"
    assert (options.status_code, options["Allow"]) == (204, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(("path", "type_name"), ANSWERS.items())
def test_every_answer_is_of_its_type_with_a_tag_and_head_says_the_same(
    client: Client, path: str, type_name: str
) -> None:
    read(client, path, type_name)

    got, head = client.get(path), client.head(path)
    again = client.get(path, headers={"if-none-match": got["ETag"]})

    assert head.status_code == 200
    assert head.content == b""
    assert head["ETag"] == got["ETag"]
    assert (again.status_code, again.content) == (304, b"")
    assert got["Access-Control-Allow-Origin"] == "*"
    assert "Last-Modified" not in got
    assert got["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("path", CALLS)
def test_a_path_without_its_slash_is_308_with_its_query(client: Client, path: str) -> None:
    response = client.get(f"{path.rstrip('/')}?limit=1")

    assert (response.status_code, response["Location"]) == (308, f"{path}?limit=1")


def test_a_path_that_does_not_exist_is_404_with_and_without_a_slash(client: Client) -> None:
    for path in (f"{API}/nothing/", f"{API}/nothing", "/api/v2/acts/"):
        refused(client, path, 404, "not_found")


# --- Parameters ------------------------------------------------------------------------------------------------------

LIST = f"{API}/subjects/{CODE}/records/"


@pytest.mark.parametrize(
    ("path", "code", "name"),
    [
        (f"{LIST}?decided_from=", "parameter_empty", "decided_from"),
        (f"{LIST}?decided_from=2026-1-2", "parameter_invalid", "decided_from"),
        (f"{LIST}?decided_from=2026-02-30", "parameter_invalid", "decided_from"),
        (f"{LIST}?adverse=True", "parameter_invalid", "adverse"),
        (f"{LIST}?adverse=true&adverse=true", "parameter_repeated", "adverse"),
        (f"{LIST}?kind=penalty&kind=", "parameter_empty", "kind"),
        (f"{LIST}?class=serious_list", "parameter_invalid", "class"),
        (f"{LIST}?region=9901", "parameter_invalid", "region"),
        (f"{LIST}?authority={CODE.lower()}", "code_malformed", "authority"),
        (f"{LIST}?limit=0", "parameter_invalid", "limit"),
        (f"{LIST}?limit=201", "parameter_invalid", "limit"),
        (f"{LIST}?limit= 5", "parameter_invalid", "limit"),
        (f"{LIST}?sort=name", "sort_not_allowed", "sort"),
        (f"{API}/acts/?cursor=abc", "cursor_invalid", "cursor"),
        (f"{API}/catalogue-items/?category=14", "parameter_invalid", "category"),
        (f"{API}/catalogue-items/?on=2026-11-21", "parameter_invalid", "on"),
        (f"{API}/catalogue-items/NC-03-02/?on=2026-11-21", "parameter_invalid", "on"),
        (f"{API}/schema/?format=xml", "parameter_invalid", "format"),
    ],
)
def test_a_wrong_value_is_refused_and_named(client: Client, path: str, code: str, name: str) -> None:
    if LIST in path:
        path = path.replace(CODE, subject(unified_code=CODE).unified_code, 1)

    body = refused(client, path, 400, code)

    assert [(error["in"], error["name"]) for error in body["errors"]] == [("query", name)]


def test_all_faults_are_told_together(client: Client) -> None:
    body = refused(client, f"{API}/subjects/{CODE.lower()}/records/?x=1&limit=0&kind=", 400, "unknown_parameter")

    assert [error["code"] for error in body["errors"]] == [
        "unknown_parameter", "code_malformed", "parameter_empty", "parameter_invalid",
    ]  # fmt: skip
    holds(body["code_check"], "CodeCheck")


def test_a_list_of_an_unknown_subject_is_404(client: Client) -> None:
    refused(client, LIST, 404, "subject_not_found")
    refused(client, f"{API}/subjects/{CODE}/", 404, "subject_not_found")


def test_filters_are_honoured_each_alone(client: Client) -> None:
    firm, here = subject(), agency()
    there = agency("示例县应急管理局", region="990122")
    deliver(penalty(firm, here, cf_jdrq="2026-11-16"), sender=here)
    deliver(penalty(firm, there, cf_jdrq="2026-11-18", cf_cflb="警告;罚款"), sender=there)
    base = f"{API}/subjects/{firm.unified_code}/records/"

    def found(query: str) -> int:
        return len(walk(client, f"{base}?{query}", "RecordPage"))

    assert found("") == 2
    assert [found(f"authority={here.unified_code}"), found(f"authority={CODE}")] == [1, 0]
    assert found(f"authority={here.unified_code}&authority={there.unified_code}") == 2
    assert [found("region=990000"), found("region=990100"), found("region=990122"), found("region=110000")] == [
        2,
        2,
        1,
        0,
    ]
    assert [found("decided_from=2026-11-17"), found("decided_to=2026-11-17"), found("decided_to=2026-11-16")] == [
        1,
        1,
        1,
    ]
    assert [found(f"published_from={today()}"), found("published_to=2026-11-19")] == [2, 0]
    assert [found("kind=penalty"), found("kind=licence"), found("class=honours")] == [2, 0, 0]
    assert [found("adverse=true"), found("adverse=false"), found("under_verification=true")] == [2, 0, 0]
    assert found("field=market-regulation&kind=penalty") == 2
    assert len(walk(client, f"{API}/acts/?region=990122&kind=penalty&kind=licence", "RecordPage")) == 1


def test_the_order_is_the_one_asked_for(client: Client) -> None:
    firm, office = subject(), agency()
    days = ["2026-11-16", "2026-11-18", "2026-11-17", "2026-11-17"]
    deliver(*[penalty(firm, office, cf_jdrq=day) for day in days], sender=office)
    base = f"{API}/subjects/{firm.unified_code}/records/?limit=1"

    newest = [row["document"]["decided_on"] for row in walk(client, base, "RecordPage")]
    oldest = [row["document"]["decided_on"] for row in walk(client, f"{base}&sort=decided_on", "RecordPage")]

    assert newest == sorted(days, reverse=True)
    assert oldest == sorted(days)


def test_a_long_list_is_walked_whole_by_windows_of_days(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    firm, office = subject(), agency()
    days = ["2026-11-19", "2026-11-18", "2026-11-02", "2026-07-03", "2026-07-02"]
    deliver(*[penalty(firm, office, cf_jdrq=day) for day in days], sender=office)
    monkeypatch.setattr("casework.http.SHORT", 0)

    rows = walk(client, f"{API}/acts/?limit=2", "RecordPage")

    assert [row["document"]["decided_on"] for row in rows] == days


def test_a_cursor_belongs_to_its_filters_and_order(client: Client) -> None:
    firm, office = subject(), agency()
    deliver(*[penalty(firm, office) for _n in range(2)], sender=office)
    base = f"{API}/subjects/{firm.unified_code}/records/"
    following = read(client, f"{base}?limit=1", "RecordPage")["next"]
    cursor = following.partition("cursor=")[2]

    assert len(read(client, following, "RecordPage")["results"]) == 1
    assert len(read(client, f"{base}?limit=200&cursor={cursor}", "RecordPage")["results"]) == 1
    for other in (f"{base}?kind=penalty&cursor={cursor}", f"{base}?sort=decided_on&cursor={cursor}",
                  f"{API}/acts/?cursor={cursor}", f"{base}?cursor={cursor[:-1]}x"):  # fmt: skip
        refused(client, other, 400, "cursor_invalid")


# --- Credentials, identity numbers, language ----------------------------------------------------------------------------


def test_a_wrong_key_is_never_served_as_anyone_and_a_right_one_changes_nothing(client: Client) -> None:
    made = client_of(agency(), "intake")
    path = f"{API}/subjects/{CODE}/status/"

    with_key = client.get(path, headers={"authorization": f"Bearer {made.secret}"})
    for wrong in (f"Bearer {made.secret}x", "Bearer nonsense", f"Basic {made.secret}", "", "Bearer"):
        refused(client, path, 401, "credentials_invalid", authorization=wrong)
    revoke_client(made.client.pk, by=SYSTEM, on=today(), reason="示例")
    response = client.get(path, headers={"authorization": f"Bearer {made.secret}"})

    assert with_key.status_code == 200
    assert with_key["ETag"] == client.get(path)["ETag"]
    assert with_key["Cache-Control"] == "no-store"
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="credit-portal"'


@pytest.mark.parametrize("path", CALLS)
def test_the_public_origin_takes_no_credentials(client: Client, path: str, settings: Any) -> None:
    settings.PUBLIC_ONLY = True

    refused(client, path, 400, "credentials_not_accepted_here", authorization="Bearer ak_12345678_x")


@pytest.mark.proves("RSP-10")
@pytest.mark.parametrize(
    "path",
    [
        f"{API}/subjects/{IDENTITY}/status/", f"{API}/subjects/{IDENTITY}/status", f"{API}/subjects/{IDENTITY}/",
        f"{API}/subjects/{IDENTITY}/records/", f"{API}/records/{IDENTITY}/", f"{API}/catalogue-items/{IDENTITY}/",
        f"{API}/problems/{IDENTITY}/", f"{API}/acts/?authority={IDENTITY}", f"{API}/acts/?x={IDENTITY}",
        f"{API}/acts/?{IDENTITY}=1", f"{API}/acts/?cursor={IDENTITY}", f"{API}/acts?cursor={IDENTITY}",
        f"{API}/working-days/?agency={IDENTITY[:6]} {IDENTITY[6:]}",
        f"{API}/subjects/９９０１００１９９００３０７００１９/status/", f"{API}/health/live/?q=张 {IDENTITY}",
    ],
)  # fmt: skip
def test_an_identity_number_is_refused_everywhere_and_echoed_nowhere(
    client: Client, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get(path)

    text = response.content.decode() + str(dict(response.headers))
    assert json.loads(response.content)["code"] == "identity_number_refused"
    assert response.status_code == 400
    assert IDENTITY not in text
    assert IDENTITY[6:] not in text


def test_errors_follow_accept_language(client: Client) -> None:
    path = f"{API}/nothing/"

    for header, language in {"": "zh", "en": "en", "en-GB,zh;q=0.5": "en", "zh-TW": "zh", "fr": "zh", "fr,en;q=0.1": "en",
                             "en;q=0.4,zh-CN;q=0.9": "zh", "en;q=x": "zh"}.items():  # fmt: skip
        response = client.get(path, headers={"accept-language": header})
        body = json.loads(response.content)
        assert response["Content-Language"] == language
        assert body["title"] == body["titles"][language]
        assert "Accept-Language" in response["Vary"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("", 200), ("*/*", 200), ("application/json", 200), ("application/*", 200), ("text/html,*/*;q=0.1", 200),
        ("text/html", 406), ("application/xml", 406), ("application/json;q=0", 406), ("*/*, application/json;q=0", 406),
        ("application/json;q=x", 406),
    ],
)  # fmt: skip
def test_an_accept_that_excludes_json_is_406(client: Client, accept: str, status: int) -> None:
    assert client.get(f"{API}/subjects/{CODE}/status/", headers={"accept": accept}).status_code == status


def test_an_address_too_long_is_414(client: Client) -> None:
    refused(client, f"{API}/acts/?x={'a' * 9000}", 414, "uri_too_long")


def test_a_long_answer_is_compressed_on_request(client: Client) -> None:
    import gzip

    plain = client.get(f"{API}/problems/")
    packed = client.get(f"{API}/problems/", headers={"accept-encoding": "gzip, br"})

    def without(body: bytes) -> Any:
        return {key: value for key, value in json.loads(body).items() if key != "as_of"}

    assert packed["Content-Encoding"] == "gzip"
    assert without(gzip.decompress(packed.content)) == without(plain.content)
    assert "Accept-Encoding" in packed["Vary"]


# --- Rules, the calendar, the document ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "result", "working"),
    [
        ("from=2026-02-13&days=3", "2026-02-25", 3),
        ("from=2026-09-30&days=3", "2026-10-10", 3),
        ("from=2025-12-31&days=3", "2026-01-06", 3),
        ("from=2026-08-05&days=60&count=calendar&rolling=true", "2026-10-08", None),
        ("from=2025-11-30&months=3&rolling=true", "2026-02-28", None),
        ("from=2024-02-29&months=12", "2025-02-28", None),
        ("from=2026-03-02&months=36", "2029-03-02", None),
        ("from=2026-02-13&until=2026-02-25", "2026-02-25", 3),
        ("from=2026-02-13&days=0", "2026-02-13", 0),
    ],
)
@pytest.mark.proves("PUB-08", "INV-19")
def test_the_calculator_counts_the_fixed_pairs(client: Client, query: str, result: str, working: int | None) -> None:
    body = read(client, f"{API}/working-days/?{query}", "WorkingDays")

    assert (body["result"], body["working_days"]) == (result, working)


@pytest.mark.proves("PUB-10")
@pytest.mark.parametrize(
    "query", ["from=2026-12-30&days=5", "from=2019-12-20&days=30", "from=2026-01-01&until=2027-01-05"]
)
def test_a_year_that_is_not_announced_is_refused_forwards_and_inside_a_sum(client: Client, query: str) -> None:
    body = refused(client, f"{API}/working-days/?{query}", 400, "calendar_year_unknown")

    assert body["calendar"]["known_years"] == [2020, 2021, 2022, 2023, 2024, 2025, 2026]
    assert body["calendar"]["year"] in (2019, 2027)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("days=3", "parameter_missing"), ("from=2026-01-05", "parameter_missing"),
        ("from=2026-01-05&days=3&months=1", "parameter_conflict"),
        ("from=2026-01-05&days=3&rolling=true", "parameter_conflict"),
        ("from=2026-01-05&months=3&count=working", "parameter_conflict"),
        ("from=2026-01-05&until=2026-01-09&count=calendar", "parameter_conflict"),
        ("from=2026-01-05&until=2026-01-02", "parameter_invalid"), ("from=2026-01-05&days=1001", "parameter_invalid"),
        ("from=2026-01-05&months=0", "parameter_invalid"), ("from=2026-01-05&days=3&agency=x", "code_malformed"),
    ],
)  # fmt: skip
def test_a_question_that_contradicts_itself_is_refused(client: Client, query: str, code: str) -> None:
    refused(client, f"{API}/working-days/?{query}", 400, code)


def test_an_unknown_agency_is_404_and_a_known_one_is_counted_for(client: Client) -> None:
    office = agency()

    refused(client, f"{API}/working-days/?from=2026-01-05&days=3&agency={CODE}", 404, "not_found")
    body = read(client, f"{API}/working-days/?from=2026-01-05&days=3&agency={office.unified_code}", "WorkingDays")

    assert body["agency"] == office.unified_code


@pytest.mark.proves("CAT-08")
def test_the_catalogue_of_any_past_day_can_be_read(client: Client) -> None:
    now = read(client, f"{API}/catalogue-items/NC-03-02/", "CatalogueItem")
    editions = read(client, f"{API}/catalogue-items/NC-03-02/editions/", "CatalogueItemPage")["results"]

    assert [one["edition"] for one in editions] == sorted((one["edition"] for one in editions), reverse=True)
    assert now["edition"] == editions[0]["edition"]
    for one in editions:
        then = read(client, f"{API}/catalogue-items/NC-03-02/?on={one['in_force_from']}", "CatalogueItem")
        assert then["edition"] == one["edition"]
    refused(client, f"{API}/catalogue-items/NC-03-02/?on=1999-01-01", 404, "not_found")
    refused(client, f"{API}/catalogue-items/NC-99-99/", 404, "not_found")


@pytest.mark.proves("CAT-02", "INV-03")
def test_every_item_of_the_catalogue_shows_its_legal_basis(client: Client) -> None:
    items = walk(client, f"{API}/catalogue-items/?limit=7", "CatalogueItemPage")

    assert len(items) > 7
    assert all(item["legal_basis"] for item in items)
    assert [item["code"] for item in items] == sorted(item["code"] for item in items)
    shown = walk(client, f"{API}/catalogue-items/?disclosable=true", "CatalogueItemPage")
    assert [item["code"] for item in items if item["disclose"]["allowed"]] == [item["code"] for item in shown]


@pytest.mark.parametrize(("hour", "minute", "seconds"), [(9, 0, 3600), (23, 30, 1800), (23, 59, 60)])
def test_rules_are_kept_an_hour_and_never_beyond_midnight_in_shanghai(
    client: Client, hour: int, minute: int, seconds: int
) -> None:
    with time_machine.travel(datetime(2026, 11, 20, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai")), tick=False):
        response = client.get(f"{API}/catalogue-items/")

    assert response["Cache-Control"] == f"public, max-age={seconds}"


def test_every_code_that_an_error_may_bear_is_explained_in_both_languages(client: Client) -> None:
    rows = walk(client, f"{API}/problems/", "ProblemTypePage")

    assert [row["code"] for row in rows] == list(PROBLEMS)
    for row in rows:
        assert all(row[part][language] for part in ("titles", "meaning", "what_to_do") for language in ("zh", "en"))
    refused(client, f"{API}/problems/no_such_problem/", 404, "not_found")


@pytest.mark.proves("SHR-24")
def test_the_document_describes_every_public_call_and_its_parameters(client: Client) -> None:
    response = client.get(f"{API}/schema/?format=json")
    document = json.loads(response.content)

    described = {path for path, item in document["paths"].items() if "public" in item.get("get", {}).get("tags", [])}
    patterns = next(one for one in get_resolver().url_patterns if str(one.pattern) == "api/v1/").url_patterns
    assert described == {re.sub(r"<str:(\w+)>", r"{\1}", f"{API}/{pattern.pattern}") for pattern in patterns}
    assert document["openapi"].startswith("3.1")
    in_query = {
        one["name"] for one in document["paths"][f"{API}/working-days/"]["get"]["parameters"] if one["in"] == "query"
    }
    assert in_query == {"from", "days", "months", "until", "count", "rolling", "agency"}
    assert set(document["paths"][f"{API}/subjects/{{code}}/"]["get"]["responses"]) >= {
        "200",
        "304",
        "308",
        "400",
        "404",
    }


def test_the_document_is_yaml_unless_json_is_asked_for(client: Client) -> None:
    for headers, query, media_type in (
        ({}, "", openapi.YAML), ({"accept": "application/json"}, "", "application/json"),
        ({}, "?format=json", "application/json"), ({"accept": "*/*"}, "?format=yaml", openapi.YAML),
    ):  # fmt: skip
        response = client.get(f"{API}/schema/{query}", headers=headers)
        assert response.status_code == 200
        assert response["Content-Type"].startswith(media_type)


def test_readiness_names_what_is_wrong_and_only_the_database_makes_it_503(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = read(client, f"{API}/health/ready/", "Readiness")
    monkeypatch.setattr("django.conf.settings.ROLES", {"reader": "somebody_else"})
    response = client.get(f"{API}/health/ready/")

    assert body["checks"] == {
        "database": "ok", "reader_role": "ok", "queue": "late", "sweeps": "late", "calendar": "next_year_missing",
    }  # fmt: skip
    assert response.status_code == 503
    assert json.loads(response.content)["checks"]["reader_role"] == "failing"


def test_a_subject_is_answered_with_its_names_and_within_five_statements(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    firm, office = subject(), agency()
    deliver(*[penalty(firm, office) for _n in range(5)], sender=office)
    path = f"{API}/subjects/{firm.unified_code}/"

    with django_assert_max_num_queries(5, connection=connections["public"]):
        body = read(client, path, "Subject")
    with django_assert_max_num_queries(4, connection=connections["public"]):
        rows = read(client, f"{path}records/", "RecordPage")["results"]
    with django_assert_max_num_queries(2, connection=connections["public"]):
        read(client, f"{API}/records/{rows[0]['id']}/", "Record")

    assert [name["name"] for name in body["names"]] == [firm.name]
    assert body["counts"]["by_class"]["administration"] == 5


def test_a_code_whose_identifier_check_fails_is_warned_about_and_answered(client: Client) -> None:
    wrong = next(
        code for n in range(40)
        if (code := _with_wrong_identifier(n)) is not None
    )  # fmt: skip

    body = read(client, f"{API}/subjects/{wrong}/status/", "Status")

    assert body["warnings"] == ["subject_identifier_check"]


def _with_wrong_identifier(n: int) -> str | None:
    from subjects.codes import check_character, check_code

    good = make_code("9", "1", "990100", f"MB{n:06d}")
    other = "0" if good[16] != "0" else "1"
    first17 = good[:16] + other
    code = first17 + check_character(first17)
    return code if check_code(code).is_valid and check_code(code).warnings else None


def test_dates_are_days_of_shanghai_and_instants_are_utc(client: Client) -> None:
    body = read(client, f"{API}/about/", "About")

    assert date.fromisoformat(body["today"]) == today()
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", body["now"])
    assert body["origin"] == "all"
