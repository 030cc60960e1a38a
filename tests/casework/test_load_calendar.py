"""Importing the notices: complete or not at all, as often as you like, and the calendar follows."""

from copy import deepcopy
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from casework.calendar import DayKind, UnknownYear, calendar
from casework.management.commands.load_calendar import SHIPPED, Inconsistent, parse
from casework.models import CalendarDay, CalendarYear

NOTICE: dict[str, Any] = {
    "year": 2027,
    "title": "国务院办公厅关于2027年部分节假日安排的通知",
    "number": "试验〔2026〕1号",
    "source": "content_0",
    "confidence": "from_memory",
    "holidays": [
        {"name": "元旦", "from": date(2027, 1, 1), "to": date(2027, 1, 3)},
        {"name": "春节", "from": date(2027, 2, 5), "to": date(2027, 2, 12)},
        {"name": "清明节", "from": date(2027, 4, 3), "to": date(2027, 4, 5)},
        {"name": "劳动节", "from": date(2027, 5, 1), "to": date(2027, 5, 5)},
        {"name": "端午节", "from": date(2027, 6, 9), "to": date(2027, 6, 9)},
        {"name": "中秋节、国庆节", "from": date(2027, 9, 15), "to": date(2027, 9, 15)},
    ],
    "working_days": [{"day": date(2027, 2, 14), "name": "春节"}, {"day": date(2027, 9, 19), "name": "中秋节、国庆节"}],
}  # an invented notice; the dates are a try-out


def load(*files: Path) -> str:
    out = StringIO()
    call_command("load_calendar", *map(str, files), stdout=out)
    return out.getvalue()


def written(folder: Path, content: Any, name: str = "2027.yaml") -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def edition(**changes: Any) -> dict[str, Any]:
    return deepcopy(NOTICE) | changes


def with_holiday(place: int, **changes: Any) -> dict[str, Any]:
    content = edition()
    content["holidays"][place] |= changes
    return content


def with_worked(day: Any, name: str = "春节") -> dict[str, Any]:
    return edition(working_days=[*NOTICE["working_days"], {"day": day, "name": name}])


def test_a_consistent_notice_is_read() -> None:
    notice = parse(edition())

    assert notice.days[date(2027, 2, 7)].kind == DayKind.STATUTORY_HOLIDAY
    assert notice.days[date(2027, 2, 14)].kind == DayKind.MAKEUP_WORKING_DAY
    assert len(notice.days) == 23


@pytest.mark.proves("INV-19")
@pytest.mark.parametrize(
    ("content", "why"),
    [
        ([], "exactly these keys"),
        ({key: value for key, value in NOTICE.items() if key != "working_days"}, "exactly these keys"),
        (edition(remarks="?"), "exactly these keys"),
        (edition(year="2027"), "title does not speak of the year"),
        (edition(year=2026), "title does not speak of the year"),
        (edition(confidence="perhaps"), "confidence"),
        (edition(holidays={}), "expected a list"),
        (edition(holidays=[{"name": "元旦"}]), "found"),
        (edition(holidays=["元旦"]), "found"),
        (with_holiday(0, to=date(2026, 12, 30)), "does not run"),
        (with_holiday(0, to="2027-01-03?"), "does not run"),
        (with_holiday(0, to=None), "does not run"),
        (with_holiday(1, to=date(2027, 4, 3)), "stands twice: 春节 and 清明节"),
        (with_holiday(0, **{"from": date(2026, 12, 21)}), "another year"),
        (with_holiday(5, **{"from": date(2028, 9, 15), "to": date(2028, 9, 15)}), "another year"),
        (edition(holidays=NOTICE["holidays"][:-1], working_days=[]), "wrong: 中秋节、国庆节"),
        (with_holiday(4, name="元旦"), "wrong: 端午节"),
        (with_holiday(4, name="端午节、国庆节"), "wrong: 国庆节"),
        (with_worked(date(2027, 2, 15)), "no weekend day"),
        (with_worked(date(2026, 2, 14)), "another year"),
        (with_worked("14 February"), "another year"),
        (with_worked(date(2027, 2, 14)), "stands twice"),
        (with_worked(date(2027, 2, 6)), "stands twice"),
        (with_worked(date(2027, 2, 20), name="春天"), "no festival of this notice"),
    ],
)
def test_an_inconsistent_notice_is_refused(content: Any, why: str) -> None:
    with pytest.raises(Inconsistent, match=why):
        parse(content)


def test_an_amending_notice_is_cited_beside_the_first() -> None:
    amended = parse(edition(amended_by=[{"title": "延长", "number": "试验〔2027〕1号", "source": "content_1"}]))

    assert amended.year.number == "试验〔2026〕1号；试验〔2027〕1号"
    assert amended.year.source == "content_0；content_1"


