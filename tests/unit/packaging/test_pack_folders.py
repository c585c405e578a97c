"""Folders of packs beside the packed program."""

from pathlib import Path

from installers.pack_folders import FOLDER, MARK, beside


def pack(place: Path, name: str, version: str) -> Path:
    folder = place / FOLDER / name
    folder.mkdir(parents=True)
    (folder / MARK).write_text(f"{version}\n")
    return folder


def test_packs_beside_the_program_are_found_through_a_link(tmp_path: Path) -> None:
    place = tmp_path / "lib"
    folders = [pack(place, name, "1.2") for name in ("molecules", "video")]
    (place / "genstudio").touch()
    (tmp_path / "genstudio").symlink_to(place / "genstudio")

    assert beside(str(tmp_path / "genstudio"), "1.2") == [str(it) for it in folders]


def test_packs_of_another_version_are_passed_over(tmp_path: Path) -> None:
    pack(tmp_path, "video", "1.1")
    (tmp_path / FOLDER / "no pack").mkdir()
    (tmp_path / FOLDER / "a file").touch()
    damaged = pack(tmp_path, "onnx", "1.2")
    (damaged / MARK).write_bytes(b"\xff")

    assert beside(str(tmp_path / "genstudio"), "1.2") == []


def test_a_program_without_packs_has_none(tmp_path: Path) -> None:
    assert beside(str(tmp_path / "genstudio"), "1.2") == []
