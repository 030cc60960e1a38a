"""The OpenAPI document of the calls that need a key: their types, headers, bodies and refusals."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from casework.problem_table import PROBLEMS
from casework.problems import MEDIA_TYPE
from disclosure.openapi import CallSchema
from disclosure.schemas import BOOL, DAY, ID, INSTANT, INT, TEXT, URL, Schema, many, or_null, page, ref, thing, words
from records.api import MOST_ROWS, OFFICER, STATES, XlsxRows
from records.formats import FORMAT_VERSION, FORMATS, SENDER
from records.states import REFUSAL_RULES, Verdict

RULE: Final[Schema] = {"type": "string", "examples": list(REFUSAL_RULES)}  # open: a constraint's name may stand here
TYPES: Final[dict[str, Schema]] = {
    "RowRefusal": thing(rule=RULE, rows=many(TEXT), field=or_null(TEXT), message=TEXT, basis=or_null(ref("Basis"))),
    "IntakeRow": thing(
        n=INT, source_id=or_null(TEXT), verdict=words(*Verdict.values), record_id=or_null(ID), version=or_null(INT),
        publication_due_on=or_null(DAY), refusals=many(ref("RowRefusal")), warnings=many(TEXT), resend=or_null(URL),
    ),
    "IntakeBatch": thing(
        id=or_null(ID), kind=words(*FORMATS), mode=words("delta"), dry_run=BOOL, state=words(*STATES),
        format_version={"type": "string", "examples": [FORMAT_VERSION]},
        sha256={"type": "string", "pattern": "^[0-9a-f]{64}$"}, received_at=INSTANT,
        finished_at=or_null(INSTANT), progress=thing(rows_read=INT, rows_total=or_null(INT)), skipped_columns=many(TEXT),
        totals=thing(**dict.fromkeys(Verdict.values, INT)), diff={"type": "null"}, rows=or_null(many(ref("IntakeRow"))),
        links=thing(self=or_null(URL), rows=or_null(URL), verdict=or_null(URL)),
    ),
}  # fmt: skip
TYPES["RowRefusal"]["properties"]["code_check"] = ref("CodeCheck")
TYPES.update({f"{name}Page": page(ref(name)) for name in ("IntakeRow", "IntakeBatch")})

COLUMNS: Final[
    Schema
] = {  # one of the formats, as `kind` says; more is judged row by row, and told in the row's verdict
    "anyOf": [
        {
            "type": "object",
            "title": f"{kind} {FORMAT_VERSION}",
            "properties": {column.name: {"type": ["string", "null"]} for column in (*columns, *SENDER)},
            "additionalProperties": False,
        }
        for kind, columns in FORMATS.items()
    ]
}
BODIES: Final[dict[str, Any]] = {
    "application/json": {
        "type": "object",
        "properties": {"rows": {"type": "array", "items": COLUMNS, "minItems": 1, "maxItems": MOST_ROWS}},
        "required": ["rows"],
        "additionalProperties": False,
    },
    "text/csv": {"type": "string"},
    XlsxRows.media_type: {"type": "string", "format": "binary"},
}
# What any call with a key may refuse, in the order of the contract; then what only one that changes something may.
POSSIBLE: Final = (
    "method_not_allowed", "credentials_missing", "credentials_invalid", "not_a_government_body", "scope_missing",
    "not_acceptable", "uri_too_long", "identity_number_refused", "unknown_parameter", "parameter_missing",
    "parameter_empty", "parameter_repeated", "parameter_invalid", "cursor_invalid", "internal_error", "unavailable",
)  # fmt: skip
POSSIBLE_ON_POST: Final = (
    "unsupported_media_type", "batch_too_large", "body_too_large", "acting_officer_missing", "idempotency_key_missing",
    "body_invalid", "unknown_field", "field_missing", "field_invalid", "column_missing", "column_unknown",
    "file_unreadable", "file_empty", "idempotency_in_progress", "idempotency_key_reused", "not_allowed",
)  # fmt: skip
HEADERS: Final = (
    OpenApiParameter(
        "Acting-Officer", {"type": "string", "pattern": f"^{OFFICER.pattern}$"}, OpenApiParameter.HEADER, required=True,
        description="The body's own staff number. It is recorded and gives no right.",
    ),
    OpenApiParameter(
        "Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 255}, OpenApiParameter.HEADER,
        description="Needed unless dry run. The same key with the same request: the first answer again.",
    ),
)  # fmt: skip


class KeyCallSchema(CallSchema):
    """Reads the declarations of a call that needs a key."""

    def get_operation_id(self) -> str:
        own = super().get_operation_id()
        return {"POST": f"{own}_hand_in", "GET": own}[self.method]

    def get_tags(self) -> list[str]:
        return ["agency"]

    def get_auth(self) -> list[dict[str, Any]]:
        return [{"key": []}]

    def get_override_parameters(self) -> list[Any]:
        declared = [one for one in super().get_override_parameters() if one.name != "If-None-Match"]
        return [*declared, *HEADERS] if self.method == "POST" else declared

    def get_request_serializer(self) -> Any:
        return BODIES if self.method == "POST" else None

    def get_response_serializers(self) -> Any:
        view = self.view
        type_ = view.answers.get(self.method)
        answers: dict[Any, Any] = {(200, *view.media_types): ref(type_) if type_ else {"type": "string"}}
        for status in sorted({PROBLEMS[code].status for code in self._codes()}):
            answers[status, MEDIA_TYPE] = OpenApiResponse(ref("Problem"), description=self._titles(status))
        return answers

    def _codes(self) -> tuple[str, ...]:
        not_found = (self.view.not_found,) if self.view.not_found else ()
        return (*POSSIBLE, *not_found, *(POSSIBLE_ON_POST if self.method == "POST" else ()))

    def _titles(self, status: int) -> str:
        return "; ".join(code for code in self._codes() if PROBLEMS[code].status == status)
