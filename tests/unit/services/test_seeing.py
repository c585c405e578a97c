from pathlib import Path

import pytest

from genstudio.services import seeing
from genstudio.services.operations import narrate
from genstudio.services.seeing import PACK, own_place, place_of


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a person's own weights would be, and no pack."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setattr(seeing.platformdirs, "user_data_path", lambda *_, **__: folder)
    return folder


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pack, as a folder that is searched for modules."""
    folder = tmp_path / "packs" / PACK
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "tagger.safetensors").touch()
    monkeypatch.syspath_prepend(folder.parent)
    return folder


def test_weights_are_looked_for_in_the_pack(own: Path, pack: Path) -> None:
    assert place_of("tagger.safetensors") == pack / "tagger.safetensors"
    assert own_place("tagger.safetensors") == own / "tagger.safetensors"


def test_a_persons_own_weights_go_first(own: Path, pack: Path) -> None:
    (own / "tagger.safetensors").touch()
    assert place_of("tagger.safetensors") == own / "tagger.safetensors"


def test_without_a_pack_they_belong_to_the_person(own: Path) -> None:
    assert place_of("faces") == own / "faces"


def test_a_story_says_how_to_get_what_is_missing() -> None:
    told = narrate._missing(None, None)
    assert len(told) == 3
    assert "seeing" in told[-1]
    assert narrate._missing(object(), object()) == []  # type: ignore[arg-type]
