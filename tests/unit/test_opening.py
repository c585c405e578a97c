"""What the program was started with decides which project its window shows."""

from pathlib import Path

import pytest

from genstudio import __main__, opening
from genstudio.services.projects import open_or_create


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    found: list[Path | None] = []
    monkeypatch.setattr(
        opening, "open_window", lambda project, _package: found.append(project) or 0
    )
    return found


def test_a_projects_file_opens_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[Path | None]
) -> None:
    folder = open_or_create(tmp_path / "Meadow").path
    monkeypatch.chdir(folder)
    for given in (str(folder), str(folder / "project.toml"), "project.toml"):
        with pytest.raises(SystemExit) as ended:
            __main__._run([given])
        assert ended.value.code == 0

    assert opened == [folder] * 3


def test_a_file_of_another_kind_is_no_project(tmp_path: Path, opened: list[Path | None]) -> None:
    other = tmp_path / "other.toml"
    other.write_text("")
    with pytest.raises(SystemExit) as ended:
        __main__._run([str(other)])

    assert ended.value.code == 2
    assert opened == []


def test_a_project_that_is_open_is_shown_and_not_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(opening, "ask_to_show", lambda path: asked.append(path) or True)
    monkeypatch.setattr(opening, "QApplication", lambda _: pytest.fail("a second window"))
    monkeypatch.setattr(opening.NoticeBoard, "hook", lambda _self: None)

    assert opening.open_window(tmp_path) == 0

    assert asked == [tmp_path]
    assert str(tmp_path) in capsys.readouterr().err
