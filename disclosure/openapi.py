"""The OpenAPI document, made from what the calls declare: parameters, types of answers, refusals."""

import re
from functools import cache
from typing import Any, Final

from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from casework.http import JSON
from casework.problem_table import PROBLEMS
from casework.problems import MEDIA_TYPE
from disclosure.schemas import CODE, TYPES, ref

YAML: Final = "application/vnd.oai.openapi"
SETTINGS: Final[dict[str, Any]] = {
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVERS": [{"url": "/"}],
    "TAGS": [],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [],
}
# What any public call may refuse, in the order of the contract; a missing object comes from the call itself.
POSSIBLE: Final = (
    "method_not_allowed", "credentials_invalid", "not_acceptable", "uri_too_long", "credentials_not_accepted_here",
    "identity_number_refused", "unknown_parameter", "parameter_missing", "parameter_empty", "parameter_repeated",
    "parameter_invalid", "parameter_conflict", "sort_not_allowed", "cursor_invalid", "calendar_year_unknown",
    "code_malformed", "internal_error", "unavailable",
)  # fmt: skip
ASK_AGAIN = OpenApiParameter(
    "If-None-Match", {"type": "string"}, OpenApiParameter.HEADER, description="The tag of the answer that you hold."
)
LANGUAGE = OpenApiParameter(
    "Accept-Language",
    {"type": "string"},
    OpenApiParameter.HEADER,
    description="zh (shipped) or en: the words of errors.",
)


class CallSchema(AutoSchema):
    """Reads a public call's own declarations; nothing is written twice."""

    view: Any

    def get_operation_id(self) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self.view).__name__.removesuffix("Call")).lower()

    def get_summary(self) -> str | None:
        return self.view.summary or None

    def get_description(self) -> str:  # type: ignore[override]  # spectacular's own signature
        return (type(self.view).__doc__ or "").strip()

    def get_tags(self) -> list[str]:
        return ["public"]

    def get_auth(self) -> list[dict[str, Any]]:
        return []

    def get_override_parameters(self) -> list[Any]:
        declared = [
            OpenApiParameter(
                one.name,
                {"type": "array", "items": dict(one.schema)} if one.many else dict(one.schema),
                OpenApiParameter.QUERY,
                required=one.required,
                description=one.said,
                explode=True if one.many else None,
                style="form" if one.many else None,
            )
            for one in self.view.parameters
        ]
        return [*[self._in_path(name) for name in self._names_in_path()], *declared, LANGUAGE, ASK_AGAIN]

    def _names_in_path(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    def _in_path(self, name: str) -> OpenApiParameter:
        schema = CODE if name in self.view.path_parts else {"type": "string"}
        return OpenApiParameter(name, schema, OpenApiParameter.PATH, required=True)

    def get_request_serializer(self) -> Any:
        return None

    def get_response_serializers(self) -> Any:
        view = self.view
        answers: dict[Any, Any] = {(200, *view.media_types): ref(view.answers) if isinstance(view.answers, str) else {}}
        answers |= {code: OpenApiResponse(ref(name)) for code, name in view.other_answers.items()}
        answers[304] = OpenApiResponse(description="Nothing visible has changed.")
        if view.moves:
            answers[308] = OpenApiResponse(description="The code was superseded; Location names the current one.")
        refused = (*POSSIBLE, view.not_found) if view.not_found else POSSIBLE
        for status in sorted({PROBLEMS[code].status for code in refused}):
            if status not in view.other_answers:
                answers[status, MEDIA_TYPE] = OpenApiResponse(ref("Problem"), description=self._titles(status))
        return answers

    def _titles(self, status: int) -> str:
        """What may be behind a status."""
        if status == 404:
            return PROBLEMS[self.view.not_found].title.en
        return "; ".join(code for code in POSSIBLE if PROBLEMS[code].status == status)


@cache
def document() -> dict[str, Any]:
    """The document of the calls that this origin serves. Made once: it changes only with the code."""
    from disclosure.openapi_keys import TYPES as KEY_TYPES

    types = TYPES | KEY_TYPES
    appended = {"schemas": types, "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}
    with patched_settings({**SETTINGS, "APPEND_COMPONENTS": appended}), translation.override("en"):
        generator = SchemaGenerator()
        for name, schema in types.items():
            generator.registry.register(ResolvedComponent(name, ResolvedComponent.SCHEMA, schema=schema, object=name))
        made: dict[str, Any] = generator.get_schema(request=None, public=True)
    return made


@cache
def rendered(media_type: str) -> bytes:
    renderer = OpenApiJsonRenderer() if media_type == JSON else OpenApiYamlRenderer()
    return bytes(renderer.render(document(), renderer_context={}))
