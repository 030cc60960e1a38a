"""The clock desk: who sees which clocks, what a row says, what comes next, and that its numbers are the figures."""

import csv
import io
import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency, User
from accounts.permissions import Permission
from casework.actors import SYSTEM
from casework.calendar import today
from casework.checks import allowed
from records import services
from records.admin.clock import Powers, acting_for, next_step, summary, waiting_clocks, with_all_below
from records.figures import DEFINITIONS, NAMES, Period, by, clocks_of, timeliness
from records.jobs import sweep
from records.models import AdministrativeAct, Publication
from records.office_rules import acting_body
from subjects.models import Subject
from tests.factories import act_of, agency, deliver, officer, penalty, subject

pytestmark = pytest.mark.django_db
HELD = {"cf_sy": "投诉电话13800138000已核实"}  # waits for a second person, so its clock runs on
DECIDED, DUE = date(2026, 11, 16), date(2026, 11, 25)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    session = client.session
    session["began_at"] = session["seen_at"] = timezone.now().isoformat()
    session.save()
    return client


def seen(user: User, address: str = "/admin/clock/?view=all", language: str = "") -> str:
    answer = signed_in(user).get(address)
    assert answer.status_code == 200, answer.status_code
    return unescape(answer.content.decode())


def held(of: Subject, by: Agency, decided: date = DECIDED, **more: Any) -> AdministrativeAct:
    return act_of(deliver(penalty(of, by, cf_jdrq=decided, **HELD, **more), sender=by))


def counts(page: str) -> dict[str, str]:
    found = re.findall(r'href="\?view=(\w+)[^"]*"[^>]*>[^<]*<span class="cp-views__n[^"]*">([^<]*)<', page)
    return dict(found)


# --- Who sees what


@pytest.mark.parametrize("role", ["clerk", "reviewer", "publisher"])
def test_an_officer_sees_the_clocks_of_his_body_and_of_those_below_it_only(role: str, firm: Subject) -> None:
    city, other = agency("示例市市场监督管理局"), agency("示例市应急管理局")
    county = agency("示例县市场监督管理局", superior=city, level=Agency.Level.COUNTY)
    acts = {body: held(firm, body) for body in (city, county, other)}

    page = seen(officer(role, city))

    assert acts[city].document.number in page
    assert acts[county].document.number in page
    assert acts[other].document.number not in page
    assert other.name not in page


def test_a_coordinator_sees_his_region_and_an_auditor_everything(firm: Subject) -> None:
    lead = agency("示例市信用办", kind=Agency.Kind.LOCAL_LEAD_UNIT)
    inside, outside = agency("示例市应急管理局"), agency("邻市应急管理局", region="880100")
    acts = [held(firm, inside), held(firm, outside)]
    numbers = [act.document.number for act in acts]

    of_region, of_all = seen(officer("coordinator", lead)), seen(officer("auditor", lead))

    assert [number in of_region for number in numbers] == [True, False]
    assert [number in of_all for number in numbers] == [True, True]


@pytest.mark.parametrize("role", ["rule_keeper", "account_keeper", "repair_officer"])
def test_who_has_nothing_to_do_with_clocks_is_told_who_has(role: str, office: Agency) -> None:
    answer = signed_in(officer(role, office)).get("/admin/clock/")

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "view=nothing",
        "kind=love",
        "period=soon",
        "delay=nobody",
        "agency=999",
        "act__subject__name__startswith=a",
        "after=x",
    ],
)
def test_what_the_desk_does_not_ask_for_is_refused(query: str, office: Agency) -> None:
    assert signed_in(officer("clerk", office)).get(f"/admin/clock/?{query}").status_code == 400


def test_a_body_out_of_reach_cannot_be_chosen(office: Agency) -> None:
    other = agency("邻市应急管理局", region="880100")

    answer = signed_in(officer("clerk", office)).get(f"/admin/clock/?agency={other.unified_code}")

    assert answer.status_code == 400


# --- What a row says


