"""What the lists of this app share: columns and filters under headings of their own, the code in an address."""

from collections.abc import Callable
from typing import Any

from django.contrib.admin import ChoicesFieldListFilter
from django.http import HttpRequest
from django.urls import register_converter
from django.urls.converters import StringConverter

from casework.office_admin import OfficeAdmin


def column(label: Any, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A column of a list: its heading and what it shows of a row."""

    def shown(row: Any) -> Any:
        return read(row)

    shown.short_description = label  # type: ignore[attr-defined]
    return shown


def under(heading: Any) -> type[ChoicesFieldListFilter]:
    """A filter by the choices of a column, under a heading of its own."""

    class Filter(ChoicesFieldListFilter):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.title = heading

    return Filter


class Register(OfficeAdmin):
    """A register whose filters are choices: of a column, or of its own making. It answers nothing but their exact values."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        filters = self.get_list_filter(request)
        columns = {f"{each[0]}__exact" for each in filters if isinstance(each, tuple)}
        return lookup in columns | {getattr(each, "parameter_name", None) for each in filters}


class UnifiedCode(StringConverter):
    """A unified code in an address; nothing else stands where a subject is meant."""

    regex = "[0-9A-Z]{18}"


register_converter(UnifiedCode, "unified_code")
