"""Screens are Chinese first and complete: every sentence in code and templates has a Chinese one, and the compiled file is
the one that was committed with it."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).parent.parent
PO = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
APPS = ("credit_portal", "disclosure", "records", "subjects", "catalogs", "accounts", "casework")
# Of each function, which arguments are sentences; a context comes first where there is one.
SENTENCES = {"gettext": [0], "ngettext": [0], "pgettext": [1], "npgettext": [1]}
LITERAL = r"""(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
CALL = re.compile(rf"\b(_|n?p?gettext)\(\s*u?({LITERAL})(?:\s*,\s*u?({LITERAL}))?")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")

Key = tuple[str, str]  # context ("" for none), English sentence
Entry = tuple[list[str], bool]  # Chinese forms, fuzzy


def entries(text: str) -> dict[Key, Entry]:
    """The catalogue as it stands in the text of a .po file."""
    found: dict[Key, Entry] = {}
    for block in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        current = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            if match := re.match(r"(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)\s+(\".*\")$", line):
                current = match[1]
                fields[current] = ast.literal_eval(match[2])
            elif line.startswith('"'):
                fields[current] += ast.literal_eval(line)
        if fields.get("msgid"):
            chinese = [value for name, value in sorted(fields.items()) if name.startswith("msgstr")]
            fuzzy = bool(re.search(r"^#,.*\bfuzzy\b", block, re.M))
            found[fields.get("msgctxt", ""), fields["msgid"]] = (chinese, fuzzy)
    return found


def in_python(path: Path) -> Iterator[Key]:
    """Sentences given to gettext and its kin, under whatever name they were imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            for alias in node.names:
                names[alias.asname or alias.name] = alias.name.removesuffix("_lazy")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and names.get(node.func.id) in SENTENCES:
            function = names[node.func.id]
            words = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
            for index in SENTENCES[function]:
                sentence = words[index]
                assert isinstance(sentence, str), f"{path}:{node.lineno} translates something that is not written out"
                yield (str(words[0]) if index else "", sentence)


def in_template(path: Path) -> Iterator[Key]:
    for match in CALL.finditer(templatize(path.read_text(encoding="utf-8"))):
        first = ast.literal_eval(match[2])
        with_context = match[1] in {"pgettext", "npgettext"}
        yield (first, ast.literal_eval(match[3])) if with_context else ("", first)


def used() -> dict[Key, str]:
    """Every sentence that a screen or an answer can show, with one place where it stands."""
    found: dict[Key, str] = {}
    folders = [ROOT / name for name in APPS]
    for path in (path for folder in folders for path in sorted(folder.rglob("*.py")) if "migrations" not in path.parts):
        found |= {key: str(path.relative_to(ROOT)) for key in in_python(path)}
    for folder in [*folders, ROOT / "templates"]:
        for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.txt")]):
            found |= {key: str(path.relative_to(ROOT)) for key in in_template(path)}
    return found


@pytest.fixture(scope="module")
def catalogue() -> dict[Key, Entry]:
    return entries(PO.read_text(encoding="utf-8"))


def test_every_sentence_has_a_chinese_one(catalogue: dict[Key, Entry]) -> None:
    missing = []
    for key, place in sorted(used().items()):
        chinese, fuzzy = catalogue.get(key, ([], False))
        if fuzzy or not chinese or not all(chinese):
            missing.append(f"{place}: {key[1]!r}{' (fuzzy)' if fuzzy else ''}")

    assert not missing, "\n".join(missing)


def test_a_translation_keeps_the_placeholders(catalogue: dict[Key, Entry]) -> None:
    wrong = [
        english
        for (_, english), (chinese, _) in catalogue.items()
        for form in chinese
        if form
        and not set(PLACEHOLDER.findall(form)) <= set(PLACEHOLDER.findall(english)) | {"%(count)s", "%(counter)s"}
    ]

    assert not wrong


def test_nothing_is_translated_that_no_screen_says(catalogue: dict[Key, Entry]) -> None:
    assert not sorted(set(catalogue) - set(used()))


def test_the_compiled_file_is_fresh(catalogue: dict[Key, Entry]) -> None:
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)

    good = {key: chinese for key, (chinese, fuzzy) in catalogue.items() if not fuzzy and all(chinese)}
    for (context, english), chinese in good.items():
        assert (compiled.pgettext(context, english) if context else compiled.gettext(english)) == chinese[0]
    assert len(compiled._catalog) == sum(len(chinese) for chinese in good.values()) + 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("{% load i18n %}{% translate 'Good day' %}", ("", "Good day")),
        ('{% load i18n %}{% translate "May" context "month" %}', ("month", "May")),
        ("{% load i18n %}{% blocktranslate with n=name %}Hello {{ n }}{% endblocktranslate %}", ("", "Hello %(n)s")),
    ],
)
def test_sentences_are_found_in_templates(source: str, key: Key, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(source)

    assert list(in_template(page)) == [key]


def test_sentences_are_found_in_python(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "from django.utils.translation import gettext_lazy as _, pgettext\n_('One' ' sentence')\npgettext('month', 'May')\n"
    )

    assert list(in_python(module)) == [("", "One sentence"), ("month", "May")]


def test_the_catalogue_is_read_with_its_marks() -> None:
    text = 'msgid ""\nmsgstr ""\n\n#, fuzzy\nmsgctxt "month"\nmsgid "May"\nmsgstr "五"\n"月"\n'

    assert entries(text) == {("month", "May"): (["五月"], True)}
