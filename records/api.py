"""Intake over the API (api.md 5.1): an agency's program hands in rows; every row has its verdict.

The door reads the body's shape, calls one verb and says what happened. A name in `Acting-Officer` is recorded and gives no
right; a key reports facts and never decides.
"""

import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any, ClassVar

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from accounts.api import KeyCall, in_language_of, private
from accounts.models import ApiClient
from casework.calendar import SHANGHAI, today
from casework.errors import WrongState
from casework.http import (
    PAGE,
    Parameter,
    StrictJSON,
    boolean,
    conditions,
    day,
    equals,
    identity_refused,
    instant,
    one_of,
    page_of,
)
from casework.problems import Fault, Problem
from casework.tables import csv_lines
from records import services
from records.cells import holds_number
from records.formats import FORMAT_VERSION, FORMATS, Source
from records.forms import FileRefused, plain_name, read_csv, read_json
from records.models import IntakeBatch, IntakeRow
from records.sheets import read_xlsx
from records.states import Verdict
from subjects.codes import holds_identity_number

MOST_ROWS = 2_000  # judged at once; larger files go by `manage.py take_in`
MOST_BYTES = 8 * 1024 * 1024
ASK_AGAIN = "2"  # seconds
KINDS = tuple(FORMATS)
STATES = ("received", "checking", "awaiting_confirmation", "applying", "done", "failed", "cancelled", "withdrawn")
ENCODINGS = {"utf-8": "utf-8-sig", "gb18030": "gb18030"}
OFFICER = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
VISIBLE = re.compile(r"[!-~]{1,255}", re.ASCII)


# --- The body ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Handed:
    """A body as it came: its bytes, and how they are to be read."""

    content: bytes
    charset: str = "utf-8"


def charset_of(request: HttpRequest) -> str:
    return (request.content_params or {}).get("charset", "utf-8").lower()


