"""Collect the texts of the program for translators, and make the catalogues that it reads.

Usage: python packaging/catalogues.py [--check]

Writes ``resources/translations/CODE.po`` for each language with what the sources say now, keeping
translations, and ``CODE.mo`` beside it. With ``--check`` it writes nothing and says whether both
are what the sources say.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import io
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "resources" / "translations"
LANGUAGES = ("de", "fr")
_HEADER = "# Texts of GenStudio. Translations stand in msgstr; what is empty is shown in English."
# Files that say the same are the same.
_MADE = datetime(2026, 1, 1, tzinfo=UTC)
# What is declared with these words, beside the cards.
_DECLARING = {
    "setting": ("title", "help", "unit"),
    "Option": ("help",),
    "Argument": ("help",),
    "Typer": ("help",),
}


@dataclass
class Texts:
    """Texts in English, each with the files that have it; plurals as pairs of one and many."""

    single: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    plural: dict[tuple[str, str], set[str]] = field(default_factory=dict[tuple[str, str], set[str]])

    def add(self, text: str, file: str) -> None:
        """Take up a text."""
        words = re.sub(r"\{[^}]*\}", "", text)
        if any(letter.isalpha() for letter in words):
            self.single.setdefault(text, set()).add(file)

    def add_plural(self, one: str, many: str, file: str) -> None:
        """Take up a text about a number of things."""
        self.plural.setdefault((one, many), set()).add(file)


def collect() -> Texts:
    """Read all sources."""
    trees = {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "genstudio").rglob("*.py"))
    }
    cards = {name: card for tree in trees.values() for name, card in _cards(tree)}
    commands = {name for tree in trees.values() for name in _registered(tree)}
    texts = Texts()
    for file, tree in trees.items():
        for node in ast.walk(tree):
            match node:
                case ast.Call():
                    _from_call(node, cards, texts, file)
                case ast.ClassDef():
                    _from_choices(node.body, texts, file)
                case ast.FunctionDef() if _is_command(node) or (
                    node in tree.body
                    and node.name in commands
                    and file.startswith("genstudio/cli_")
                ):
                    texts.add(command_help(ast.get_docstring(node) or ""), file)
                case _:
                    pass
        _from_choices(tree.body, texts, file, among_settings=False)
    for _, spoken, defaults in cards.values():
        for word in spoken:
            for text in _strings(defaults.get(word)):
                texts.add(text, "genstudio")
    for path in sorted((ROOT / "resources" / "web").glob("*.html")):
        # As services/report_pages.py reads them.
        for words in re.findall(r"\[\[(.+?)\]\]", path.read_text(encoding="utf-8"), re.DOTALL):
            texts.add(" ".join(words.split()), path.relative_to(ROOT).as_posix())
    for path in sorted((ROOT / "resources" / "presets").glob("*.toml")):
        preset = tomllib.loads(path.read_text(encoding="utf-8"))
        for word in ("title", "summary"):
            texts.add(preset[word], path.relative_to(ROOT).as_posix())
    return texts


def command_help(docstring: str) -> str:
    """What the command line says of a command: its docstring's paragraphs in lines of their own."""
    return inspect.cleandoc(docstring)


_Card = tuple[list[str], frozenset[str], dict[str, ast.expr]]


def _cards(tree: ast.Module) -> Iterator[tuple[str, _Card]]:
    """Classes whose words are looked up when they are read: fields in order, which, defaults."""
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        fields = [
            item
            for item in node.body
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        ]
        names = [item.target.id for item in fields if isinstance(item.target, ast.Name)]
        if "spoken" not in names:
            continue
        values = {name: item.value for name, item in zip(names, fields, strict=True)}
        spoken = frozenset(_strings(values.pop("spoken")))
        defaults = {name: value for name, value in values.items() if value is not None}
        yield node.name, (list(values), spoken, defaults)


