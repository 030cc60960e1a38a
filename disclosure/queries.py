"""The facts and rules as the API writes them. Pages draw from the same values, so they can never say anything else.

Everything is read through the alias `public`: by a role that sees the schema `disclosed` and nothing more.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import Error, connections
from django.db.models import Q, QuerySet
from django.utils import timezone

from casework.calendar import today
from casework.http import EXACT_UP_TO, instant, newest
from disclosure.models import (
    Agency,
    Basis,
    CatalogueItem,
    FormerCode,
    Freshness,
    Heartbeat,
    Record,
    RepairRule,
    Subject,
    SubjectName,
    in_force,
)  # fmt: skip
from disclosure.vocabulary import VOCABULARIES
from disclosure.working_days import calendar
from subjects.codes import check_code

API: Final = "/api/v1"
CLASSES: Final = tuple(VOCABULARIES["class"])
SEVERITIES: Final = tuple(VOCABULARIES["severity"])
PENALTY: Final = (
    "conduct", "facts", "grounds", "penalty_types", "decision", "fine", "confiscated", "certificates", "effective_until",
)  # fmt: skip
LICENCE: Final = (
    "licence_kind", "certificate", "licence_number", "content", "valid_from", "valid_to", "long_term", "state",
)  # fmt: skip
CLOCK: Final = ("platform", "regime", "counts_from", "earliest_repair_on", "last_day", "unrepairable")
SWEEP_IS_LATE_AFTER: Final = timedelta(minutes=30)  # it runs every five

Json = dict[str, Any]


# --- The status answer -----------------------------------------------------------------------------------------------


def status_of(code: str) -> Json:
    """The answer about one well-formed code, by one statement (SHR-13). Nothing kinder than `unknown` if it is not held."""
    at = timezone.now()
    with connections["public"].cursor() as cursor:
        cursor.execute("select * from disclosed.status_of(%s)", [code])
        row = cursor.fetchone()
    day, register, records, listings, measures, current, name, registration_status, by_class, adverse, marks = row
    held = current is not None
    adverse_counts = counted(SEVERITIES, adverse)
    path = f"{API}/subjects/{current}/"
    return {
        "unified_code": code,
        "current_code": current if held and current != code else None,
        "status": "unknown" if not held else "adverse_records" if any(adverse_counts.values()) else "no_public_record",
        "reason": None if held else "not_in_register",
        "name": name,
        "registration_status": registration_status,
        "warnings": list(check_code(code).warnings),
        "on": day,
        "as_of": instant(at),
        "freshness": freshness_json(register, records, listings, measures),
        "counts": {"by_class": counted(CLASSES, by_class), "adverse": adverse_counts} if held else None,
        "lists": [],
        "measures_in_force": [],
        "under_verification": json.loads(marks) if marks else [],
        "links": {
            "subject": path,
            "records": f"{path}records/",
            "listings": f"{path}listings/",
            "measures": f"{path}measures/",
        }
        if held
        else None,
    }


def standings_of(codes: Sequence[str]) -> dict[str, Json]:
    """What stands against each of a page of subjects, by one statement: what `status_of` says of them (SHR-13)."""
    adverse = {code: dict.fromkeys(SEVERITIES, 0) for code in codes}
    if codes:
        with connections["public"].cursor() as cursor:
            cursor.execute(
                "select unified_code, severity, count(*) from disclosed.shown"
                " where adverse and unified_code = any(%s) group by unified_code, severity",
                [list(codes)],
            )
            for code, severity, count in cursor.fetchall():
                adverse[code][severity] = count
    return {
        code: {
            "status": "adverse_records" if any(counts.values()) else "no_public_record",
            "counts": {"by_class": {}, "adverse": counts},
        }
        for code, counts in adverse.items()
    }


def counted(names: Collection[str], found: str | None) -> dict[str, int]:
    """A count for every name: zero is an answer."""
    given = json.loads(found) if found else {}
    return {name: given.get(name, 0) for name in names}


def freshness_json(*at: datetime | None) -> Json:
    return dict(zip(("register", "records", "listings", "measures"), map(instant, at), strict=True))


# --- Subjects --------------------------------------------------------------------------------------------------------


def is_held(code: str) -> bool:
    return Subject.objects.filter(unified_code=code).exists()


def current_code_of(code: str) -> str | None:
    """The code that the subject of a superseded code bears now; None if the code was never anybody's former one."""
    found = FormerCode.objects.filter(former_code=code).values_list("unified_code", flat=True).first()
    return str(found) if found else None


