"""The public calls: open to anyone, reading `disclosed` only, with codes and regions as parameters."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api import address_of, client_behind
from casework.http import FACTS, Call, Invalid, Parameter, kept
from casework.problems import CHALLENGE, Fault, Problem
from subjects.codes import check_code, holds_identity_number, sentence

CODE_SCHEMA: Mapping[str, Any] = {"type": "string", "pattern": "^[0-9A-HJ-NPQRTUWXY]{18}$"}
REGION = re.compile(r"[0-9]{6}", re.ASCII)


class Anyone(BasePermission):
    """A public call: it needs no key, and a key changes nothing."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return True


def read_code(text: str) -> str:
    """A unified code, written exactly. It is never repaired silently; the error gives the normalised form."""
    check = check_code(text)
    if not check.is_valid:
        raise Invalid(sentence(check), "code_malformed", code_check=check.to_dict())
    return text


def read_region(text: str) -> str:
    if not REGION.fullmatch(text):
        raise Invalid(_("A region is a division code of six digits."))
    return text


def within(region: str) -> tuple[str, str]:
    """The first and last division code that lie in a region: its trailing pairs of zeros are open (api.md 1.4)."""
    open_part = region
    while open_part.endswith("00"):
        open_part = open_part[:-2]
    return open_part.ljust(6, "0"), open_part.ljust(6, "9")


def region(**more: Any) -> Parameter:
    """The filter by region; it matches everything below."""

    def where(values: Any) -> Q:
        found = Q()
        for value in values if isinstance(values, list) else [values]:
            first, last = within(value)
            found |= Q(region__gte=first, region__lte=last)
        return found

    schema = {"type": "string", "pattern": "^[0-9]{6}$"}
    return Parameter("region", read_region, schema, "Division code; matches everything below it.", where=where, **more)


class PublicCall(Call):
    """A public GET call: its answer, its type, what it may refuse. The OpenAPI document is made from these."""

    permission_classes = [Anyone]
    keeping: ClassVar[str] = FACTS
    answers: ClassVar[Any] = None  # the name of the answer's type
    not_found: ClassVar[str] = ""  # the code of its 404, if the object may be missing
    moves: ClassVar[bool] = False  # it may answer 308
    summary: ClassVar[str] = ""
    private = False

    def perform_authentication(self, request: Request) -> None:
        """A wrong key is never served as "anyone". A right one changes nothing but that no cache keeps the answer."""
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None or settings.PUBLIC_ONLY:  # the public origin refuses any credentials, among the 400s
            return
        if client_behind(header, address_of(request._request)) is None:
            raise Problem("credentials_invalid", headers=CHALLENGE)
        self.private = True

    def is_identity_number(self, text: str) -> bool:
        return holds_identity_number(text)

    def faults_of(self, request: HttpRequest) -> list[Fault]:
        if settings.PUBLIC_ONLY and "HTTP_AUTHORIZATION" in request.META:
            text = _("This origin takes no credentials. Leave the header out.")
            return [Fault("credentials_not_accepted_here", text, "header", "Authorization")]
        return []

    def get(self, request: Request, **path: Any) -> HttpResponse:
        answer = self.answer(request._request, self.asked, **path)
        if isinstance(answer, HttpResponse):
            return answer
        return kept(request._request, answer, keeping=self.keeping, private=self.private)

    def answer(self, request: HttpRequest, asked: dict[str, Any], **path: Any) -> dict[str, Any] | HttpResponse:
        raise NotImplementedError
