"""At the same moment: one code for two doors, many guesses at once, two keepers on one proposal."""

from typing import Any

import pytest
from django.utils import timezone

from accounts import services
from accounts.models import AccountStep, SignInFailure, User
from accounts.services import access
from casework.calendar import today
from casework.errors import DomainError
from tests.accounts.people import PASSWORD, shown, signer
from tests.factories import agency, officer
from tests.races.conftest import race  # noqa: F401  a fixture

pytestmark = [pytest.mark.all, pytest.mark.django_db(transaction=True)]
ROUNDS = 5


@pytest.mark.proves("SEC-04")
def test_one_code_opens_one_of_two_doors(race: Any) -> None:  # noqa: F811
    office = agency()
    for n in range(ROUNDS):
        name = f"officer.{n}"
        _user, secret = signer("clerk", office, name)
        code = shown(secret)

        def enter(address: str, name: str = name, code: str = code) -> User:
            return access.sign_in(name, PASSWORD, code, address=address, at=timezone.now())

        results = race(lambda: enter("10.0.0.1"), lambda: enter("10.0.0.2"))

        assert sorted(isinstance(result, User) for result in results) == [False, True], results


@pytest.mark.proves("SEC-04")
def test_guesses_at_once_are_not_all_the_first(race: Any) -> None:  # noqa: F811
    def guess() -> User:
        return access.sign_in("nobody", "wrong", "123456", address="10.0.0.1", at=timezone.now())

    results = race(*[guess] * 12)

    assert all(isinstance(result, DomainError) for result in results)
    assert SignInFailure.objects.count() <= 5  # the others were turned away unjudged


def test_two_keepers_confirm_one_proposal_once(race: Any) -> None:  # noqa: F811
    office = agency()
    first, second, third = (officer("account_keeper", office, f"k.{n}") for n in range(3))
    lan = officer("clerk", office, "lin.lan")
    step = services.propose("reset_access", by=first, on=today(), reason="r", user=lan).step

    results = race(*(lambda by=by: services.confirm(step.pk, by=by, at=timezone.now()) for by in (second, third)))

    assert sorted(isinstance(result, services.Decided) for result in results) == [False, True], results
    assert AccountStep.objects.get().state == "confirmed"