def subject_of(status: Json) -> Json | None:
    """The subject behind a status answer. No persons, no address, no phone (SUB-03, SUB-06)."""
    code = status["unified_code"]
    subject = Subject.objects.filter(unified_code=code).first()
    if subject is None:
        return None
    names = SubjectName.objects.filter(unified_code=code).order_by("kind", "-valid_from", "id")
    former = FormerCode.objects.filter(unified_code=code).order_by("-valid_to", "former_code")
    authority = Agency.objects.filter(unified_code=subject.authority_code).first() if subject.authority_code else None
    return {
        "unified_code": code,
        "name": subject.name,
        "names": [
            {
                "name": name.name,
                "kind": name.kind,
                "valid_from": name.valid_from,
                "valid_to": name.valid_to,
                "source": name.source,
            }
            for name in names
        ],
        "former_codes": [{"unified_code": one.former_code, "valid_to": one.valid_to} for one in former],
        "category": subject.category,
        "type": subject.type,
        "region": subject.region,
        "registration_authority": authority_json(authority) if authority else None,
        "registration_status": subject.registration_status,
        "registered_on": subject.registered_on,
        "ended_on": subject.ended_on,
        "status": status["status"],
        "counts": status["counts"],
        "warnings": status["warnings"],
        "source": {"name": subject.source_name, "received_at": instant(subject.received_at)},
        "as_of": status["as_of"],
        "freshness": status["freshness"],
        "links": {
            "self": f"{API}/subjects/{code}/",
            "status": f"{API}/subjects/{code}/status/",
            "records": f"{API}/subjects/{code}/records/",
            "listings": f"{API}/subjects/{code}/listings/",
            "measures": f"{API}/subjects/{code}/measures/",
            "page": f"/subjects/{code}/",
        },
    }


def authority_json(agency: Any) -> Json:
    return {key: getattr(agency, key) for key in ("unified_code", "name", "kind", "level", "region")}


# --- Records ---------------------------------------------------------------------------------------------------------


def records_of(code: str) -> QuerySet[Any]:
    return Record.objects.filter(unified_code=code)


def record_by_id(public_id: str) -> Json | None:
    """One fact while it is on show. Ended, withheld and never been are the same: nothing."""
    found = list(Record.objects.filter(public_id=public_id))
    return records_json(found)[0] if found else None


def records_json(rows: Sequence[Any]) -> list[Json]:
    """Facts with the legal basis of their catalogue items."""
    bases = bases_of({row.item_id for row in rows})
    return [record_json(row, bases[row.item_id]) for row in rows]