class Rows(BaseParser):
    """Takes the bytes of a body, up to the limit."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        plain = parser_context["request"]._request
        content = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise too_large(plain.META.get("CONTENT_LENGTH"))
        return Handed(content, charset_of(plain))


class JsonRows(Rows):
    media_type = "application/json"


class CsvRows(Rows):
    media_type = "text/csv"


class XlsxRows(Rows):
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def too_large(received: str | None) -> Problem:
    number = int(received) if received and received.isdigit() else None
    return Problem("body_too_large", limit={"policy": "intake_bytes", "quota": MOST_BYTES, "received": number})


def too_many(received: int | None) -> Problem:
    return Problem("batch_too_large", limit={"policy": "intake_rows", "quota": MOST_ROWS, "received": received})


def source_of(handed: Handed, *, media_type: str | None, kind: str) -> Source:
    """The rows of a body, all read: a fault of the file touches nothing. A table is not read beyond the limit."""
    try:
        if media_type == CsvRows.media_type:
            source = read_csv(io.BytesIO(handed.content), kind=kind, encoding=ENCODINGS[handed.charset])
        elif media_type == XlsxRows.media_type:
            source = read_xlsx(io.BytesIO(handed.content), kind=kind)
        else:
            source = read_json(rows_of(handed), kind=kind)
        rows = list(islice(source.rows, MOST_ROWS + 1))
    except FileRefused as refused:
        raise problem_of_file(refused) from None
    if len(rows) > MOST_ROWS:
        raise too_many(None)
    if not rows:
        raise Problem.of([Fault("file_empty", _("The file holds no rows."), "body")])
    return Source(iter(rows), source.skipped)


def rows_of(handed: Handed) -> Any:
    """The member `rows` of a JSON body, which has no other."""
    body = StrictJSON().parse(io.BytesIO(handed.content))
    if spare := [plain_name(name) for name in body if name != "rows"]:
        text = _("The body has no such field.")
        raise Problem.of([Fault("unknown_field", text, "body", name or None, f"/{name}") for name in spare])
    if "rows" not in body:
        raise Problem.of([Fault("field_missing", _("This field is needed."), "body", "rows", "/rows")])
    if isinstance(body["rows"], list) and len(body["rows"]) > MOST_ROWS:
        raise too_many(len(body["rows"]))
    return body["rows"]


def problem_of_file(refused: FileRefused) -> Problem:
    """Every place at which the file cannot be read, in one answer."""
    faults = []
    for place, sentence in refused.data.get("places", [(refused.field, refused.message)]):
        is_pointer = bool(place) and place.startswith("/")
        name = place.rpartition("/")[2] if is_pointer else place
        faults.append(Fault(refused.rule, sentence, "body", name, place if is_pointer else None))
    return Problem.of(faults)


# --- What was handed in, as JSON ---------------------------------------------------------------------------------------------


def batch_json(batch: IntakeBatch, rows: Sequence[IntakeRow] | None) -> dict[str, Any]:
    """A batch as the API shows it: the same whenever it is asked for."""
    totals, is_done = batch.totals, batch.state == IntakeBatch.State.DONE
    if not is_done:
        totals = dict(batch.rows.values_list("verdict").annotate(Count("pk")))
    read = sum(totals.values())
    own = f"/api/v1/intake/{batch.public_id}/"
    return {
        "id": batch.public_id,
        **common_json(batch.kind, batch.sha256, batch.skipped_columns, totals),
        "dry_run": False,
        "state": batch.state,
        "received_at": instant(batch.received_at),
        "finished_at": instant(batch.finished_at),
        "progress": {"rows_read": read, "rows_total": read if is_done else None},
        "rows": None if rows is None else [row.as_verdict() for row in rows],
        "links": {"self": own, "rows": f"{own}rows/", "verdict": f"{own}verdict/"},
    }


def dry_run_json(delivery: services.Delivery) -> dict[str, Any]:
    """What a real run would answer. Nothing was kept, so nothing can be asked for again."""
    return {
        "id": None,
        **common_json(delivery.kind, delivery.sha256, delivery.skipped, delivery.totals),
        "dry_run": True,
        "state": IntakeBatch.State.DONE.value,
        "received_at": instant(delivery.received_at),
        "finished_at": instant(timezone.now()),
        "progress": {"rows_read": delivery.read, "rows_total": delivery.read},
        "rows": [row.as_verdict() for row in delivery.rows],
        "links": {"self": None, "rows": None, "verdict": None},
    }


def common_json(kind: str, sha256: str, skipped: list[str], totals: Mapping[str, int]) -> dict[str, Any]:
    return {
        "kind": kind,
        "mode": "delta",
        "format_version": FORMAT_VERSION,
        "sha256": sha256,
        "skipped_columns": skipped,
        "totals": {verdict: totals.get(verdict, 0) for verdict in Verdict.values},
        "diff": None,
    }


def judged_at_once(batch: IntakeBatch) -> list[IntakeRow] | None:
    """The rows of a batch that was small enough to be answered with them."""
    if batch.state != IntakeBatch.State.DONE or sum(batch.totals.values()) > MOST_ROWS:
        return None
    return list(batch.rows.order_by("n"))


# --- The calls -----------------------------------------------------------------------------------------------------------------


def within_days(lookup: str, days: int) -> Any:
    """The filter of an instant by local days; `days` 1 takes the whole day in."""

    def where(on: Any) -> Q:
        return Q(**{f"received_at__{lookup}": datetime.combine(on, time.min, SHANGHAI) + timedelta(days=days)})

    return where


class IntakeCall(KeyCall):
    """The base: an agency's key with the scope `intake`, and identity numbers refused wherever they have no place."""

    scope = "intake"
    client: ApiClient
    summary: ClassVar[str]
    answers: ClassVar[Mapping[str, str]] = {}  # the names of the answers' types, by method
    not_found: ClassVar[str] = ""  # the code of its 404, if the object may be missing

    def is_identity_number(self, text: str) -> bool:
        return holds_identity_number(text)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        caller: Any = request.user
        self.client = caller

    def own(self, public_id: str) -> IntakeBatch:
        """The agency's own batch; another's is answered like one that never was."""
        # What officers hand in at their desk stays in the office.
        mine = IntakeBatch.objects.filter(agency=self.client.agency_id, desk_of=None)
        batch = mine.filter(public_id=public_id).first()
        if batch is None:
            raise Http404
        return batch


