"""`manage.py bench [--rows N]`: numbers that hold by ratio: sets beside single rows, our status answer beside a stock one.

It writes many rows that nobody wants to keep, so it runs on a database whose name ends in "bench" and nowhere else. Make one
as bin/run does: setup_roles, migrate, load_calendar, load_rules, load_demo.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from http import HTTPStatus
from itertools import islice
from random import Random
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.models import QuerySet
from django.db.utils import ConnectionHandler
from django.test import RequestFactory
from django.urls import Resolver404, resolve
from rest_framework import serializers
from rest_framework.generics import RetrieveAPIView
from rest_framework.permissions import AllowAny

from accounts.models import Agency
from casework.actors import SYSTEM
from casework.calendar import today
from credit_portal.demo import penalties, sample, world
from credit_portal.demo.subjects import Party, register
from credit_portal.settings import database
from records import services
from records.formats import Source
from records.forms import read_csv
from records.models import Record
from records.states import Untrustworthiness, Verdict
from subjects.models import Subject
from subjects.services import take_in_register

SUBJECTS = 20_000
SINGLE_ROWS = 300
ROUNDS, SECONDS = 10, 0.4


class StockSubject(serializers.ModelSerializer):
    """What a stock view would answer: the subject and how many adverse records it has."""

    adverse_records = serializers.SerializerMethodField()

    class Meta:
        model = Subject
        fields = ("unified_code", "name", "type", "registration_status", "registered_on", "adverse_records")

    def get_adverse_records(self, subject: Subject) -> int:
        return Record.objects.filter(subject=subject, state=Untrustworthiness.EFFECTIVE).count()


class StockView(RetrieveAPIView[Subject]):
    """The rival: a retrieve view as the tutorial writes it."""

    queryset: QuerySet[Subject] = Subject.objects.all()
    serializer_class = StockSubject
    lookup_field = "unified_code"
    permission_classes = (AllowAny,)
    authentication_classes = ()


class Command(BaseCommand):
    help = "Measure intake in sets beside one by one, and status answers beside a stock view. Needs a database …bench."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--rows", type=int, default=100_000)
        parser.add_argument("--single-rows", type=int, default=SINGLE_ROWS)

    def handle(self, *args: Any, rows: int, single_rows: int, **options: Any) -> None:
        if not (settings.VAR.name == "bench" or str(connection.settings_dict["NAME"]).endswith("bench")):
            raise CommandError("The bench fills the database; use bin/bench, or a database whose name ends in “bench”.")
        sender = Agency.objects.filter(unified_code=world.code_of(sample.SENDER_KEY)).first()
        if sender is None:
            raise CommandError("Load the demo first: manage.py load_demo")
        known = self.subjects()
        analyse()
        self.intake(sender, known, rows, single_rows)
        analyse()
        self.status([party.code for party in known])

    # ── intake ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def subjects(self) -> list[Party]:
        found = register(SUBJECTS, seed=7, mark="B")
        began = perf_counter()
        said = take_in_register(found, source="bench", by=SYSTEM, on=today())
        self.line("register, in sets of 1,000", len(found), perf_counter() - began, dict(said))
        return [Party(row.unified_code, row.name, row.legal_representative) for row in found]

    def intake(self, sender: Agency, known: list[Party], rows: int, single_rows: int) -> None:
        run = int(perf_counter() * 1_000)  # so that a second bench brings other facts
        made = csv_of(generated(known, f"{run}-1", rows))
        began = perf_counter()
        delivery = take_in(read_csv(io.BytesIO(made)), sender)
        in_sets = self.line("intake, in sets of 1,000, every gate on", rows, perf_counter() - began, delivery.totals)
        made = csv_of(generated(known, f"{run}-2", single_rows))
        began = perf_counter()
        for row in read_csv(io.BytesIO(made)).rows:
            take_in(Source(iter([row]), []), sender)
        one_by_one = self.line("intake, one by one", single_rows, perf_counter() - began)
        self.stdout.write(f"  ratio {in_sets / one_by_one:.1f}")

    # ── status ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def status(self, codes: list[str]) -> None:
        """Both in this process, through the view alone: no server, no middleware."""
        requests, stock = RequestFactory(), StockView.as_view()
        try:
            ours = resolve(f"/api/v1/subjects/{codes[0]}/status/")
        except Resolver404:
            self.stdout.write("status: no such address in this process (PORTAL_FACE)")
            return

        def ask_ours(code: str) -> Any:
            return ours.func(
                requests.get(f"/api/v1/subjects/{code}/status/"), *ours.args, **ours.kwargs | {"code": code}
            )

        def ask_stock(code: str) -> Any:
            return stock(requests.get(f"/stock/{code}/"), unified_code=code)

        answered, spent = Counter[str](), dict.fromkeys(("ours", "stock"), 0.0)
        for _round in range(ROUNDS):  # by turns, so that what else the machine does hits both
            for name, ask in (("ours", ask_ours), ("stock", ask_stock)):
                count, seconds = asked(ask, codes)
                answered[name] += count
                spent[name] += seconds
        quick, usual = (self.line(f"status by code, {n}", answered[n], spent[n]) for n in ("ours", "stock"))
        self.stdout.write(f"  ratio {quick / usual:.1f}")

    def line(self, what: str, count: int, seconds: float, said: Any = "") -> float:
        self.stdout.write(
            f"{what}: {count / seconds:,.0f} a second ({count:,} in {seconds:.1f} s) {dict(said) if said else ''}"
        )
        return count / seconds


def analyse() -> None:
    """Let the planner know the tables, as autovacuum does on a server that has run for a minute. Only the owner may."""
    owner = ConnectionHandler({"default": database("owner")})["default"]
    with owner.cursor() as cursor:
        cursor.execute("ANALYZE")
    owner.close()


def asked(ask: Callable[[str], Any], codes: list[str]) -> tuple[int, float]:
    """How many answers, rendered to bytes, in how many seconds."""
    random, count, began = Random(1), 0, perf_counter()  # noqa: S311
    while (spent := perf_counter() - began) < SECONDS:
        answer = ask(random.choice(codes))
        if hasattr(answer, "render"):
            answer.render()
        if answer.status_code != HTTPStatus.OK or not answer.content:
            raise CommandError(f"answered {answer.status_code}")
        count += 1
    return count, spent


def take_in(source: Source, sender: Agency) -> services.Delivery:
    delivery = services.take_in(source, agency=sender, by=SYSTEM, on=today(), sha256="0" * 64, keep_rows=False)
    if delivery.totals[Verdict.REFUSED]:
        raise CommandError(f"The bench's own rows were refused: {dict(delivery.totals)}")
    return delivery


def generated(known: list[Party], run: str, count: int) -> Iterator[penalties.Cells]:
    """Sound rows, as of the sample file, with numbers of this run."""
    random, on = Random(run), today()  # noqa: S311
    for n in range(1, count + 1):
        cells = sample.sound(random, n, known, on)
        yield cells | {"cf_wsh": f"岑市监罚〔{on.year}〕{run}-{n}号"}


def csv_of(rows: Iterator[penalties.Cells]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, sample.COLUMNS, restval="")
    writer.writeheader()
    while chunk := list(islice(rows, 1_000)):
        writer.writerows(chunk)
    return out.getvalue().encode()
