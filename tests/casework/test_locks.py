"""The one order of locks: subjects first, by key."""

import psycopg
import pytest
from django.db import transaction

from casework.locks import hold
from subjects.models import Subject, SubjectName
from tests.casework.test_grants import logged_in
from tests.factories import subject

pytestmark = pytest.mark.django_db(transaction=True)


def test_subjects_are_locked_in_the_order_of_their_keys_whatever_order_was_asked_for() -> None:
    made = [subject().pk for _n in range(3)]

    with transaction.atomic():
        assert hold(Subject.objects.order_by("-pk")) == sorted(made)
        assert hold(Subject.objects.none()) == []


def test_who_holds_a_subject_keeps_out_other_acts_on_it_and_nothing_else() -> None:
    held, free = subject(), subject()
    lock = "SELECT 1 FROM public.subjects_subject WHERE id = %s FOR NO KEY UPDATE NOWAIT"

    with transaction.atomic(), logged_in("portal_app") as other:
        hold(Subject.objects.filter(pk=held.pk))

        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(lock, [held.pk])
        other.execute(lock, [free.pk])
        other.execute("SELECT name FROM public.subjects_subject WHERE id = %s", [held.pk])
        other.execute(
            "SELECT 1 FROM public.subjects_subject WHERE id = %s FOR KEY SHARE NOWAIT", [held.pk]
        )  # a foreign key's


def test_a_lock_outside_a_transaction_is_a_mistake() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        hold(Subject.objects.filter(names__in=SubjectName.objects.all()))
