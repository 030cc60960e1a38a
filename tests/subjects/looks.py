"""An officer who opens a file: signed in, with a purpose stated."""

import re
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from subjects.models import Subject

STATED = {"purpose": "determination", "matter": "示市监案〔2026〕7号", "reason": "核对处罚决定"}
SUPERVISION = {"purpose": "supervision", "matter": "", "reason": "例行检查"}
SHOWN, ASKED = 'id="facts"', 'id="id_purpose_0"'  # the table of facts; the form that asks what for


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False, headers={"Accept-Language": "en"})
    client.force_login(user)
    session = client.session
    session["began_at"] = timezone.now().isoformat()
    session.save()
    return client


def path_of(firm: Subject) -> str:
    return f"/admin/subjects/{firm.unified_code}/"


def opened(user: User, firm: Subject, stated: dict[str, str] = STATED) -> Client:
    client = signed_in(user)
    answer = client.post(path_of(firm), stated)
    assert answer.status_code == 302, answer.content.decode()
    return client


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.content.decode()
    main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))
