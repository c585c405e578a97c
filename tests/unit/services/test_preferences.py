"""What the program remembers: comfort that may be lost, but never in the way."""

from pathlib import Path

import platformdirs
import pytest
import tomli_w

from genstudio.domain.errors import ProjectError
from genstudio.services import preferences
from genstudio.services.preferences import (
    Preferences,
    default_project_folder,
    load_preferences,
    preferences_path,
    sample_folder,
    save_preferences,
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config" / "preferences.toml"
    monkeypatch.setattr(preferences, "preferences_path", lambda: path)
    return path


def test_the_first_start_has_defaults_and_writes_nothing(own_folder: Path) -> None:
    assert load_preferences() == Preferences()
    assert not own_folder.parent.exists()


def test_what_was_saved_is_there_at_the_next_start(tmp_path: Path) -> None:
    chosen = Preferences(theme="dark", pictures_folder=tmp_path / "草地")
    chosen.remember_project(tmp_path / "Meadow")
    chosen.set_window_geometry(b"\x00\x01\xff")
    save_preferences(chosen)

    found = load_preferences()
    assert found == chosen
    assert found.window_geometry() == b"\x00\x01\xff"


@pytest.mark.parametrize(
    "content",
    [b"", b"theme = ", b"\xff\xfe\x00", b"[" * 100_000, b"recent_projects = 3", b"theme = 3"],
)
def test_damaged_preferences_are_the_defaults(own_folder: Path, content: bytes) -> None:
    own_folder.parent.mkdir()
    own_folder.write_bytes(content)

    assert load_preferences() == Preferences()


def test_one_value_that_cannot_be_read_does_not_cost_the_others(
    own_folder: Path, tmp_path: Path
) -> None:
    own_folder.parent.mkdir()
    recent = [str(tmp_path / "Meadow")]
    own_folder.write_text(
        tomli_w.dumps({"theme": "sepia", "recent_projects": recent, "of_a_newer_version": 1})
    )

    assert load_preferences() == Preferences(recent_projects=[tmp_path / "Meadow"])


def test_the_recent_list_has_each_project_once_the_last_one_first(tmp_path: Path) -> None:
    chosen = Preferences()
    for name in [*"abcdefghijk", "c"]:
        chosen.remember_project(tmp_path / name)

    assert [path.name for path in chosen.recent_projects] == list("ckjihgfe")


def test_the_last_project_is_the_newest_that_is_still_there(tmp_path: Path) -> None:
    chosen = Preferences()
    assert chosen.last_project() is None
    for name in ("old", "kept", "gone"):
        (tmp_path / name).mkdir()
        chosen.remember_project(tmp_path / name)
    for name in ("old", "kept"):
        (tmp_path / name / "project.toml").touch()

    assert chosen.last_project() == tmp_path / "kept"


def test_a_recent_project_that_cannot_be_looked_at_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "project.toml").touch()
    chosen = Preferences(recent_projects=[tmp_path / ("x" * 300), Path("a\0b"), tmp_path])

    assert chosen.last_project() == tmp_path


@pytest.mark.parametrize("window", ["", "not base64!", "ä", "abc"])
def test_a_window_place_that_cannot_be_read_is_none(window: str) -> None:
    assert Preferences(window=window).window_geometry() == b""


def test_preferences_that_cannot_be_written_are_explained(own_folder: Path) -> None:
    own_folder.parent.write_text("a file")

    with pytest.raises(ProjectError) as caught:
        save_preferences(Preferences())
    assert caught.value.hint


def test_folders_are_where_the_system_keeps_such_things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    assert preferences_path().name == "preferences.toml"
    assert default_project_folder(Path("/pictures/Wiese im Mai")) == (
        platformdirs.user_documents_path() / "GenStudio" / "Wiese-im-Mai"
    )
    assert sample_folder().is_relative_to(platformdirs.user_data_path())
