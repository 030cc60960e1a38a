"""`manage.py make_docs [--check]`: the pages that are made from the code. With --check: fail when one is stale."""

import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection
from django.utils.translation import override

from accounts.permissions import ROLES, SCOPES
from casework import grants
from catalogs import states as catalogue
from credit_portal import settings as settings_module
from records import states as facts
from records.formats import FORMATS, SENDER

DOCS = Path(settings.BASE_DIR) / "docs" / "generated"
MADE = "<!-- Made by manage.py make_docs; do not edit. -->\n\n"
MACHINES: tuple[tuple[str, Mapping[Any, Iterable[Any]], Any], ...] = (
    ("SM-1 Catalogue item, SM-2 Measure item", catalogue.EDITION_TRANSITIONS, catalogue.EditionState),
    ("SM-3 List system and criteria", catalogue.LIST_TRANSITIONS, catalogue.ListState),
    ("SM-4 Basis document", facts.DOCUMENT, facts.Document),
    ("Administrative act (its versions)", facts.ACT, facts.Act),
    ("SM-5 Untrustworthiness record", facts.UNTRUSTWORTHINESS, facts.Untrustworthiness),
    ("SM-6 Publication", facts.PUBLICATION, facts.Clock),
)


def states_page() -> str:
    """Every state machine as a diagram, from the same tables that the triggers are made of."""
    text = "# States\n\n" + MADE
    for title, transitions, enum in MACHINES:
        edges = "".join(f"  {a.value} --> {b.value}\n" for a, targets in transitions.items() for b in sorted(targets))
        final = [state.value for state in enum if not transitions.get(state)]
        text += f"## {title}\n\n```mermaid\nstateDiagram-v2\n{edges}```\n\nFinal: {', '.join(final)}.\n\n"
    return text


def grants_page() -> str:
    """The table of grants as it is applied."""
    with connection.cursor() as cursor:
        lines = grants.wanted(cursor)
    return "# Grants\n\n" + MADE + "```sql\n" + "\n".join(f"{line};" for line in lines) + "\n```\n"


def permissions_page() -> str:
    text = "# Permissions\n\n" + MADE + "## Roles of a posting\n\n"
    text += "".join(f"- `{role}`: {', '.join(sorted(may)) or 'reads only'}\n" for role, may in ROLES.items())
    text += "\n## Scopes of a key\n\n"
    return text + "".join(f"- `{scope}`: {', '.join(sorted(may)) or 'no write'}\n" for scope, may in SCOPES.items())


def settings_page() -> str:
    """The variables of the environment that the settings read, in their order."""
    source = inspect.getsource(settings_module)
    names = dict.fromkeys(
        part.split('"')[1] for part in source.split("env.")[1:] if '("' in part[:12] and part.split('"')[1].isupper()
    )
    return "# Settings\n\n" + MADE + "".join(f"- `{name}`\n" for name in names)


def intake_page() -> str:
    """The columns of the formats and the rules that refuse a row, in both languages."""
    text = "# Intake\n\n" + MADE
    for title, columns in (*FORMATS.items(), ("The sender's own columns, optional everywhere", SENDER)):
        text += f"## {title}\n\n| column | 中文 | English | type | needed | at most |\n|---|---|---|---|---|---|\n"
        for column in columns:
            chinese, english = both(column.label)
            needed, most = "yes" if column.required else "", column.max_length or ""
            text += f"| `{column.name}` | {chinese} | {english} | {column.type} | {needed} | {most} |\n"
        text += "\n"
    text += "## Rules that refuse or hold a row\n\n| rule | rows | 中文 | English |\n|---|---|---|---|\n"
    for rule, (rows, sentence) in facts.REFUSAL_RULES.items():
        text += f"| `{rule}` | {' '.join(rows)} | {' | '.join(both(sentence))} |\n"
    return text


def both(sentence: Any) -> list[str]:
    """The sentence in Chinese and in English."""
    told = []
    for language in ("zh-hans", "en"):
        with override(language):
            told.append(str(sentence))
    return told


PAGES = {
    "states.md": states_page,
    "grants.md": grants_page,
    "permissions.md": permissions_page,
    "settings.md": settings_page,
    "intake.md": intake_page,
}


class Command(BaseCommand):
    help = "Make the generated pages of docs/, or check that they are fresh."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        stale = []
        DOCS.mkdir(parents=True, exist_ok=True)
        with override("en"):
            for name, make in PAGES.items():
                page, path = make(), DOCS / name
                if options["check"]:
                    stale += [name] if not path.exists() or path.read_text(encoding="utf-8") != page else []
                else:
                    path.write_text(page, encoding="utf-8")
        if stale:
            self.stderr.write(f"Stale: {', '.join(stale)}. Run manage.py make_docs and commit.")
            raise SystemExit(1)