class Intake(IntakeCall):
    """Hand in rows, or read which deliveries there were."""

    parser_classes = [JsonRows, CsvRows, XlsxRows]
    summary = "Hand in rows; the agency's own deliveries"
    answers: ClassVar[Mapping[str, str]] = {"POST": "IntakeBatch", "GET": "IntakeBatchPage"}
    taking: ClassVar[tuple[Parameter, ...]] = (
        one_of("kind", KINDS, required=True, said="What the rows are."),
        boolean("dry_run", default=False, said="Judge every row and keep nothing."),
        one_of(
            "mode", ("delta",), default="delta", said="These rows only; nothing is withdrawn because it is missing."
        ),
    )
    listing: ClassVar[tuple[Parameter, ...]] = (
        one_of("kind", KINDS, many=True, where=equals("kind")),
        one_of("state", STATES, many=True, where=equals("state")),
        day("received_from", "First day.", where=within_days("gte", 0)),
        day("received_to", "Last day, included.", where=within_days("lt", 1)),
        *PAGE,
    )

    @property
    def parameters(self) -> tuple[Parameter, ...]:  # type: ignore[override]
        return self.taking if self.request.method == "POST" else self.listing

    def faults_of(self, request: HttpRequest) -> list[Fault]:
        if request.method != "POST":
            return []
        officer, key = request.headers.get("Acting-Officer", ""), request.headers.get("Idempotency-Key", "")
        for name, value in (("Acting-Officer", officer), ("Idempotency-Key", key)):
            if holds_number(value):
                raise identity_refused("header", name)
        faults = []
        if not OFFICER.fullmatch(officer):
            text = _("Name the acting officer's staff number: 1 to 64 of A–Z a–z 0–9 . _ -")
            faults.append(Fault("acting_officer_missing", text, "header", "Acting-Officer"))
        if (key or not self.asked["dry_run"]) and not VISIBLE.fullmatch(key):
            text = _("Give an idempotency key: 1 to 255 visible ASCII characters.")
            faults.append(Fault("idempotency_key_missing", text, "header", "Idempotency-Key"))
        return faults

    def check_media_type(self, request: Request) -> None:
        """What the body is and how long, before anything of it is read: type, character set, compression, bytes."""
        super().check_media_type(request)
        plain = request._request
        known = ENCODINGS if plain.content_type == CsvRows.media_type else {"utf-8"}
        if charset_of(plain) not in known or plain.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UnsupportedMediaType(str(plain.content_type))
        length = plain.META.get("CONTENT_LENGTH", "")
        if length.isdigit() and int(length) > MOST_BYTES:
            raise too_large(length)

    def post(self, request: Request) -> HttpResponse:
        handed = request.data if isinstance(request.data, Handed) else Handed(b"")
        kind = self.asked["kind"]
        with in_language_of(request):
            source = source_of(handed, media_type=request._request.content_type, kind=kind)
            sha256 = hashlib.sha256(handed.content).hexdigest()
            if self.asked["dry_run"]:
                return self.reply(request, dry_run_json(self.judge(source, kind, sha256)))
            batch, is_replayed = self.take_in(request, source, kind, sha256, handed.content)
            headers = {"Idempotent-Replayed": "true"} if is_replayed else {}
            return self.reply(request, batch_json(batch, judged_at_once(batch)), headers)

    def judge(self, source: Source, kind: str, sha256: str) -> services.Delivery:
        agency = self.client.agency
        assert agency is not None
        return services.take_in(
            source,
            kind=kind,
            agency=agency,
            by=self.client,
            on=today(),
            sha256=sha256,
            dry_run=True,
            client=self.client,
        )

    def take_in(
        self, request: Request, source: Source, kind: str, sha256: str, content: bytes
    ) -> tuple[IntakeBatch, bool]:
        agency = self.client.agency
        assert agency is not None
        plain = request._request
        asked = f"{plain.method} {plain.path}?{plain.META.get('QUERY_STRING', '')}\n".encode()
        try:
            return services.take_in_once(
                source, kind=kind, agency=agency, client=self.client, officer=plain.headers["Acting-Officer"],
                on=today(), sha256=sha256, idempotency_key=plain.headers["Idempotency-Key"],
                request_sha256=hashlib.sha256(asked + content).hexdigest(),
            )  # fmt: skip
        except services.KeyReused as reused:
            raise Problem(reused.rule, detail=reused.message) from None
        except WrongState as running:
            if running.rule != "idempotency_in_progress":
                raise
            raise Problem(running.rule, detail=running.message, headers={"Retry-After": ASK_AGAIN}) from None

    def get(self, request: Request) -> HttpResponse:
        own = IntakeBatch.objects.filter(
            conditions(self.asked, self.listing), agency=self.client.agency_id, desk_of=None
        )

        def as_json(batches: list[IntakeBatch]) -> list[dict[str, Any]]:
            return [batch_json(batch, None) for batch in batches]

        page = page_of(request._request, self.asked, own, order=("-received_at", "-id"), as_json=as_json)
        return self.reply(request, page)


