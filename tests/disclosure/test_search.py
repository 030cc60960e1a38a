"""The search call: what is found, in which order and why; filters and facets; the walk; what it never tells (api.md 4.3)."""

import re
from datetime import date
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from disclosure import search
from subjects.keys import keys_of
from subjects.models import FormerCode, Subject
from subjects.rules import NameRow
from tests.disclosure.contract import API, read, refused, walk
from tests.factories import agency, code_of, deliver, penalty, region, subject

pytestmark = pytest.mark.django_db

IDENTITY = "990100199003070019"


def ask(client: Client, q: str | None = None, **more: Any) -> Any:
    given = {"q": q} if q is not None else {}
    response = client.get(f"{API}/subjects/", given | more)
    assert response.status_code == 200, response.content.decode()
    return read(client, response.request["PATH_INFO"] + "?" + response.request["QUERY_STRING"], "SubjectHitPage")


def names(body: Any) -> list[str]:
    return [hit["name"] for hit in body["results"]]


def why(body: Any) -> list[str]:
    return [hit["match"]["why"] for hit in body["results"]]


def marked(hit: Any) -> list[str]:
    return [hit["match"]["text"][first:last] for first, last in hit["match"]["highlights"]]


# --- What is found, and in which order -------------------------------------------------------------------------------


def test_the_ranks_stand_in_their_order_and_nothing_fuzzy_above_what_is_exact(client: Client) -> None:
    for name in ("竹梅商货行", "岑州竹梅商贸有限公司", "竹梅商贸行", "竹梅商贸"):
        subject(name)
    subject("远岫物流", former_names=(NameRow("竹梅商贸厂", None, date(2019, 6, 8)),))
    subject("远岫小吃店", trade_names=(NameRow("竹梅商贸坊", None),))

    body = ask(client, "竹梅商贸")

    assert list(zip(names(body), why(body), strict=True)) == [
        ("竹梅商贸", "exact_name"), ("竹梅商贸行", "prefix"), ("岑州竹梅商贸有限公司", "contains"), ("远岫物流", "former_name"),
        ("远岫小吃店", "former_name"), ("竹梅商货行", "one_character_error"),
    ]  # fmt: skip
    assert [hit["match"]["field"] for hit in body["results"]] == [
        "name", "name", "name", "former_name", "trade_name", "name",
    ]  # fmt: skip
    assert body["results"][3]["match"]["other_name"] == {
        "name": "竹梅商贸厂", "kind": "former", "valid_from": None, "valid_to": "2019-06-08", "source": "示例登记库",
    }  # fmt: skip
    assert [hit["match"]["other_name"] is None for hit in body["results"]] == [True, True, True, False, False, True]
    assert marked(body["results"][2]) == ["竹梅商贸"]
    assert marked(body["results"][5]) == ["竹梅商"]


@pytest.mark.parametrize(
    ("name", "q", "reason", "marks"),
    [
        ("上海小化妆包商行", "小化妆包", "contains", ["小化妆包"]),  # a phrase that word cutting tears apart
        ("招商示例蛇口公司", "招商 公司", "contains", ["招商", "公司"]),
        ("招商示例蛇口公司", "公司 招商", "contains", ["招商", "公司"]),
        ("Total Energies 示例店", "totalenergies", "prefix", ["Total Energies"]),
        ("TotalEnergies示例店", "total energies", "prefix", ["TotalEnergies"]),
        ("示例竹梅(商贸)有限公司", "竹梅商贸", "contains", ["竹梅(商贸"]),
        ("示例竹梅電子貿易", "竹梅电子贸易", "contains", ["竹梅電子貿易"]),
        ("示例竹梅电子贸易", "竹梅電子", "contains", ["竹梅电子"]),
        ("示例ＡＢＣ科技", "abc科技", "contains", ["ＡＢＣ科技"]),
        ("示例竹梅商贸有限公司", "竹 梅", "contains", ["竹梅"]),
        ("示例竹梅商贸有限公司", "zhumei", "pinyin", ["竹梅"]),
        ("示例竹梅商贸有限公司", "zhumeis", "pinyin", ["竹梅商"]),
        ("示例竹梅商贸有限公司", "ZHU Mei", "pinyin", ["竹梅"]),
        ("示例竹梅商贸有限公司", "zms", "pinyin", ["竹梅商"]),
        ("示例竹梅商贸有限公司", "竹海商贸", "one_character_error", ["竹", "商贸"]),
        ("示例竹梅商贸有限公司", "竹梅的商贸", "one_character_error", ["竹梅商贸"]),
        ("示例竹梅商贸有限公司", "竹梅贸有限", "one_character_error", ["竹梅", "贸有限"]),
        ("示例远岫坊", "远岫居", "one_character_error", ["远岫"]),
    ],
)
def test_a_name_is_found_as_people_write_it_and_the_characters_that_answer_are_marked(
    client: Client, name: str, q: str, reason: str, marks: list[str]
) -> None:
    subject(name)
    subject("示例无关物业管理处")

    body = ask(client, q)

    assert names(body) == [name]
    assert why(body) == [reason]
    assert marked(body["results"][0]) == marks


