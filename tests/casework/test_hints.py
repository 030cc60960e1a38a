"""A hint is sent after the commit, and losing it is nobody's error."""

from typing import Any

import pytest
from celery import current_app
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from casework.actors import SYSTEM
from casework.errors import Refused
from casework.hints import hint
from casework.models import Heartbeat
from casework.verbs import verb


class Broker:
    """The broker as `send_task` shows it: it takes a message, or it is away."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, list[int], bool]] = []
        self.is_away = False

    def send_task(self, name: str, args: Any = None, **options: Any) -> None:
        if self.is_away:
            raise OperationalError("nobody there")
        self.sent.append((name, args, transaction.get_connection().in_atomic_block))
        assert options == {"retry": False, "ignore_result": True}


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    made = Broker()
    monkeypatch.setattr(current_app._get_current_object(), "send_task", made.send_task)
    return made


@verb
def act(*, by: Any, fail: bool = False) -> None:
    Heartbeat.objects.create(name="act", at=timezone.now())
    hint("records.look", 1, 2)
    if fail:
        raise Refused("no", rule="no")


@pytest.mark.django_db(transaction=True)
def test_a_hint_leaves_after_the_commit_and_with_ids_only(broker: Broker) -> None:
    with transaction.atomic():
        act(by=SYSTEM)
        assert broker.sent == []

    assert broker.sent == [("records.look", [1, 2], False)]


@pytest.mark.django_db(transaction=True)
def test_an_act_that_was_undone_gives_no_hint(broker: Broker) -> None:
    with pytest.raises(Refused):
        act(by=SYSTEM, fail=True)

    assert broker.sent == []


@pytest.mark.django_db(transaction=True)
def test_with_the_broker_away_a_committed_act_answers_no_error(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    broker.is_away = True

    act(by=SYSTEM)

    assert Heartbeat.objects.filter(name="act").exists()
    assert [record.message for record in caplog.records] == ["hint_lost"]
