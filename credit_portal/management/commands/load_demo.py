"""`manage.py load_demo`: fill an empty portal with an invented province. Does nothing when it is there already."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import Agency
from casework.actors import SYSTEM
from casework.calendar import today
from credit_portal.demo import acts, clients, office, subjects, world
from subjects.services import take_in_register


class Command(BaseCommand):
    help = "Load the demo: an invented province, its subjects, penalties in every state, an API key of each kind."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PORTAL_ENV == "production":
            raise CommandError("Invented subjects have no place in production.")
        if Agency.objects.filter(unified_code=world.code_of("market")).exists():
            self.stdout.write("The demo is there already.")
            return
        on = today()
        with transaction.atomic():  # all of it or nothing: a broken load is simply loaded again
            with self.step("bodies and rules"):
                bodies = world.build(on)
            with self.step("subjects") as said:
                said.update(take_in_register(subjects.register(), source=subjects.SOURCE, by=SYSTEM, on=on))
            with self.step("acts") as said:
                said.update(acts.make(bodies, on))
            with self.step("desks"):
                office.lay_out(bodies, on)
            with self.step("API keys"):
                keys = clients.make(bodies, on)
        self.stdout.write(f"Keys for trying the interfaces: {clients.keep(keys)}")

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, int]]:
        began, said = perf_counter(), dict[str, int]()
        self.stdout.write(f"{name} …")
        yield said
        counts = ", ".join(f"{what} {count}" for what, count in said.items() if count)
        self.stdout.write(f"  {perf_counter() - began:.1f} s {counts}")