def record_json(row: Any, bases: list[Json]) -> Json:
    is_subject = row.unified_code is not None
    subject = {"unified_code": row.unified_code, "name": row.subject_name} if is_subject else None
    masked = {"kind": "natural_person", "name_masked": row.person_masked}
    return {
        "id": row.public_id,
        "kind": row.kind,
        "class": row.group,
        "adverse": row.adverse,
        "severity": row.severity,
        "field": row.field or None,
        "phase": row.phase or None,
        "subject": subject,
        "counterpart": None if is_subject else masked,
        "region": row.region,
        "catalogue_item": {"code": row.item_code, "edition": row.item_edition, "name": row.item_name},
        "determining_department": department(row, "determining"),
        "collecting_department": department(row, "collecting"),
        "document": {
            "type": row.document_type,
            "title": row.document_title or None,
            "number": row.document_number,
            "issuer": row.issuer_name,
            "decided_on": row.decided_on,
            "effective_on": row.effective_on,
        },
        "legal_basis": bases,
        "content": content_json(row.kind, row.content),
        "withheld": row.withheld,
        "disclosure": {
            "published_on": row.published_on,
            "due_on": row.due_on,
            "late": row.late,
            "last_day": row.last_day,
            "channel": {
                "name": row.channel_name or row.determining_name,
                "url": row.channel_url or None,
                "published_on": row.source_public_on,
            },
            "clocks": [{key: clock.get(key) for key in CLOCK} for clock in row.clocks],
        },
        "under_verification": {"since": row.verification_since} if row.verification_since else None,
        "version": row.version,
        "corrected_on": row.corrected_on,
        "links": {
            "self": f"{API}/records/{row.public_id}/",
            "subject": f"{API}/subjects/{row.unified_code}/" if is_subject else None,
            "object": "/help/objection/",
            "repair": "/help/repair/" if row.adverse else None,
        },
    }


def department(row: Any, which: str) -> Json:
    keys = {"unified_code": "code", "name": "name", "kind": "kind", "level": "level", "region": "region"}
    return {key: getattr(row, f"{which}_{column}") for key, column in keys.items()}


def content_json(kind: str, content: Json) -> Json:
    """The content by its kind, with every field of that kind; nothing else of what was stored gets out."""
    if kind == "penalty":
        return {key: content.get(key) for key in PENALTY}
    if kind == "licence":
        return {key: content.get(key) for key in LICENCE}
    return {"summary": content.get("summary")}


def bases_of(items: Iterable[int]) -> dict[int, list[Json]]:
    """The legal basis of catalogue items, in the order in which they cite it."""
    found: dict[int, list[Json]] = defaultdict(list)
    wanted = sorted(set(items))
    for basis in Basis.objects.filter(item_id__in=wanted).order_by("item_id", "id") if wanted else ():
        found[basis.item_id].append(
            {
                "instrument": basis.instrument,
                "number": basis.number,
                "article": basis.article or None,
                "in_force_from": basis.in_force_from,
                "in_force_to": basis.in_force_to,
                "confidence": basis.confidence,
                "kind": basis.kind,
            }
        )
    return found


def counts_by(column: str, values: Iterable[str], where: Q) -> dict[str, int]:
    """How many facts on show have each value, by one statement; one above the cap stands for more."""
    parts = [
        Record.objects.filter(where, **{column: value}).order_by().values_list(column)[: EXACT_UP_TO + 1]
        for value in values
    ]
    each = [part.query.sql_with_params() for part in parts]
    union = " union all ".join(f"({sql})" for sql, _params in each)
    with connections["public"].cursor() as cursor:
        cursor.execute(
            f"select found, count(*) from ({union}) counted (found) group by found",  # noqa: S608  made by the ORM
            [value for _sql, params in each for value in params],
        )
        counts = dict(cursor.fetchall())
    return {value: counts.get(value, 0) for value in values}


def just_published(kinds: Sequence[str] | None, *, number: int) -> list[Json]:
    """What was published last, for the home page."""
    rows = Record.objects.all()
    if kinds is not None:
        rows = rows.filter(kind__in=kinds)
    return records_json(newest(rows, ("-published_on", "public_id"), until=today(), number=number))


# --- Rules -----------------------------------------------------------------------------------------------------------


def items_on(day: date) -> QuerySet[Any]:
    """The catalogue in force on a day."""
    return CatalogueItem.objects.filter(in_force(day))


def items_json(rows: Sequence[Any], day: date) -> list[Json]:
    """Editions with their legal basis and the periods that the regimes of the day set."""
    bases = bases_of({row.id for row in rows})
    periods = periods_on(day) if any(has_periods(row) for row in rows) else []
    return [item_json(row, bases[row.id], periods if has_periods(row) else []) for row in rows]


