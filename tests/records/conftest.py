"""An agency, its program, and a subject of the register."""

import pytest

from accounts.models import Agency
from subjects.models import Subject
from tests.factories import agency, subject
from tests.records.sender import Sender


@pytest.fixture
def office() -> Agency:
    return agency()


@pytest.fixture
def sender(office: Agency) -> Sender:
    return Sender(office)


@pytest.fixture
def firm() -> Subject:
    return subject()