def test_words_of_an_address_never_stand_above_the_name(client: Client) -> None:
    region("990101", "远岫区")
    subject("示例面馆", region="990101")
    subject("远岫面馆")

    assert names(ask(client, "远岫")) == ["远岫面馆"]


def test_all_words_must_match(client: Client) -> None:
    subject("示例竹梅商贸有限公司")
    subject("示例竹梅食品有限公司")

    assert names(ask(client, "竹梅 食品")) == ["示例竹梅食品有限公司"]
    assert names(ask(client, "竹梅 五金")) == []


def test_a_subject_comes_once_by_its_best_name(client: Client) -> None:
    old = (NameRow("竹梅商贸行", None, date(2001, 1, 1)), NameRow("竹梅商贸店", None, date(2005, 1, 1)))
    subject("岑州竹梅商贸有限公司", former_names=old)
    subject("远岫物流", former_names=old)

    body = ask(client, "竹梅商贸", facets="type")

    assert why(body) == ["contains", "former_name"]
    assert body["total"] == {"value": 2, "relation": "exact"}
    assert body["facets"]["type"] == [{"value": "legal_person", "count": 2, "relation": "exact"}]


# --- Codes -----------------------------------------------------------------------------------------------------------


@pytest.mark.proves("SUB-05", "SUB-07")
def test_a_code_is_tidied_and_leads_to_its_subject_under_every_code_it_bore(client: Client) -> None:
    firm = subject("示例竹梅商贸有限公司")
    code, old = firm.unified_code, code_of(777001)
    FormerCode.objects.create(unified_code=old, subject=firm, valid_to=date(2020, 1, 1))

    typed, former, organisation = (
        ask(client, q) for q in (f"{code[:2]} {code[2:8]}-{code[8:].lower()}", old, code[8:17])
    )

    for body, field in ((typed, "unified_code"), (former, "former_code"), (organisation, "organisation_code")):
        [hit] = body["results"]
        assert (hit["unified_code"], hit["match"]["why"], hit["match"]["field"]) == (code, "exact_code", field)
        assert marked(hit) == [hit["match"]["text"]]
    assert typed["query"]["normalised"] == code
    assert typed["query"]["code_check"]["normalisations"] == ["white_space", "hyphens", "upper_case"]
    assert typed["query"]["code_check"]["failed_check"] is None
    assert [body["query"]["interpreted_as"] for body in (typed, former, organisation)] == [
        "unified_code", "unified_code", "organisation_code",
    ]  # fmt: skip
    assert former["results"][0]["match"]["text"] == old


def test_a_wrong_code_finds_nothing_says_why_and_offers_no_other(client: Client) -> None:
    subject(unified_code="91990100MADEM0011Q")

    body = ask(client, "91990100MADEM0011R", facets="type,listed")

    assert body["results"] == []
    assert body["total"] == {"value": 0, "relation": "exact"}
    assert body["query"]["code_check"]["failed_check"] == "check_character"
    assert body["facets"] == {"type": [], "listed": []}
    assert "91990100MADEM0011Q" not in str(body)


