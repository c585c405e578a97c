"""A language model of the disk is asked: the same seed, the same text; what has no room is told."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import tiny_language
import tiny_studio
from tiny_studio import small_settings, steps

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.domain.artifacts import TEXT
from genstudio.domain.errors import SettingsError
from genstudio.domain.progress import Progress, drain
from genstudio.engine.trainer import NoCommands
from genstudio.models.local_language.writers import Sampling
from genstudio.services import studio_languages
from genstudio.services.language_models import (
    find_language_model,
    open_writer,
    words_about_language_model,
)
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import save_made
from genstudio.services.remaking import remake
from genstudio.services.training import NewRun, start_run


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio_languages, "_file", lambda: tmp_path / "language_models.json")


@pytest.fixture(scope="module")
def text_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two steps that learned tales."""
    place = tmp_path_factory.mktemp("texts")
    settings = small_settings("text-transformer", model={"width": 32, "depth": 1}, budget=steps(1))
    folder = tiny_studio.save_texts(place / "tales")
    request = NewRun(folder=folder, project=place / "Tales", settings=settings)
    *_, ended = start_run(request, NoCommands())
    return ended.run


def written(**settings: Any) -> list[Made | Progress]:
    chosen = {"language_model": str(tiny_language.shared_folder()), "most_tokens": 12, **settings}
    return list(perform("write-text", count=2, seed=5, settings=chosen))


def test_it_streams_ends_and_can_be_made_again(tmp_path: Path) -> None:
    told = written(request="A tale of a fox?")
    made = [it for it in told if isinstance(it, Made)]
    assert [it.artifact.seed for it in made] == [5, 6]
    assert made[0].artifact.data != made[1].artifact.data
    seen = [str(it.item) for it in told if isinstance(it, Progress) and it.item]
    # Each is longer than the one before, until the next text begins.
    assert sum(len(b) > len(a) for a, b in pairwise(seen)) >= len(seen) - 2
    again = [it.artifact.data for it in written(request="A tale of a fox?") if isinstance(it, Made)]
    assert again == [it.artifact.data for it in made]

    path = save_made(made[1], tmp_path)
    recipe = ARTIFACTS.get(TEXT).read_recipe(path)
    assert recipe is not None
    # Recipes name no folder of a person's disk.
    assert str(tiny_language.shared_folder()) not in path.read_text()
    assert str(recipe.sampling["language_model"]).startswith("sha256:")
    assert drain(remake(path)).is_same


def test_what_has_no_room_is_told_before(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not fit into the context") as caught:
        written(request="word " * 120, context=512, most_tokens=64)
    assert "sees 512" in str(caught.value)


def test_a_chat_template_can_be_switched_off() -> None:
    made = [it for it in written(request="Once", chat_template=False) if isinstance(it, Made)]
    # It goes on with the words, which belong to the text then.
    assert all(str(it.artifact.data).startswith("Once") for it in made)


def test_none_and_unknown_ones_are_told() -> None:
    with pytest.raises(SettingsError, match="No language model is chosen"):
        written(language_model="")
    with pytest.raises(SettingsError, match="not known here"):
        written(language_model="sha256:" + "0" * 64)
    assert words_about_language_model("") == ""
    assert "no such language model" in words_about_language_model("/nowhere").lower()


def test_the_one_that_was_used_last_is_remembered() -> None:
    assert studio_languages.last_place("language-model") == ""
    written(request="A")
    assert studio_languages.last_place("language-model") == str(tiny_language.shared_folder())


def test_what_keeps_to_a_schema_is_json() -> None:
    found = find_language_model(str(tiny_language.shared_folder()))
    writer = open_writer(found, 512)
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 6},
            "kind": {"enum": ["a", "b"]},
        },
    }
    text = "".join(writer.write("x", most=200, sampling=Sampling(seed=3), schema=schema))
    assert set(json.loads(text)) == {"name", "kind"}


def test_a_model_of_ones_own_serves_as_well(text_run: Path) -> None:
    assert "your own model" in words_about_language_model(str(text_run))
    told = written(language_model=str(text_run), request="The fox")
    made = [it for it in told if isinstance(it, Made)]
    assert all(str(it.artifact.data).startswith("The fox") for it in made)
