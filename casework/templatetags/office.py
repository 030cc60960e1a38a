"""Template tags of the back office: days, what is left, states as tags, icons. A state's form is chosen here and nowhere else."""

from datetime import date, datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from casework.calendar import UnknownYear, calendar, today

register = template.Library()

# Icon and tone of a state, by its value; what is not here is a plain fact.
FORMS: dict[str, tuple[str, str, str]] = {
    "effective": ("force", "force", ""), "published": ("tick", "clear", ""), "aggregated": ("tick", "clear", ""),
    "published_late": ("overdue", "soon", ""), "overdue": ("overdue", "overdue", ""), "pending": ("clock", "soon", ""),
    "under_verification": ("verify", "verify", "dashed"), "stayed": ("pause", "verify", "dashed"),
    "draft": ("pen", "unknown", "dotted"), "checking": ("clock", "neutral", ""), "checked": ("pen", "unknown", "dotted"),
    "applying": ("clock", "neutral", ""), "done": ("tick", "clear", ""), "failed": ("warning", "soon", ""),
    "tolerance_review": ("two", "second", ""), "proposed": ("two", "second", ""), "ordered": ("two", "second", ""),
    "confirmed": ("tick", "clear", ""), "kept": ("tick", "clear", ""), "upheld": ("lock", "neutral", ""),
    "held": ("two", "second", ""), "refused": ("warning", "soon", ""), "accepted": ("tick", "clear", ""),
    "corrected": ("pen", "neutral", ""), "flagged": ("warning", "soon", ""), "incident": ("overdue", "overdue", ""),
    "cleared": ("tick", "clear", ""), "issued": ("mail", "neutral", ""), "answered": ("tick", "clear", ""),
    "open": ("clock", "soon", ""),
}  # fmt: skip
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SOON = 3  # working days


def weekday(day: date) -> str:
    """The day of the week as the queue writes it."""
    words = {
        "Mon": pgettext("weekday", "Mon"), "Tue": pgettext("weekday", "Tue"), "Wed": pgettext("weekday", "Wed"),
        "Thu": pgettext("weekday", "Thu"), "Fri": pgettext("weekday", "Fri"), "Sat": pgettext("weekday", "Sat"),
        "Sun": pgettext("weekday", "Sun"),
    }  # fmt: skip
    return words[WEEKDAYS[day.weekday()]]


@register.filter
def day(value: date | datetime | None) -> SafeString:
    """A day with its weekday, as a <time>; "not provided" when there is none."""
    if value is None:
        return format_html("{}", _("not provided"))
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return format_html('<time datetime="{}">{} {}</time>', value.isoformat(), value.isoformat(), weekday(value))


@register.filter
def moment(value: datetime | None) -> SafeString:
    """Day and minute in Shanghai."""
    if value is None:
        return format_html("{}", _("not provided"))
    local = timezone.localtime(value)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), local.strftime("%Y-%m-%d %H:%M"))


@register.filter
def plain_cell(value: Any) -> Any:
    """A cell of a list: days and moments as <time>, everything else as it is."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    return value


@register.simple_tag
def left(due_on: date | None, on: date | None = None) -> SafeString:
    """What is left until a day, or how late it is, in working days; the date itself stands beside it."""
    if due_on is None:
        return tag("clock", "unknown", _("Cannot be counted yet"), "dotted")
    on = on or today()
    try:
        n = calendar().working_days_between(min(on, due_on), max(on, due_on))
    except UnknownYear:
        n = abs((due_on - on).days)
    if on > due_on:
        said = ngettext("%(n)d working day overdue", "%(n)d working days overdue", n) % {"n": n}
        return tag("overdue", "overdue", said)
    if on == due_on:
        return tag("clock", "soon", _("today until 24:00"))
    said = ngettext("%(n)d working day left", "%(n)d working days left", n) % {"n": n}
    return tag("clock", "soon" if n <= SOON else "neutral", said)


@register.simple_tag
def state(thing: Any, field: str = "state") -> SafeString:
    """The tag of a case's state: icon, tone and the state's own word."""
    value = getattr(thing, field)
    icon_name, tone, edge = FORMS.get(str(value), ("ring", "neutral", ""))
    return tag(icon_name, tone, getattr(thing, f"get_{field}_display")(), edge)


@register.simple_tag
def form_of(value: str, words: str) -> SafeString:
    """A tag for a value that is no model's state, in the form of its name."""
    icon_name, tone, edge = FORMS.get(value, ("ring", "neutral", ""))
    return tag(icon_name, tone, words, edge)


def tag(icon_name: str, tone: str, words: Any, edge: str = "") -> SafeString:
    more = format_html(" cp-tag--{}", edge) if edge else ""
    return format_html('<span class="cp-tag cp-tag--{}{}">{}{}</span>', tone, more, icon(icon_name), words)


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sprite; the word stands beside it."""
    return format_html(
        '<svg class="cp-icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("icons.svg"), name,
    )  # fmt: skip


@register.simple_tag
def code(value: str) -> SafeString:
    """A unified code, shown 2-6-9-1 and copied as 18 characters."""
    parts = (value[:2], value[2:8], value[8:17], value[17:])
    spans = [format_html("<span>{}</span>", part) for part in parts]
    return format_html('<span class="cp-code">{}{}{}{}</span>', *spans)