def test_a_registration_number_is_understood_and_found_nowhere(client: Client) -> None:
    body = ask(client, "990100123456789")

    assert (body["query"]["interpreted_as"], body["results"]) == ("registration_number", [])


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ("type=legal_person", 1), ("type=state_body", 0), ("registration_status=active", 1), ("registration_status=revoked", 0),
        ("region=990100", 1), ("region=990000", 1), ("region=990200", 0), ("category=91", 1), ("category=92", 0), ("list=tax", 0),
        ("listed=true", 0), ("listed=false", 1), ("type=state_body&type=legal_person", 1),
    ],
)  # fmt: skip
def test_every_filter_is_honoured_also_when_the_question_is_a_code(client: Client, given: str, count: int) -> None:
    firm = subject("示例竹梅商贸有限公司")

    for q in (firm.unified_code, firm.unified_code[8:17], "竹梅", "zhumei", "示例竹海商贸有限公司"):
        body = read(client, f"{API}/subjects/?q={q}&{given}&facets=type,region", "SubjectHitPage")
        assert (len(body["results"]), body["total"]["value"]) == (count, count), q
    assert len(read(client, f"{API}/subjects/?{given}", "SubjectHitPage")["results"]) == count


# --- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "code", "name"),
    [
        ("q=a", "parameter_invalid", "q"),
        ("q=竹", "parameter_invalid", "q"),
        ("q=-- --", "parameter_invalid", "q"),
        ("q=" + "竹梅" * 51, "parameter_invalid", "q"),
        ("q=", "parameter_empty", "q"),
        ("q=竹梅&q=商贸", "parameter_repeated", "q"),
        ("q=竹梅&zz=1", "unknown_parameter", "zz"),
        ("q=竹梅&disable_pagination=true", "unknown_parameter", "disable_pagination"),
        ("q=竹梅&page=2", "unknown_parameter", "page"),
        ("q=竹梅&limit=0", "parameter_invalid", "limit"),
        ("q=竹梅&limit=201", "parameter_invalid", "limit"),
        ("q=竹梅&type=person", "parameter_invalid", "type"),
        ("q=竹梅&category=97", "parameter_invalid", "category"),
        ("q=竹梅&region=9901", "parameter_invalid", "region"),
        ("q=竹梅&listed=yes", "parameter_invalid", "listed"),
        ("q=竹梅&facets=type,name", "parameter_invalid", "facets"),
        ("q=竹梅&sort=unified_code", "sort_not_allowed", "sort"),
        ("sort=relevance", "sort_not_allowed", "sort"),
        ("sort=name", "sort_not_allowed", "sort"),
        ("q=竹梅&cursor=abc", "cursor_invalid", "cursor"),
    ],
)
def test_a_wrong_parameter_is_refused_and_named(client: Client, query: str, code: str, name: str) -> None:
    body = refused(client, f"{API}/subjects/?{query}", 400, code)

    assert [(error["in"], error["name"]) for error in body["errors"]] == [("query", name)]


@pytest.mark.proves("RSP-10")
@pytest.mark.parametrize(
    "q",
    [
        IDENTITY, f"张三 {IDENTITY}", f"张三{IDENTITY}", f"{IDENTITY[:6]} {IDENTITY[6:14]}-{IDENTITY[14:]}",
        f"张三 {IDENTITY[:6]} {IDENTITY[6:]} 竹梅", "９９０１００１９９００３０７００１９",
    ],
)  # fmt: skip
def test_an_identity_number_is_refused_in_every_disguise_and_echoed_nowhere(client: Client, q: str) -> None:
    response = client.get(f"{API}/subjects/", {"q": q, "facets": "type"})
    body = refused(client, f"{API}/subjects/?q={q}", 400, "identity_number_refused")

    assert response.status_code == 400
    said = response.content.decode() + str(body) + str(dict(response.headers))
    assert IDENTITY not in said
    assert IDENTITY[6:14] not in said


def test_a_unified_code_of_digits_alone_is_no_identity_number(client: Client) -> None:
    assert not search.hides_identity_number("51990100199003070019"[:18])
    assert not search.hides_identity_number(code_of(1))


@pytest.mark.proves("INV-15", "RSP-10")
def test_no_person_is_found_by_name_whatever_a_person_has_done(client: Client) -> None:
    office = agency("示例竹梅监督局")
    subject("示例松鹤贸易有限公司", legal_representative="欧阳示例甲")
    deliver(penalty(None, office, cf_xdr_mc="欧阳示例乙"), sender=office)

    for q in ("欧阳示例甲", "欧阳示例乙", "欧阳", "ouyang", "欧阳**"):
        body = ask(client, q, facets="type,region,listed")
        assert body["results"] == []
        assert body["facets"] == {"type": [], "region": [], "listed": []}