@pytest.mark.proves("PUB-08")
def test_a_row_gives_the_day_with_its_weekday_what_is_left_and_the_sum_behind_it(office: Agency, firm: Subject) -> None:
    act = held(firm, office)

    page = seen(officer("reviewer", office), "/admin/clock/")

    assert '<time datetime="2026-11-25">2026-11-25' in page
    assert "还有3个工作日" in page
    assert reverse("admin:subject_file", args=[firm.unified_code]) in page
    assert act.document.number in page
    sums = page[page.index("<details") : page.index("</details>")]
    assert re.findall(r"第(\d)日", sums[sums.index("cp-table--sum") :]) == list("1234567")
    assert "国发〔2016〕33号" in sums


@pytest.mark.proves("PUB-10")
def test_a_clock_that_cannot_be_counted_stands_in_its_own_view_without_any_day(
    office: Agency, firm: Subject, travel: Any
) -> None:
    travel(date(2026, 12, 30))
    act = held(firm, office, date(2026, 12, 30))

    page = seen(officer("clerk", office), "/admin/clock/?view=uncounted")

    assert act.document.number in page
    assert counts(page)["uncounted"] == "1"
    assert "<details" not in page[page.index("<tbody") :]


@pytest.mark.parametrize(
    ("day", "view"),
    [
        (date(2026, 11, 20), "soon"),
        (date(2026, 11, 25), "today"),
        (date(2026, 11, 26), "overdue"),
        (date(2026, 11, 17), ""),
    ],
)
def test_a_clock_stands_in_the_view_of_its_day(
    office: Agency, firm: Subject, travel: Any, day: date, view: str
) -> None:
    travel(date(2026, 11, 16))
    held(firm, office)
    travel(day)
    user = officer("clerk", office)

    found = {name for name in ("soon", "today", "overdue") if "示例竹梅" in seen(user, f"/admin/clock/?view={name}")}

    assert found == ({"soon", "today"} if view == "today" else {view} if view else set())


@pytest.mark.proves("PUB-02", "INV-21")
def test_what_was_published_late_keeps_its_mark_and_says_whose_delay(office: Agency, firm: Subject) -> None:
    deliver(penalty(firm, office, cf_jdrq=date(2026, 3, 2)), sender=office)

    page = seen(officer("clerk", office), "/admin/clock/?view=late")

    assert "2026-03-12" in page  # the legal day
    assert page.count("<td data-label") > 0
    assert counts(page)["late"] == "1"
    assert "示例竹梅" in seen(officer("clerk", office), "/admin/clock/?view=late&delay=department")
    assert "示例竹梅" not in seen(officer("clerk", office), "/admin/clock/?view=late&delay=portal")


def test_the_filters_narrow_rows_and_counts_together(firm: Subject) -> None:
    lead = agency("示例市信用办", kind=Agency.Kind.LOCAL_LEAD_UNIT)
    one, two = agency("示例市市场监督管理局"), agency("示例市应急管理局")
    held(firm, one)
    held(firm, two)
    held(firm, two, date(2026, 11, 19))
    user = officer("coordinator", lead)

    assert counts(seen(user))["all"] == "3"
    assert counts(seen(user, f"/admin/clock/?view=all&agency={two.unified_code}"))["all"] == "2"
    assert counts(seen(user, "/admin/clock/?view=all&period=2026-11"))["all"] == "3"
    assert counts(seen(user, "/admin/clock/?view=all&period=2026-12"))["all"] == "0"
    assert counts(seen(user, "/admin/clock/?view=all&kind=licence"))["all"] == "0"


def test_pages_walk_by_key_over_every_clock_once(office: Agency, firm: Subject) -> None:
    numbers = {held(firm, office, date(2026, 11, 9) + timedelta(days=n % 8)).document.number for n in range(60)}
    user, found, address = officer("clerk", office), [], "/admin/clock/?view=all"

    while address:
        page = seen(user, address)
        found.append(set(re.findall(r'cp-nb">(示[^<]+)<', page)))
        more = re.search(r'href="(\?[^"]*after=[^"]+)"', page)
        address = f"/admin/clock/{more.group(1)}" if more else ""

    assert [len(part) for part in found] == [25, 25, 10]
    assert set().union(*found) == numbers


