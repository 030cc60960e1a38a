"""Upgrading a portal whose public views stand: they never stop a migration, never go silently, and stand again after it."""

from collections.abc import Iterator

import pytest

from disclosure.disclose import digest
from tests.portal import Portal, running_portal

pytestmark = pytest.mark.all

NEXT = {"DJANGO_SETTINGS_MODULE": "tests.migrations.settings_next"}
VIEWS = "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = to_regnamespace('disclosed')::oid ORDER BY 1"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with running_portal("portal_upgrade", tmp_path_factory.mktemp("upgrade")) as made:
        yield made


def built(portal: Portal) -> tuple[str, int]:
    """Digest in the schema, and the identity of one view: a new one after every rebuild."""
    (found,) = portal.ask(
        "SELECT obj_description('disclosed'::regnamespace, 'pg_namespace'), 'disclosed.record'::regclass::oid::int"
    )
    return found


def shown_to_the_reader(portal: Portal) -> int:
    with portal.connect() as raw:
        raw.execute("SET ROLE portal_reader")
        row = raw.execute("SELECT count(*) FROM disclosed.record").fetchone()
        assert row
        return int(row[0])


def column(portal: Portal, name: str) -> list[tuple[object, ...]]:
    return portal.ask(
        "SELECT data_type::text, character_maximum_length FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = 'records_publication' AND column_name = %s", name
    )  # fmt: skip


def test_an_upgrade_changes_types_and_drops_a_column_under_standing_views(portal: Portal) -> None:
    portal.run("2026-11-20", "deliver", "2027-03-01")
    views = portal.ask(VIEWS)
    assert ("record",) in views
    portal.manage("migrate", "-v0", "records", "0901", **NEXT)
    with portal.connect() as raw:  # a view of the release that knew the column
        raw.execute("SET ROLE portal_owner")
        raw.execute("CREATE VIEW disclosed.noted AS SELECT id, note FROM public.records_publication")

    portal.manage("migrate", "-v0", **NEXT)

    assert column(portal, "channel_name") == [("text", None)]
    assert column(portal, "state") == [("character varying", 24)]
    assert column(portal, "note") == []
    assert portal.ask(VIEWS) == views
    assert built(portal)[0] == digest()
    assert shown_to_the_reader(portal) == 1
    assert portal.run("2027-03-02", "sweep")["ended"] == 1  # the triggers stand again too
    assert portal.manage("verify_audit", PORTAL_DATABASE_AS="auditor")


def test_views_whose_files_did_not_change_are_left_alone(portal: Portal) -> None:
    before = built(portal)

    told = portal.manage("disclose")
    portal.manage("migrate", "-v0")

    assert "is as it should be" in told
    assert built(portal) == before


def test_views_that_are_missing_are_built_again_with_their_rights(portal: Portal) -> None:
    before = shown_to_the_reader(portal)
    with portal.connect() as raw:
        raw.execute("DROP SCHEMA disclosed CASCADE")

    told = portal.manage("disclose")

    assert "was rebuilt" in told
    assert shown_to_the_reader(portal) == before


def test_another_digest_means_other_files_and_a_rebuild(portal: Portal) -> None:
    before = built(portal)
    with portal.connect() as raw:
        raw.execute("COMMENT ON SCHEMA disclosed IS 'of another release'")

    told = portal.manage("disclose")

    assert "was rebuilt" in told
    assert built(portal)[0] == digest()
    assert built(portal)[1] != before[1]