def test_the_functions_of_the_search_read_the_register_and_no_person(client: Client) -> None:
    with connections["public"].cursor() as cursor:
        cursor.execute(
            "select string_agg(p.prosrc, ' ') from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
            " where n.nspname = 'disclosed' and (p.proname like 'search%%' or p.proname = 'pairs')"
        )
        (source,) = cursor.fetchone()

    assert set(re.findall(r"public\.(\w+)", source)) == {
        "subjects_subject",
        "subjects_subjectname",
        "subjects_formercode",
        "accounts_region",
    }


# --- Pages and counts ------------------------------------------------------------------------------------------------


def many_names(last: int, first: int = 1) -> None:
    """Subjects by bulk SQL, a number in each name: half of them in each of two regions, half of each of two types."""
    keys = keys_of("示例竹梅商贸有限公司")
    region("990100")
    region("990101", "示例区")
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "with made as ("
            " insert into subjects_subject (uuid, unified_code, name, type, region_id, registration_status, source_name,"
            " received_at__MORE__) select gen_random_uuid(), '91990100' || lpad(upper(to_hex(n)), 9, '0') || '0',"
            " '示例' || n || '竹梅商贸有限公司', (array['legal_person','state_body'])[1 + n %% 2],"
            " (array['990100','990101'])[1 + n %% 2], 'active', '示例登记库', now()__VALUE__ from generate_series(%s, %s) n"
            " returning id, name)"
            " insert into subjects_subjectname (subject_id, name, kind, source, key, bigrams, pinyin, initials)"
            " select id, name, 'current', '示例登记库', name, array(select distinct substr(name, g, 2)::varchar"
            " from generate_series(1, length(name) - 1) g), %s, %s from made".replace("__MORE__", MORE[0]).replace(
                "__VALUE__", MORE[1]
            ),
            [first, last, keys.pinyin, keys.initials],
        )


# A column of a later release that has no default in the database.
MORE = (", public_body", ", ''") if any(f.name == "public_body" for f in Subject._meta.fields) else ("", "")


def know_the_tables() -> None:
    """What autovacuum does on a server that has run for a minute. Only the owner may."""
    raw = connections["default"].connection
    raw.execute("RESET ROLE")
    raw.execute("SELECT gin_clean_pending_list('subjectname_bigrams')")
    raw.execute("ANALYZE subjects_subject, subjects_subjectname")


def statements(client: Client, path: str) -> int:
    with CaptureQueriesContext(connections["public"]) as held:
        assert client.get(path).status_code == 200
    return len(held)


@pytest.mark.parametrize("query", ["q=竹梅", "q=竹梅&region=990101&facets=type,region,listed", "facets=type", "q=zms"])
def test_the_walk_gives_every_subject_once_and_as_many_as_were_counted(client: Client, query: str) -> None:
    many_names(130)
    subject("远岫物流", former_names=(NameRow("示例竹梅行", None, date(2019, 6, 8)),))

    rows = walk(client, f"{API}/subjects/?{query}&limit=17", "SubjectHitPage")

    codes = [row["unified_code"] for row in rows]
    assert len(codes) == len(set(codes)) == {"q=竹梅": 131, "facets=type": 131, "q=zms": 130}.get(query, 65)


