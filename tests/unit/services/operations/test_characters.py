"""Characters for games: whatever a model writes, the table has one form, and pictures beside it."""

import json
from pathlib import Path

import pytest
import tiny_language
from PIL import Image

from genstudio.domain.operations import Report
from genstudio.models.local_language.json_grammar import is_complete
from genstudio.services import studio_languages
from genstudio.services.operations.characters import JSON_NAME, schema_for
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import ResultFolder


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio_languages, "_file", lambda: tmp_path / "language_models.json")


def test_each_picture_has_an_entry_of_the_schema(tmp_path: Path) -> None:
    files: list[Path] = []
    for number, colour in enumerate(("red", "blue")):
        files.append(tmp_path / f"{colour}.png")
        Image.new("RGB", (32, 32), (200 * (1 - number), 0, 200 * number)).save(files[-1])
    chosen = {
        "language_model": str(tiny_language.shared_folder()),
        "lines": 2,
        "most_tokens": 120,
        "kind": "item",
    }
    out = ResultFolder(tmp_path / "out")
    made = 0
    for step in perform("game-characters", inputs={"input": files}, seed=3, settings=chosen):
        if isinstance(step, Made):
            out.save(step)
            made += 1
        elif isinstance(step.item, Report):
            out.write(step.item)
    assert made == 2
    table = json.loads((tmp_path / "out" / JSON_NAME).read_text(encoding="utf-8"))
    assert [entry["picture"] for entry in table["items"]] == ["01-red.png", "02-blue.png"]
    for entry in table["items"]:
        assert entry.pop("kind") == "item"
        with Image.open(tmp_path / "out" / entry.pop("picture")) as picture:
            assert picture.size == (32, 32)
        assert is_complete(json.dumps(entry, ensure_ascii=False), schema_for(2))