def has_periods(row: Any) -> bool:
    """The regimes set periods for penalties that are shown."""
    return bool(row.kind == "penalty" and row.disclose_allowed)


def item_json(row: Any, bases: list[Json], periods: list[Json]) -> Json:
    path = f"{API}/catalogue-items/{row.code}/"
    same = (
        "code", "name", "name_en", "level", "region", "category", "kind", "content", "collecting_department", "basis_types",
        "personal_information", "edition", "state", "in_force_from", "in_force_to", "announced_on", "confidence",
    )  # fmt: skip
    share = {key: getattr(row, f"share_{key}") for key in ("allowed", "scope", "lawfulness", "necessity")}
    disclose = {key: getattr(row, f"disclose_{key}") for key in ("allowed", "lawfulness", "necessity")}
    return {key: getattr(row, key) for key in same} | {
        "published_in": row.published_in or None,
        "legal_basis": bases,
        "share": share,
        "disclose": disclose,
        "periods": periods,
        "links": {"self": path, "editions": f"{path}editions/"},
    }


def periods_on(day: date) -> list[Json]:
    """How long the regimes valid on a day show each class of penalty. A class without a row is not shown."""
    rules = RepairRule.objects.filter(Q(valid_to=None) | Q(valid_to__gte=day), valid_from__lte=day, disclosed=True)
    return [
        {
            "severity": rule.severity,
            "regime": rule.regime,
            "minimum_months": rule.minimum_months,
            "maximum_months": rule.maximum_months,
            "basis": {
                "instrument": rule.instrument,
                "number": rule.number,
                "article": None,
                "in_force_from": rule.valid_from,
                "in_force_to": rule.valid_to,
                "confidence": "verified"
                if rule.confidence == rule.instrument_confidence == "verified"
                else "from_memory",
                "kind": rule.instrument_kind,
            },
        }
        for rule in sorted(rules, key=lambda rule: (rule.regime, SEVERITIES.index(rule.severity)))
    ]


# --- About the portal ------------------------------------------------------------------------------------------------


def freshness() -> Json:
    row = Freshness.objects.values_list("register", "records", "listings", "measures").get()
    return freshness_json(*row)


def origin() -> str:
    """Which calls this origin serves."""
    if settings.PUBLIC_ONLY:
        return "public"
    return "all" if {"public", "agency"} <= settings.PORTAL_FACES else "agency"


def about() -> Json:
    now = timezone.now()
    return {
        "api": "v1",
        "release": settings.RELEASE,
        "origin": origin(),
        "demo": settings.PORTAL_DEMO,
        "timezone": "Asia/Shanghai",
        "today": today(),
        "now": instant(now),
        "calendar_years": sorted(calendar().years),
        "freshness": freshness(),
        "limits": [],
        "feed": {"oldest": None, "newest": None, "kept_days": None},
    }


def readiness() -> tuple[bool, Json]:
    """Whether this process can serve, and what is wrong beside. A lost queue loses nothing, so it never makes it fail."""
    checks = {"database": "failing", "reader_role": "failing", "queue": "late", "sweeps": "late", "calendar": "ok"}
    try:
        with connections["public"].cursor() as cursor:
            cursor.execute("select current_user")
            (role,) = cursor.fetchone()
        checks["database"] = "ok"
        checks["reader_role"] = "ok" if role == settings.ROLES["reader"] else "failing"
        swept = Heartbeat.objects.filter(name="sweep").values_list("at", flat=True).first()
        if swept is not None and timezone.now() - swept <= SWEEP_IS_LATE_AFTER:
            checks["queue"] = checks["sweeps"] = "ok"  # the worker took it from the queue
        if today().year + 1 not in calendar().years:
            checks["calendar"] = "next_year_missing"
    except Error:
        checks["calendar"] = "failing" if checks["database"] == "failing" else checks["calendar"]
    is_ready = checks["database"] == checks["reader_role"] == "ok"
    return is_ready, {"status": "ok" if is_ready else "failing", "checks": checks}