@pytest.mark.parametrize("sort", ["unified_code", "-registered_on"])
def test_without_a_question_the_register_is_leafed_through(client: Client, sort: str) -> None:
    for n in range(5):
        subject(registered_on=date(2015, 3, 1 + n // 2))
    many_names(3)

    rows = walk(client, f"{API}/subjects/?sort={sort}&limit=2", "SubjectHitPage")
    held = Subject.objects.values_list("registered_on", "unified_code")
    order = (lambda row: row[1]) if sort == "unified_code" else lambda row: (-(row[0] or date.min).toordinal(), row[1])

    assert [row["unified_code"] for row in rows] == [code for _day, code in sorted(held, key=order)]
    assert {row["match"] for row in rows} == {None}
    assert ask(client)["query"] == {"q": None, "interpreted_as": "none", "normalised": None, "code_check": None}


def test_a_cursor_belongs_to_its_question(client: Client) -> None:
    many_names(5)
    following = ask(client, "竹梅", limit=2)["next"]
    cursor = following.rpartition("cursor=")[2]

    assert len(read(client, following, "SubjectHitPage")["results"]) == 2
    refused(client, f"{API}/subjects/?q=商贸&limit=2&cursor={cursor}", 400, "cursor_invalid")
    refused(client, f"{API}/subjects/?q=竹梅&type=state_body&limit=2&cursor={cursor}", 400, "cursor_invalid")
    refused(client, f"{API}/subjects/?q=竹梅&limit=2&cursor={cursor[:-3]}abc", 400, "cursor_invalid")


def test_facets_count_what_their_link_would_leave_and_ignore_their_own_filter(client: Client) -> None:
    many_names(10)
    body = ask(client, "竹梅", region="990101", facets="type,registration_status,region,list,listed")

    assert body["total"]["value"] == 5
    assert body["facets"]["type"] == [{"value": "state_body", "count": 5, "relation": "exact"}]
    assert [(one["value"], one["count"]) for one in body["facets"]["region"]] == [
        ("990000", 10), ("990100", 10), ("990101", 5),
    ]  # fmt: skip
    assert (body["facets"]["list"], body["facets"]["listed"]) == (
        [],
        [{"value": "false", "count": 5, "relation": "exact"}],
    )
    for one in body["facets"]["region"]:
        assert ask(client, "竹梅", region=one["value"])["total"]["value"] == one["count"]
    assert ask(client, "竹梅", listed="true", facets="listed,type")["facets"] == {
        "listed": [{"value": "false", "count": 10, "relation": "exact"}], "type": [],
    }  # fmt: skip


def test_beyond_ten_thousand_it_says_at_least_and_a_page_costs_no_more(client: Client) -> None:
    path = f"{API}/subjects/?q=竹梅&facets=type,region&limit=50"
    many_names(10)
    few = statements(client, path)
    many_names(10_100, first=11)

    body = read(client, path, "SubjectHitPage")
    narrowed = read(client, f"{path}&type=state_body", "SubjectHitPage")

    assert statements(client, path) == few == 2
    assert body["total"] == {"value": 10_000, "relation": "at_least"}
    assert {one["relation"] for one in body["facets"]["type"]} == {"at_least"}
    assert narrowed["total"] == {"value": 5_050, "relation": "exact"}
    assert len(body["results"]) == 50


@pytest.fixture
def large(db: None) -> None:
    """A register beyond the size at which everything is looked at."""
    many_names(21_000)
    subject("竹梅")
    subject("竹梅坊")
    for n in range(3):
        subject(f"远岫{n}物流", former_names=(NameRow(f"旧竹梅{n}行", None, date(2019, 6, 8)),))
    subject("示例松鹤贸易有限公司")
    know_the_tables()


@pytest.mark.all
def test_a_common_word_is_walked_to_its_end_in_the_order_of_the_ranks(large: None) -> None:
    asked = search.Search(search.understand("竹梅"), {})
    found: list[search.Hit] = []
    after: tuple[Any, ...] = (0, "", "")
    while hits := asked.page(after, 200):
        found += hits
        after = (hits[-1].rank, hits[-1].key, hits[-1].unified_code)

    ranks = [hit.rank % 10 for hit in found]
    assert found[0].rank > 10
    assert len({hit.unified_code for hit in found}) == len(found) == 21_005
    assert ranks == sorted(ranks)
    assert (ranks[:2], ranks[-3:]) == ([1, 2], [4, 4, 4])
    assert asked.counts()[0] == {"value": 10_000, "relation": "at_least"}


def test_no_page_of_hits_reads_the_whole_register(large: None) -> None:
    known = {
        "松鹤": 1, "松鹤 贸易": 1, "示例松鹤贸易有限公司": 1, "songhe": 1, "shmy": 1, "旧竹梅1行": 3, "没有这家": 0, "nothing": 0,
        "竹梅": 50, "有限公司": 50, "商贸 竹梅": 50, "zms": 50,
    }  # fmt: skip
    wrong = {}
    for q, count in known.items():
        before = whole_reads()
        hits = search.Search(search.understand(q), {}).page((0, "", ""), 50)
        if len(hits) != count or whole_reads() != before:
            wrong[q] = (len(hits), whole_reads() - before)

    assert wrong == {}


def whole_reads() -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute("select sum(seq_scan) from pg_stat_xact_all_tables where relname like 'subjects%%'")
        return int(cursor.fetchone()[0])
