"""One portal for all faults of this process."""

from collections.abc import Iterator

import pytest

from tests.portal import Portal, running_portal


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with running_portal("portal_faults", tmp_path_factory.mktemp("faults")) as made:
        yield made