def test_a_natural_person_is_masked(office: Agency) -> None:
    deliver(
        penalty(None, office, cf_jdrq=DECIDED, cf_xdr_mc="示例某甲", cf_xdr_zjlx="身份证", cf_xdr_zjhm="11010119900307109X",
                cf_sy="示例某甲在现场"),
        sender=office,
    )  # fmt: skip

    page = seen(officer("clerk", office))

    assert "示例某甲" not in page
    assert "示**" in page


# --- What comes next


@pytest.mark.parametrize("role", ["clerk", "reviewer", "publisher", "auditor", "coordinator"])
@pytest.mark.parametrize("place", ["own", "above", "beside"])
def test_a_verb_is_offered_exactly_where_the_verbs_own_rule_allows_it(role: str, place: str, firm: Subject) -> None:
    above = agency("示例省市场监督管理局", region="990000", level=Agency.Level.PROVINCE)
    own, beside = agency("示例市市场监督管理局", superior=above), agency("示例市应急管理局", superior=above)
    publication = Publication.objects.select_related("act__collecting_department", "act__determining_department").get(
        act=held(firm, own)
    )
    user = officer(role, {"own": own, "above": above, "beside": beside}[place])
    superiors = dict(Agency.objects.values_list("pk", "superior_id"))
    clears, exempts, _hands_in = acting_for(user, today())

    step = next_step(
        publication, Powers(with_all_below(clears, superiors), with_all_below(exempts, superiors), user.identity_id)
    )

    may = {
        name: allowed(acting_body, user, permission, of=own, on=today())
        for name, permission in (("clear-text", Permission.CLEAR_TEXT), ("exempt", Permission.EXEMPT))
    }
    assert bool(step.url) == any(may.values())
    assert not step.url or may[step.url.rstrip("/").rpartition("/")[2]]
    assert step.verb or step.why


def test_who_prepared_a_text_does_not_get_to_read_it_as_second_person(office: Agency, firm: Subject) -> None:
    act = held(firm, office)
    user = officer("reviewer", office)
    act.prepared_by_identity_id = user.identity_id
    publication = Publication.objects.select_related("act__collecting_department").get(act=act)
    publication.act = act

    step = next_step(publication, Powers({office.pk}, set(), user.identity_id))

    assert (step.url, bool(step.why)) == ("", True)


def test_the_queue_holds_what_is_due_within_three_days_with_its_verb(office: Agency, firm: Subject) -> None:
    urgent, later = held(firm, office), held(firm, office, date(2026, 11, 19))
    other = held(firm, agency("示例市应急管理局"))

    of_reviewer = list(waiting_clocks(officer("reviewer", office), today()))
    of_clerk = list(waiting_clocks(officer("clerk", office), today()))
    of_auditor = list(waiting_clocks(officer("auditor", office), today()))

    assert [line.due_on for line in of_reviewer] == [DUE]
    assert urgent.document.number in of_reviewer[0].detail
    assert (of_reviewer[0].group, of_reviewer[0].url) == ("mine", reverse("admin:clear_text", args=[urgent.public_id]))
    assert [(line.group, line.verb) for line in of_clerk] == [("agency", "")]
    assert of_auditor == []
    assert not any(act.document.number in line.detail for line in of_reviewer for act in (later, other))


def test_the_queue_shows_what_stands_at_its_foot(office: Agency, firm: Subject) -> None:
    held(firm, office)
    deliver(penalty(firm, office, cf_jdrq=date(2026, 11, 2)), sender=office)  # last day 11 November: late

    found = summary(officer("clerk", office), today())

    assert found is not None
    assert (found.month.late, found.month.still_open, found.next_due) == (1, 1, DUE)
    assert summary(officer("rule_keeper", office), today()) is None


# --- Departments: the same numbers everywhere


def lively(firm: Subject, *bodies: Agency) -> None:
    for body in bodies:
        for n in range(12):
            deliver(penalty(firm, body, cf_jdrq=date(2026, 11, 2) + timedelta(days=n)), sender=body)
    held(firm, bodies[0])
    sweep(today())