def _from_call(call: ast.Call, cards: dict[str, _Card], texts: Texts, file: str) -> None:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    arguments = call.args
    if name in ("tr", "tr_noop"):
        for text in _strings(arguments[0]):
            texts.add(text, file)
    elif name == "trn":
        if all(isinstance(it, ast.Constant) for it in arguments[:2]):
            texts.add_plural(_text(arguments[0]), _text(arguments[1]), file)
    elif name == "counted" and len(arguments) > 1 and isinstance(arguments[1], ast.Constant):
        noun = _text(arguments[1])
        texts.add_plural(f"{{number:,}} {noun}", f"{{number:,}} {noun}s", file)
    elif name in cards:
        order, spoken, _ = cards[name]
        given = dict(zip(order, arguments, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        for word in spoken & given.keys():
            for text in _strings(given[word]):
                texts.add(text, file)
    elif name in _DECLARING:
        for keyword in call.keywords:
            if keyword.arg in _DECLARING[name]:
                for text in _strings(keyword.value):
                    texts.add(text, file)


def _from_choices(
    body: list[ast.stmt], texts: Texts, file: str, *, among_settings: bool = True
) -> None:
    """Words that a setting is chosen from: those of its ``Literal``, or of one with a name."""
    for item in body:
        if among_settings:
            is_wanted = (
                isinstance(item, ast.AnnAssign)
                and isinstance(item.value, ast.Call)
                and getattr(item.value.func, "id", "") == "setting"
            )
            declared = item.annotation if is_wanted and isinstance(item, ast.AnnAssign) else None
        else:
            declared = item.value if isinstance(item, ast.Assign | ast.AnnAssign) else None
        if isinstance(declared, ast.Subscript) and getattr(declared.value, "id", "") == "Literal":
            for text in _strings(declared.slice):
                texts.add(text.replace("_", " "), file)


def _registered(tree: ast.Module) -> Iterator[str]:
    """Names of functions that become commands elsewhere than where they stand."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Call(func=ast.Attribute(attr="command"), keywords=told),
                args=[ast.Name(id=name)],
            ) if not any(it.arg == "hidden" for it in told):
                yield name
            case _:
                pass


def _is_command(node: ast.FunctionDef) -> bool:
    return any(
        isinstance(it, ast.Call) and getattr(it.func, "attr", "") == "command"
        for it in node.decorator_list
    )


def _strings(node: ast.expr | None) -> Iterator[str]:
    """Texts that a value holds; what is computed from others is not looked into."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            for part in parts:
                yield from _strings(part)
        case ast.IfExp(body=one, orelse=other):
            yield from _strings(one)
            yield from _strings(other)
        case ast.Call(func=ast.Name(id="frozenset"), args=[inner]):
            yield from _strings(inner)
        case _:
            pass


def _text(node: ast.expr) -> str:
    (text,) = _strings(node)
    return text


def update(language: str, texts: Texts) -> Catalog:
    """The catalogue of a language with all texts of now, and the translations that it has."""
    path = FOLDER / f"{language}.po"
    catalogue = Catalog(
        locale=language, project="GenStudio", version="1", header_comment=_HEADER, fuzzy=False,
        copyright_holder="GenStudio", msgid_bugs_address="none", last_translator="GenStudio",
        language_team="GenStudio",
        creation_date=_MADE, revision_date=_MADE,
    )  # fmt: skip
    known = Catalog(language)
    if path.exists():
        with path.open("rb") as file:
            known = read_po(file, locale=language)
    for text, files in sorted(texts.single.items()):
        before = known.get(text)
        kept = before.string if before is not None and isinstance(before.string, str) else ""
        catalogue.add(text, kept, locations=[(file, 0) for file in sorted(files)])
    for pair, files in sorted(texts.plural.items()):
        before = known.get(pair)
        kept = before.string if before is not None and isinstance(before.string, tuple) else ()
        catalogue.add(pair, kept, locations=[(file, 0) for file in sorted(files)])
    return catalogue


def written(catalogue: Catalog) -> tuple[bytes, bytes]:
    """The contents of the files of a catalogue: for translators, and for the program."""
    po, mo = io.BytesIO(), io.BytesIO()
    write_po(po, catalogue, width=100, include_lineno=False, omit_header=False)
    write_mo(mo, catalogue)
    return po.getvalue(), mo.getvalue()


def missing(catalogue: Catalog) -> list[str]:
    """Texts without a translation."""
    return [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogue
        if message.id
        and not (
            message.string if isinstance(message.string, str) else all(message.string or ("",))
        )
    ]


def main() -> int:
    """Bring all catalogues up to date, or say whether they are."""
    parser = argparse.ArgumentParser(description="Collect texts and make the catalogues.")
    parser.add_argument("--check", action="store_true", help="write nothing")
    is_check = parser.parse_args().check
    texts = collect()
    is_fine = True
    for language in LANGUAGES:
        catalogue = update(language, texts)
        lacking = missing(catalogue)
        print(f"{language}: {len(catalogue) - len(lacking)} of {len(catalogue)} texts")
        for path, content in zip(
            (FOLDER / f"{language}.po", FOLDER / f"{language}.mo"),
            written(catalogue),
            strict=True,
        ):
            if not path.exists() or path.read_bytes() != content:
                is_fine = False
                if not is_check:
                    path.write_bytes(content)
        is_fine = is_fine and not lacking
    return 0 if is_fine or not is_check else 1


if __name__ == "__main__":
    sys.exit(main())