class Batch(IntakeCall):
    """One delivery, with its rows if it was judged at once."""

    summary = "One delivery"
    answers: ClassVar[Mapping[str, str]] = {"GET": "IntakeBatch"}
    not_found = "not_found"

    def get(self, request: Request, public_id: str) -> HttpResponse:
        batch = self.own(public_id)
        with in_language_of(request):
            is_running = batch.state == IntakeBatch.State.APPLYING
            headers = {"Retry-After": ASK_AGAIN} if is_running else {}
            return self.reply(request, batch_json(batch, judged_at_once(batch)), headers)


class BatchRows(IntakeCall):
    """The verdicts of a delivery, page by page."""

    summary = "The verdicts of a delivery"
    answers: ClassVar[Mapping[str, str]] = {"GET": "IntakeRowPage"}
    not_found = "not_found"
    parameters = (one_of("verdict", Verdict.values, many=True, where=equals("verdict")), *PAGE)

    def get(self, request: Request, public_id: str) -> HttpResponse:
        rows = self.own(public_id).rows.filter(conditions(self.asked, self.parameters))

        def as_json(found: list[IntakeRow]) -> list[dict[str, Any]]:
            return [row.as_verdict() for row in found]

        with in_language_of(request):
            return self.reply(request, page_of(request._request, self.asked, rows, order=("n",), as_json=as_json))


class BatchVerdict(IntakeCall):
    """The verdicts as a CSV file for people: one line for each reason, one for a row without any."""

    COLUMNS = ("n", "source_id", "verdict", "record_id", "version", "publication_due_on", "rule", "field", "message")
    summary = "The verdicts of a delivery as CSV"
    not_found = "not_found"
    media_types = ("text/csv",)

    def get(self, request: Request, public_id: str) -> HttpResponse:
        batch = self.own(public_id)
        rows = batch.rows.order_by("n").iterator(chunk_size=2_000)
        lines = in_one_language(request, csv_lines(self.COLUMNS, verdict_lines(rows)))
        response: Any = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="verdict-{batch.public_id}.csv"'
        return private(request, response)


def verdict_lines(rows: Iterator[IntakeRow]) -> Iterator[list[Any]]:
    for row in rows:
        verdict = row.as_verdict()
        own = [verdict[name] for name in BatchVerdict.COLUMNS[:6]]
        for refusal in verdict["refusals"] or [{}]:
            yield [*own, refusal.get("rule"), refusal.get("field"), refusal.get("message")]


def in_one_language(request: Request, lines: Iterator[str]) -> Iterator[str]:
    """The language is the caller's while lines are made, also when they are made after the view has returned."""
    while True:
        with in_language_of(request):
            line = next(lines, None)
        if line is None:
            return
        yield line
