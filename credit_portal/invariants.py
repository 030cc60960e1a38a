# ruff: noqa: S608  every query is made of constants of this module
"""The invariants an auditor tests, on the live database: each is a query whose every row is a breach (requirements 5).

Most of them the database refuses outright; this is the second look, over all that is stored, whoever wrote it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import connection

from casework import audit
from catalogs import invariants as catalogue
from subjects import invariants as register


@dataclass(frozen=True)
class Invariant:
    """`find` returns what breaks it, as short texts without personal data."""

    id: str
    sentence: str
    find: Callable[[], list[str]]


def query(sql: str) -> Callable[[], list[str]]:
    """Offending rows of one SELECT of one text column."""

    def find() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return [str(row[0]) for row in cursor.fetchall()]

    return find


def named(find: Callable[[], Iterable[object]]) -> Callable[[], list[str]]:
    """The offending rows by their names."""
    return lambda: [str(row) for row in find()]


LIVE_RECORD = "r.state IN ('effective', 'under_verification')"
SHOWN = "p.state IN ('published', 'published_late', 'aggregated')"
VISIBLE = "SELECT public_id FROM disclosed.record"


def broken_chains() -> list[str]:
    return audit.verify().broken


def shown_differs() -> list[str]:
    """INV-14: what is shown must be what the newest version in effect says; a hidden field may lack."""
    return query(
        "SELECT w.public_id FROM disclosed.record w JOIN records_administrativeact a ON a.public_id = w.public_id"
        " AND a.version = w.version JOIN records_publication p ON p.act_id = a.id"
        " WHERE NOT a.content_public @> w.content OR w.last_day IS DISTINCT FROM p.public_until OR a.state <> 'effective'"
    )()


INVARIANTS = (
    Invariant(
        "INV-01", "no two subjects share a code, and no former code is a living one",
        query("SELECT unified_code FROM subjects_subject GROUP BY 1 HAVING count(*) > 1 UNION"
              " SELECT f.unified_code FROM subjects_formercode f JOIN subjects_subject s USING (unified_code)"),
    ),
    Invariant(
        "INV-02", "every record's catalogue item was in force on the day of the decision",
        query("SELECT r.public_id FROM records_record r JOIN records_basisdocument d ON d.id = r.document_id"
              " JOIN catalogs_catalogueitem i ON i.id = r.item_id WHERE i.state NOT IN ('in_force', 'superseded', 'retired')"
              " OR d.decided_on NOT BETWEEN i.in_force_from AND coalesce(i.in_force_to, 'infinity')"),
    ),
    Invariant("INV-03", "no catalogue item was ever in force without an accepted citation", named(catalogue.broken_inv_03)),
    Invariant(
        "INV-04", "no record under a local item belongs to another region",
        query("SELECT a.public_id FROM records_administrativeact a JOIN catalogs_catalogueitem i ON i.id = a.item_id"
              " WHERE i.region_id IS NOT NULL"
              " AND NOT starts_with(a.region_id, regexp_replace(i.region_id, '(00)+$', ''))"),
    ),
    Invariant(
        "INV-05", "no live record lacks a document that was in effect when it was determined",
        query("SELECT r.public_id FROM records_record r JOIN records_basisdocument d ON d.id = r.document_id"
              f" WHERE {LIVE_RECORD} AND (d.state NOT IN ('effective', 'stayed')"
              " OR d.effective_on > (r.determined_at AT TIME ZONE 'Asia/Shanghai')::date)"),
    ),
    Invariant(
        "INV-06", "no record rests on a report, a complaint, a warning or a third-party list",
        query("SELECT number FROM records_basisdocument WHERE type NOT IN ('judgment', 'arbitration', 'penalty',"
              " 'adjudication', 'other_act', 'other_document') OR (type = 'other_document' AND allowed_by_id IS NULL)"),
    ),
    Invariant(
        "INV-07", "nothing stays in effect on an annulled document",
        query("SELECT a.public_id FROM records_administrativeact a JOIN records_basisdocument d ON d.id = a.document_id"
              " WHERE d.state = 'annulled' AND a.state = 'effective' UNION SELECT r.public_id FROM records_record r"
              f" JOIN records_basisdocument d ON d.id = r.document_id WHERE d.state = 'annulled' AND {LIVE_RECORD}"),
    ),
    Invariant(
        "INV-08", "no record differs from its document",
        query("SELECT r.public_id FROM records_record r JOIN records_basisdocument d ON d.id = r.document_id"
              " WHERE (r.subject_id, r.decided_on, r.determining_department_id)"
              " IS DISTINCT FROM (d.subject_id, d.decided_on, d.issuer_id)"),
    ),
    Invariant(
        "INV-09", "no flagged record took effect without a written review by a second human",
        query(f"SELECT r.public_id FROM records_record r WHERE {LIVE_RECORD} AND cardinality(r.flags) > 0 AND NOT EXISTS ("
              " SELECT FROM records_tolerancereview t WHERE t.record_id = r.id AND t.may_record"
              " AND t.reviewed_by_identity_id IS DISTINCT FROM r.prepared_by_identity_id)"),
    ),
    Invariant(
        "INV-10", "no fact stands twice for one subject, item and document",
        query("SELECT min(a.public_id) FROM records_administrativeact a JOIN records_basisdocument d ON d.id = a.document_id"
              " JOIN catalogs_catalogueitem i ON i.id = a.item_id WHERE a.state = 'effective'"
              " GROUP BY a.subject_id, a.person_id, i.code, d.issuer_id, d.number HAVING count(*) > 1"),
    ),
    Invariant(
        "INV-11", "nothing whose item is not disclosable is shown",
        query("SELECT a.public_id FROM records_administrativeact a JOIN catalogs_catalogueitem i ON i.id = a.item_id"
              f" WHERE NOT i.disclose_allowed AND a.public_id IN ({VISIBLE})"),
    ),
    Invariant(
        "INV-13", "nothing is shown after its last day",
        query("SELECT public_id FROM disclosed.record WHERE last_day < disclosed.today()"),
    ),
    Invariant("INV-14", "what is shown is what the determining department says, no longer", shown_differs),
    Invariant(
        "INV-15", "no public text hides a personal number that nobody cleared, and no person is shown by name",
        query("SELECT public_id FROM records_administrativeact WHERE content_public IS NOT NULL"
              " AND text_cleared_by_id IS NULL AND public.has_numbers(content_public::text) UNION"
              " SELECT w.public_id FROM disclosed.record w WHERE w.person_masked IS NOT NULL AND w.person_masked NOT LIKE '%**'"),
    ),
    Invariant(
        "INV-16", "no personal information is shown without a cited law, regulation or State Council decision",
        query("SELECT DISTINCT i.code || ' ' || i.edition FROM records_administrativeact a"
              " JOIN catalogs_catalogueitem i ON i.id = a.item_id WHERE a.person_id IS NOT NULL"
              f" AND a.public_id IN ({VISIBLE}) AND NOT EXISTS (SELECT FROM catalogs_catalogueitembasis b"
              " JOIN catalogs_provision v ON v.id = b.provision_id JOIN catalogs_legalinstrument l ON l.id = v.instrument_id"
              " WHERE b.item_id = i.id AND l.kind IN ('law', 'admin_reg', 'sc_decision'))"),
    ),
    Invariant(
        "INV-17", "no field marked as a business secret is shown",
        query("SELECT a.public_id FROM records_administrativeact a, unnest(a.withheld) AS name"
              " WHERE a.content_public -> name IS DISTINCT FROM 'null' AND a.content_public IS NOT NULL"),
    ),
    Invariant(
        "INV-18", "nothing clocked is past its day unpublished without a mark, an exemption or a reason",
        query("SELECT a.public_id FROM records_publication p JOIN records_administrativeact a ON a.id = p.act_id"
              " WHERE p.state = 'pending' AND p.due_on < disclosed.today() - 1"
              " AND (p.source_public_on IS NULL OR p.source_public_on > p.due_on)"),
    ),
    Invariant(
        "INV-19", "no last day was counted in a year that is not announced",
        query("SELECT a.public_id FROM records_publication p JOIN records_administrativeact a ON a.id = p.act_id"
              " WHERE p.due_on IS NOT NULL AND NOT EXISTS (SELECT FROM casework_calendaryear y"
              " WHERE y.year = extract(year FROM p.due_on))"),
    ),
    Invariant(
        "INV-20", "no exemption lacks its law or administrative regulation",
        query("SELECT a.public_id FROM records_publication p JOIN records_administrativeact a ON a.id = p.act_id"
              " LEFT JOIN catalogs_provision v ON v.id = p.exempt_by_id LEFT JOIN catalogs_legalinstrument l"
              " ON l.id = v.instrument_id WHERE p.state = 'exempt' AND l.kind IS DISTINCT FROM 'law'"
              " AND l.kind IS DISTINCT FROM 'admin_reg'"),
    ),
    Invariant(
        "INV-21", "no overdue mark is missing, moved or back-dated",
        query("SELECT a.public_id FROM records_publication p JOIN records_administrativeact a ON a.id = p.act_id"
              " WHERE (p.state IN ('overdue', 'published_late') AND p.late_since IS NULL)"
              " OR (p.late_since IS NOT NULL AND p.due_on IS NOT NULL AND p.late_since <> p.due_on + 1)"),
    ),
    Invariant("INV-22", "no serious-list system is in force without an accepted basis", named(catalogue.broken_inv_22)),
    Invariant("INV-23", "no criteria are in force whose known comment period was under 30 days", named(catalogue.broken_inv_23)),
    Invariant("INV-24", "no criteria are in force without removal and remedies", named(catalogue.broken_inv_24)),
    Invariant("INV-40", "no measure item in force lacks an accepted citation", named(catalogue.broken_inv_40)),
    Invariant("INV-64", "nothing that is not public was read without a registered query", register.broken_inv_64),
    Invariant("INV-65", "no line of the audit was changed, removed or cut off", broken_chains),
    Invariant(
        "INV-66", "no consent lacks purpose, manner, scope or end, and none was used after it ended", register.broken_inv_66
    ),
    Invariant(
        "INV-69", "every refused row stands in the accountability register",
        query("SELECT b.public_id || ' row ' || w.n FROM records_intakerow w JOIN records_intakebatch b ON b.id = w.batch_id"
              " WHERE w.verdict = 'refused' AND NOT EXISTS (SELECT FROM casework_refusal f"
              " WHERE f.keys ->> 'batch' = b.public_id AND f.keys ->> 'row' = w.n::text)"),
    ),
    Invariant("INV-74", "no citation points to what was not in force on the day of use", catalogue.broken_inv_74),
)  # fmt: skip
