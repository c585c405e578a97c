"""The catalogues of texts are whole, and what the sources say now."""

import ast
import re
import string
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "packaging"))

import catalogues

from genstudio.domain.language import ENGLISH, LANGUAGES

_HOW = "run: .venv/bin/python packaging/catalogues.py, then translate what is empty"


@pytest.fixture(scope="module")
def texts() -> catalogues.Texts:
    return catalogues.collect()


def test_there_is_one_for_each_language() -> None:
    assert {ENGLISH, *catalogues.LANGUAGES} == set(LANGUAGES)


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_it_is_up_to_date_and_whole(language: str, texts: catalogues.Texts) -> None:
    catalogue = catalogues.update(language, texts)
    assert catalogues.missing(catalogue) == [], _HOW
    po, mo = catalogues.written(catalogue)
    assert (catalogues.FOLDER / f"{language}.po").read_bytes() == po, _HOW
    assert (catalogues.FOLDER / f"{language}.mo").read_bytes() == mo, _HOW


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_translations_take_the_same_values(language: str, texts: catalogues.Texts) -> None:
    for message in catalogues.update(language, texts):
        # One and many take the same values, however many plurals a language has.
        source = message.id[0] if isinstance(message.id, tuple) else message.id
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        for translated in strings if source else ():
            assert _values(translated) == _values(source), source


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_menus_keep_a_letter_to_be_chosen_by(language: str, texts: catalogues.Texts) -> None:
    menus: list[str] = []
    for message in catalogues.update(language, texts):
        if isinstance(message.id, str) and re.search(r"&[A-Za-z]", message.id):
            assert re.search(r"&\w", str(message.string)), message.id
            if any("actions.py" in file for file, _ in message.locations):
                menus.append(str(message.string))
    bar = [it for it in menus if it.replace("&", "") in _BARS[language]]
    letters = [re.findall(r"&(\w)", it)[0].lower() for it in bar]
    assert len(set(letters)) == len(letters) == len(_BARS[language])


_BARS = {
    "de": {"Projekt", "Bearbeiten", "Training", "Ansicht", "Hilfe"},
    "fr": {"Projet", "Édition", "Entraînement", "Affichage", "Aide"},
}


def test_what_the_sources_say_is_found(texts: catalogues.Texts) -> None:
    assert "Start &learning" in texts.single  # a card's word
    assert "Pictures per step — batch size" in texts.single  # a setting's
    assert "shift only" in texts.single  # a choice of one
    assert "Train a new model on a folder of pictures." in texts.single  # a command's docstring
    of_another_module = "Make pictures from a trained run, each with its recipe inside."
    assert of_another_module in texts.single
    assert "Quick look" in texts.single  # a preset's
    assert ("{number:,} picture", "{number:,} pictures") in texts.plural
    assert not any(text.startswith("genstudio.") for text in texts.single)


def _values(text: str) -> list[tuple[str, str | None, str | None]]:
    if "{" not in text:
        return []
    fields = string.Formatter().parse(text)
    return sorted((name, spec, conversion) for _, name, spec, conversion in fields if name)


def test_progress_is_told_in_the_language_spoken() -> None:
    """A text that stands there as it is was never looked up."""
    untold: list[str] = []
    for path in sorted((catalogues.ROOT / "genstudio").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_progress = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Progress"
            if is_progress and node.args and isinstance(node.args[0], ast.Constant):
                untold.append(f"{path.name}:{node.lineno}")
    assert not untold