def held() -> list[tuple[Any, ...]]:
    return list(CalendarDay.objects.order_by("day").values_list("pk", "day", "kind", "name", "year", "agency_code"))


@pytest.fixture
def shipped(db: None) -> str:
    """The shipped notices, once more: the run has loaded them already."""
    return load()


def test_the_shipped_notices_make_seven_years_known_and_loading_again_changes_nothing(shipped: str) -> None:
    before = held()
    again = load()

    assert sorted(calendar().years) == [2020, 2021, 2022, 2023, 2024, 2025, 2026]
    assert calendar().add_working_days(date(2026, 2, 13), 3) == date(2026, 2, 25)
    assert "2026: 39 days, 0 written, 0 removed.\n" in again
    assert held() == before
    assert CalendarYear.objects.get(pk=2020).number == "国办发明电〔2019〕16号；国办发明电〔2020〕1号"


def test_a_quiet_import_says_nothing(shipped: str) -> None:
    out = StringIO()

    call_command("load_calendar", stdout=out, verbosity=0)

    assert out.getvalue() == ""


@pytest.mark.proves("PUB-10")
def test_a_year_is_refused_until_its_notice_is_imported(shipped: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownYear):
        calendar().add_working_days(date(2026, 12, 30), 5)

    said = load(written(tmp_path, edition()))

    assert said == "2027: 23 days, 23 written, 0 removed.\n"
    assert calendar().add_working_days(date(2026, 12, 30), 5) == date(2027, 1, 7)
    assert calendar().years[2027].title == NOTICE["title"]


@pytest.mark.proves("INV-19")
def test_a_later_wording_replaces_the_earlier_one_and_says_which_days_moved(shipped: str, tmp_path: Path) -> None:
    load(written(tmp_path, edition()))
    later = with_holiday(4, **{"from": date(2027, 6, 9), "to": date(2027, 6, 10)})
    later["working_days"] = [{"day": date(2027, 2, 20), "name": "春节"}, NOTICE["working_days"][1]]

    said = load(written(tmp_path, later))

    assert not calendar().is_working_day(date(2027, 6, 10))
    assert not calendar().is_working_day(date(2027, 2, 14))
    assert calendar().is_working_day(date(2027, 2, 20))
    assert "2 written, 1 removed." in said
    assert "2027-02-14, 2027-02-20, 2027-06-10" in said


def test_a_notice_may_begin_in_the_last_days_of_a_december_that_is_known(shipped: str, tmp_path: Path) -> None:
    early = written(tmp_path, with_holiday(0, **{"from": date(2026, 12, 31)}))

    said = load(early)

    assert not calendar().is_working_day(date(2026, 12, 31))
    assert CalendarDay.objects.get(day=date(2026, 12, 31)).year_id == 2026
    assert "look at deadlines near them: 2026-12-31." in said
    load(SHIPPED / "2026.yaml")
    assert not calendar().is_working_day(date(2026, 12, 31))  # the notice of 2026 does not speak of it


def test_a_notice_that_begins_in_an_unknown_december_waits_for_the_notice_before_it(
    shipped: str, tmp_path: Path
) -> None:
    first = {"name": "元旦", "from": date(2027, 12, 31), "to": date(2028, 1, 1)}
    others = [
        {**holiday, "from": holiday["from"].replace(year=2028), "to": holiday["to"].replace(year=2028)}
        for holiday in NOTICE["holidays"][1:]
    ]
    later = written(
        tmp_path, edition(year=2028, title="2028年", holidays=[first, *others], working_days=[]), "2028.yaml"
    )

    with pytest.raises(CommandError, match="import the notice of 2027 first"):
        load(later)
    load(later, written(tmp_path, edition()))  # in the order of the years, whatever the order given

    assert not calendar().is_working_day(date(2027, 12, 31))


def test_one_bad_file_keeps_all_out(shipped: str, tmp_path: Path) -> None:
    good, bad = written(tmp_path, edition()), tmp_path / "2028.yaml"
    bad.write_text("year: [", encoding="utf-8")

    with pytest.raises(CommandError, match=r"2028\.yaml: cannot be read"):
        load(bad, good)
    with pytest.raises(CommandError, match=r"absent\.yaml: cannot be read"):
        load(tmp_path / "absent.yaml")

    assert 2027 not in calendar().years


def test_an_agencys_own_days_stay_when_a_notice_is_imported_again(shipped: str) -> None:
    CalendarDay.objects.create(
        day=date(2026, 4, 20), kind="local_extra_holiday", name="三月三", year_id=2026, agency_code="91990100MADEM00017"
    )

    load()

    assert not calendar().is_working_day(date(2026, 4, 20), "91990100MADEM00017")
    assert calendar().is_working_day(date(2026, 4, 20))