@pytest.mark.proves("STA-04")
def test_screen_and_file_show_the_figures_themselves(firm: Subject) -> None:
    lead = agency("示例市信用办", kind=Agency.Kind.LOCAL_LEAD_UNIT)
    bodies = [agency("示例市市场监督管理局"), agency("示例市应急管理局")]
    lively(firm, *bodies)
    user = officer("coordinator", lead)

    page = seen(user, "/admin/clock/departments/?period=2026-11")
    answer = signed_in(user).get("/admin/clock/departments/?period=2026-11&format=csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

    found = by(timeliness(Period.parse("2026-11"), on=today()), 0)
    wanted = {body.name: ["" if n is None else str(n) for n in found[body.pk].as_json().values()] for body in bodies}
    assert {row[0]: row[2:] for row in rows[1:]} == wanted
    for body in bodies:
        row = page[page.index(f">{body.name}</a>") :]
        cells = re.findall(r'<td data-label="[^"]*">([^<]*)</td>', row[: row.index("</tr>")])
        assert cells[: len(NAMES)] == wanted[body.name]
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_every_figure_stands_beside_its_definition(office: Agency, firm: Subject) -> None:
    lively(firm, office)

    page = seen(officer("clerk", office), "/admin/clock/departments/")

    assert all(str(words) in page for words in DEFINITIONS.values())
    assert "95" in page


def test_weak_departments_stand_first_and_are_named_weak_in_words(firm: Subject) -> None:
    lead = agency("示例市信用办", kind=Agency.Kind.LOCAL_LEAD_UNIT)
    good, weak = agency("示例市甲局"), agency("示例市乙局")
    for n in range(10):
        deliver(penalty(firm, good, cf_jdrq=date(2026, 11, 12), cf_nr=f"罚款三万元{n}"), sender=good)
        deliver(penalty(firm, weak, cf_jdrq=date(2026, 11, 2), cf_nr=f"罚款三万元{n}"), sender=weak)

    page = seen(officer("coordinator", lead), "/admin/clock/departments/?period=2026-11")

    table = page[page.index("<tbody>", page.index("ck-figures")) :]
    assert table.index(weak.name) < table.index(good.name)
    assert table.count("cp-tag--soon") == 1


def test_the_chart_has_a_title_the_same_as_a_table_and_no_script(office: Agency, firm: Subject) -> None:
    lively(firm, office)

    page = seen(officer("clerk", office), "/admin/clock/departments/")

    chart = page[page.index("<figure") : page.index("</figure>")]
    assert chart.count('<th scope="row">') == 12
    assert "<title" in chart
    assert 'role="img"' in chart
    assert not re.search(r"<script|\s(style|on\w+)=", page)


def test_a_formula_in_a_departments_name_does_not_act_in_a_spreadsheet(firm: Subject) -> None:
    body = agency("=HYPERLINK(1)")
    deliver(penalty(firm, body), sender=body)

    answer = signed_in(officer("clerk", body)).get("/admin/clock/departments/?format=csv")

    assert "'=HYPERLINK" in b"".join(answer.streaming_content).decode()


# --- Speed


def queries_of(user: User, address: str) -> list[str]:
    client = signed_in(user)
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(address).status_code == 200
    # The calendar is read again in every transaction, hence in a test; a process reads it twice a minute.
    return [query["sql"] for query in found if "casework_calendar" not in query["sql"]]


def test_the_desk_asks_the_same_few_questions_however_many_rows_there_are(office: Agency, firm: Subject) -> None:
    user = officer("clerk", office)
    for n in range(10):
        held(firm, office, cf_nr=f"罚款三万元{n}")
    few = len(queries_of(user, "/admin/clock/?view=all"))
    for n in range(40):
        held(subject(), office, cf_nr=f"罚款五万元{n}")
    many = queries_of(user, "/admin/clock/?view=all")

    assert few == len(many)
    assert len(many) < 12, many


def test_the_departments_page_asks_two_questions_about_clocks(office: Agency, firm: Subject) -> None:
    lively(firm, office)

    asked = queries_of(officer("clerk", office), "/admin/clock/departments/")

    assert len([sql for sql in asked if "records_publication" in sql]) == 2


def test_what_is_withdrawn_or_exempt_leaves_the_open_views(office: Agency, firm: Subject) -> None:
    act = held(firm, office)
    services.withdraw(act.pk, by=SYSTEM, on=today(), reason="重复")

    page = seen(officer("clerk", office))

    assert set(counts(page).values()) == {"0"}
    assert not clocks_of([office.pk]).exclude(state="ended").exists()
