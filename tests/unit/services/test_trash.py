"""What is deleted goes to the trash, and if it cannot, stays where it is."""

from pathlib import Path

import pytest

from genstudio.domain.errors import ProjectError
from genstudio.services import trash


def test_a_folder_goes_to_the_systems_trash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trashed: list[Path] = []
    monkeypatch.setattr(trash, "send2trash", trashed.append)
    trash.move_to_trash(tmp_path)

    assert trashed == [tmp_path]


def test_a_drive_without_a_trash_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> None:
        raise OSError("no trash here")

    monkeypatch.setattr(trash, "send2trash", fail)

    with pytest.raises(ProjectError, match="could not be moved to the trash") as caught:
        trash.move_to_trash(tmp_path)
    assert "no trash here" in caught.value.message
    assert tmp_path.is_dir()
