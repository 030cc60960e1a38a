"""What an auditor asks of looks and consents on the live database (requirements part 5). Each answers the rows that break it."""

from datetime import date

from django.db import connection

from casework.calendar import today

# Every reading of a number stands under a receipt of the same reader for the same person, written and chained before it;
# every receipt names who, what for and when, and has its line in the audit.
INV_64 = """
  SELECT 'read without receipt: ' || e.id FROM audit.event e WHERE e.name = 'privacy.identity_read' AND NOT EXISTS (
    SELECT FROM audit.event r JOIN subjects_queryreceipt q ON r.ref = 'queryreceipt:' || q.uuid
      JOIN subjects_person n ON n.id = q.person_id
    WHERE r.chain = e.chain AND r.seq < e.seq AND r.name = 'query.registered' AND r.at > e.at - interval '1 minute'
      AND e.ref = 'person:' || n.uuid)
  UNION ALL
  SELECT q.number FROM subjects_queryreceipt q WHERE q.purpose = '' OR (q.user_id IS NULL AND q.client_id IS NULL)
    OR NOT EXISTS (SELECT FROM audit.event r WHERE r.name = 'query.registered' AND r.ref = 'queryreceipt:' || q.uuid)"""
INV_66 = """
  SELECT c.uuid::text FROM subjects_consent c
  WHERE c.purpose = '' OR c.manner = '' OR c.shown_text = '' OR cardinality(c.scope) = 0 OR c.ends_on IS NULL
    OR (c.state = 'given' AND c.ends_on < %(yesterday)s) OR (c.state <> 'given' AND c.ended_on IS NULL)
  UNION
  SELECT c.uuid::text FROM subjects_consent c JOIN audit.event u ON u.ref = 'consent:' || c.uuid AND u.name = 'consent.used'
  WHERE nullif(u.after, '')::date > c.ends_on OR EXISTS (
    SELECT FROM audit.event e WHERE e.chain = u.chain AND e.ref = u.ref AND e.seq < u.seq
      AND e.name IN ('consent.revoked', 'consent.expired'))"""


def broken_inv_64() -> list[str]:
    """No number was read, and nothing looked at, without a registered query with user, purpose and time."""
    return _rows(INV_64)


def broken_inv_66() -> list[str]:
    """No consent lacks purpose, manner, scope or end date; none was used after it ended."""
    on = today()
    return _rows(INV_66, yesterday=date.fromordinal(on.toordinal() - 1))


def _rows(sql: str, **values: date) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return [row for (row,) in cursor.fetchall()]
