"""Turning the cells of one row into values: present, typed, well-formed. Every fault of shape is told (REC-18)."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _

from records.formats import FORMATS, KEY_COLUMNS, PROSE, SENDER, Column, Fault, Row, said
from subjects.codes import holds_identity_number

RAGGED = ""  # the name under which a row with too many or too few cells keeps how many it has and should have
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MONEY = re.compile(r"\d{1,12}(\.\d{1,6})?", re.ASCII)
NUMBER = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
SEPARATORS = re.compile("[;；,，]")


def empty(kind: str) -> dict[str, Any]:
    return {column.name: None for column in (*FORMATS[kind], *SENDER)} | {"op": "add"}


def typed(n: int, cells: Mapping[str, str | None], kind: str) -> Row:
    """One row from its cells by column; those that are none of its format's or the sender's columns are passed over."""
    row = Row(n, kind, empty(kind))
    row.cells = {name: text for name, text in cells.items() if text and (name in row.values or name == RAGGED)}
    if ragged := cells.get(RAGGED):
        found, _slash, wanted = ragged.partition("/")
        sentence = _("The row has %(found)s cells; the header names %(wanted)s columns.")
        say = said(sentence, {"found": found, "wanted": wanted})
        row.faults.append(Fault("row_unreadable", ("REC-18",), None, say))
        return row
    withdraws = (cells.get("op") or "").strip() == "withdraw"
    for column in (*FORMATS[kind], *SENDER):
        text = (cells.get(column.name) or "").strip()
        if not text:
            if column.required and not (withdraws and column.name not in KEY_COLUMNS[kind]):
                say = said(_("“%(label)s” is empty."), {"label": column.label})
                row.faults.append(Fault("value_missing", ("REC-18",), column.name, say))
            continue
        if NOT_TEXT.search(text):
            say = said(_("“%(label)s” holds a character that is none."), {"label": column.label})
            row.faults.append(Fault("row_unreadable", ("REC-18",), column.name, say))
            continue
        if column.type != "identity" and column.name not in PROSE and holds_number(text):
            say = said(_("“%(label)s” holds an identity number; it is not kept here."), {"label": column.label})
            row.faults.append(Fault("identity_number_refused", ("RSP-10",), column.name, say))
            continue
        if column.max_length and len(text) > column.max_length:
            say = said(
                _("“%(label)s” is longer than %(n)s characters."), {"label": column.label, "n": column.max_length}
            )
            row.faults.append(Fault("value_too_long", ("REC-18",), column.name, say))
            continue
        try:
            row.values[column.name] = value_of(column, text)
        except BadValue as bad:
            row.faults.append(Fault(bad.rule, ("REC-18",), column.name, bad.message))
    return row


def holds_number(text: str) -> bool:
    """Whether an identity number stands in a text that should hold none (RSP-10)."""
    return holds_identity_number(text) or any(map(holds_identity_number, NUMBER.findall(text)))


class BadValue(ValueError):
    def __init__(self, rule: str, message: Any) -> None:
        super().__init__(rule)
        self.rule, self.message = rule, message


def value_of(column: Column, text: str) -> Any:
    if column.type == "date":
        try:
            if not DAY.fullmatch(text):
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            say = said(_("“%(label)s” is not a day written like 2026-03-01."), {"label": column.label})
            raise BadValue("date_invalid", say) from None
    if column.type == "money_wan":
        try:
            if not MONEY.fullmatch(text):
                raise InvalidOperation
            return Decimal(text) * 10_000  # kept in yuan
        except InvalidOperation:
            say = said(
                _("“%(label)s” is not an amount in 10,000 yuan with at most six decimals."), {"label": column.label}
            )
            raise BadValue("number_invalid", say) from None
    if column.type == "enum" and column.values is not None:
        parts = [part.strip() for part in SEPARATORS.split(text)] if column.many else [text]
        for part in parts:
            if part not in column.values:
                say = said(_("“%(label)s” does not know “%(value)s”."), {"label": column.label, "value": part[:20]})
                raise BadValue("value_not_in_list", say)
        return parts if column.many else text
    return text
