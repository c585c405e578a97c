"""Project folders: made, found again, and left alone where they are not ours to touch."""

import os
import sys
import time
import tomllib
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import ProjectError
from genstudio.services.projects import (
    is_project,
    open_or_create,
    open_project,
    slug,
)
from genstudio.services.toml_files import read_toml, refuse_newer


def contents(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def test_a_project_is_made_with_its_folders_name_and_found_again(tmp_path: Path) -> None:
    made = open_or_create(tmp_path / "new" / "Wiese im Mai – 草地")

    assert made.name == "Wiese im Mai – 草地"
    assert is_project(made.path)
    before = contents(tmp_path)
    again = open_or_create(made.path)
    assert (again.path, again.name) == (made.path, made.name)
    assert open_project(made.path).name == made.name
    assert contents(tmp_path) == before
    assert (made.runs, made.gallery) == (made.path / "runs", made.path / "gallery")


def test_a_project_may_be_made_in_a_folder_that_holds_other_things(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("tulips")
    open_or_create(tmp_path)

    assert (tmp_path / "notes.txt").read_text() == "tulips"
    assert is_project(tmp_path)


def test_a_renamed_folder_keeps_the_projects_name(tmp_path: Path) -> None:
    open_or_create(tmp_path / "Meadow")
    (tmp_path / "Meadow").rename(tmp_path / "Backup")

    assert open_project(tmp_path / "Backup").name == "Meadow"


def test_the_persons_home_is_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))

    assert open_or_create(Path("~/Meadow")).path == tmp_path / "Meadow"


@pytest.mark.parametrize("where", [".", "project", "deep/inside"])
def test_a_project_never_goes_into_the_folder_of_pictures(tmp_path: Path, where: str) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()

    with pytest.raises(ProjectError, match="inside the folder of pictures") as caught:
        open_or_create(pictures / where, dataset=pictures)
    assert caught.value.hint
    assert contents(pictures) == {}


@pytest.mark.skipif("sys.platform == 'win32'", reason="links need rights there")
def test_not_even_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "pictures")

    with pytest.raises(ProjectError, match="inside the folder of pictures"):
        open_or_create(tmp_path / "link" / "project", dataset=tmp_path / "pictures")
    with pytest.raises(ProjectError, match="inside the folder of pictures"):
        open_or_create(tmp_path / "pictures" / "project", dataset=tmp_path / "link")


def test_beside_the_pictures_or_around_them_is_fine(tmp_path: Path) -> None:
    pictures = tmp_path / "project" / "pictures"
    pictures.mkdir(parents=True)
    (tmp_path / "pictures and more").mkdir()

    assert open_or_create(tmp_path / "project", dataset=pictures).name == "project"
    assert open_or_create(tmp_path / "pictures and more" / "p", dataset=pictures).name == "p"


def test_a_project_of_a_newer_program_is_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    project = open_or_create(tmp_path / "Meadow")
    text = (project.path / "project.toml").read_text()
    (project.path / "project.toml").write_text(
        text.replace("format_version = 1", "format_version = 2")
    )
    before = contents(tmp_path)

    for attempt in (open_project, open_or_create):
        with pytest.raises(ProjectError, match="newer GenStudio") as caught:
            attempt(project.path)
        assert "Update GenStudio" in caught.value.hint
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "content",
    [b"", b"name = ", b"\xff\xfe", b"name = 3", b'name = ""\ncreated = 2026-01-01T00:00:00Z',
     b'name = "Meadow"', b"a = " + b"[" * 100_000],
)  # fmt: skip
def test_a_damaged_project_file_is_told_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "project.toml").write_bytes(content)

    for attempt in (open_project, open_or_create):
        with pytest.raises(ProjectError, match="is damaged"):
            attempt(tmp_path)
    assert (tmp_path / "project.toml").read_bytes() == content


def test_a_folder_without_a_project_is_not_opened_as_one(tmp_path: Path) -> None:
    assert not is_project(tmp_path)
    with pytest.raises(ProjectError, match=r"project\.toml cannot be read") as caught:
        open_project(tmp_path)
    assert caught.value.hint


def test_a_file_cannot_be_a_project_or_hold_one(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("tulips")

    with pytest.raises(ProjectError, match=r"notes\.txt is a file") as caught:
        open_or_create(tmp_path / "notes.txt")
    assert caught.value.hint
    with pytest.raises(ProjectError) as caught:
        open_or_create(tmp_path / "notes.txt" / "Meadow")
    assert caught.value.hint
    assert (tmp_path / "notes.txt").read_text() == "tulips"


def test_a_file_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "project.toml"
    path.write_text('name = "Meadow"')
    assert read_toml(path, largest_bytes=15) == {"name": "Meadow"}

    with pytest.raises(ProjectError, match="too large"):
        read_toml(path, largest_bytes=14)


@pytest.mark.parametrize(
    "content",
    ["a." * 20_000 + "a = 1", "[" + "a." * 20_000 + "a]", "'x'.\"y\"." * 5_000 + "a = 1",
     "a = 1\n" + "b." * 40 + "c = 1"],
)  # fmt: skip
def test_a_small_file_that_takes_minutes_to_parse_is_refused_at_once(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / "project.toml").write_text(content)

    began_s = time.process_time()  # Takes minutes where it goes wrong.
    with pytest.raises(ProjectError, match="is damaged") as caught:
        read_toml(tmp_path / "project.toml")
    assert "too many parts" in caught.value.message
    assert time.process_time() - began_s < 10


def test_dots_in_texts_are_no_parts_of_keys(tmp_path: Path) -> None:
    path = tmp_path / "notes.toml"
    texts = {"a": "." * 99, "b": 'quoted ".".' * 9, "c": "it's " + "." * 99, "d": [f"{9.5}"] * 99}
    path.write_text(tomli_w.dumps(texts))

    assert read_toml(path) == texts


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such thing")
def test_a_pipe_or_a_device_in_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "project.toml")
    with pytest.raises(ProjectError, match="cannot be read"):
        open_project(tmp_path)

    (tmp_path / "endless").symlink_to("/dev/zero")
    with pytest.raises(ProjectError, match="cannot be read"):
        read_toml(tmp_path / "endless")


@pytest.mark.skipif(sys.platform == "win32", reason="links need a permission there")
@pytest.mark.parametrize(
    "name",
    ["library.sqlite", "gallery", "runs", "datasets", "runs/a", "runs/a/events.jsonl",
     "runs/a/checkpoints", "runs/a/previews", "datasets/b", "datasets/b/c", "results/a", ".lock"],
)  # fmt: skip
@pytest.mark.parametrize("is_there", [True, False])
def test_a_project_that_leads_out_of_its_folder_is_not_opened(
    tmp_path: Path, name: str, is_there: bool
) -> None:
    project = open_or_create(tmp_path / "Meadow")
    outside = tmp_path / "a person's own"
    if is_there:
        outside.mkdir()
    link = project.path / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)

    with pytest.raises(ProjectError, match="leads out of its own folder") as caught:
        open_project(project.path)
    assert caught.value.hint
    link.unlink()
    open_project(project.path)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a permission there")
def test_a_link_to_a_project_and_one_inside_of_it_lead_nowhere_else(tmp_path: Path) -> None:
    project = open_or_create(tmp_path / "Meadow")
    (project.path / "elsewhere").mkdir()
    project.gallery.symlink_to("elsewhere")
    (tmp_path / "short").symlink_to(project.path)

    assert open_project(tmp_path / "short").name == "Meadow"


def test_a_version_with_more_digits_than_can_be_printed_is_newer(tmp_path: Path) -> None:
    (tmp_path / "project.toml").write_text("format_version = 0x" + "f" * 9000)

    with pytest.raises(ProjectError, match="newer GenStudio"):
        open_project(tmp_path)


@pytest.mark.parametrize("version", [1, 0, "2", None, 2.5])
def test_only_a_newer_number_is_a_newer_format(tmp_path: Path, version: object) -> None:
    refuse_newer({"format_version": version}, tmp_path, 1)


# Lists of pictures


def manifest(folder: Path, *names: str) -> Manifest:
    return Manifest(folder=folder, pictures=tuple((name, f"hash of {name}") for name in names))


def test_a_list_of_pictures_is_kept_once_and_read_back(tmp_path: Path) -> None:
    project = open_or_create(tmp_path / "Meadow")
    pictures = manifest(tmp_path / "Wiese 草地", "a.png", 'b "quoted"\n.png', "c/🌷.png")

    folder = project.save_manifest(pictures)
    written = (folder / "manifest.toml").stat().st_mtime_ns
    assert project.save_manifest(pictures) == folder
    assert (folder / "manifest.toml").stat().st_mtime_ns == written
    assert project.load_manifest(folder.name) == pictures
    assert folder == project.dataset_folder(folder.name)
    assert folder.name.startswith("Wiese-草地-")
    tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))


def test_other_pictures_are_another_list(tmp_path: Path) -> None:
    project = open_or_create(tmp_path / "Meadow")
    first = project.save_manifest(manifest(tmp_path, "a.png", "b.png"))
    second = project.save_manifest(manifest(tmp_path, "a.png"))

    assert first != second
    assert len(project.load_manifest(first.name).pictures) == 2


@pytest.mark.parametrize("content", ["", "folder = 3", 'pictures = "all"'])
def test_a_damaged_list_of_pictures_is_told(tmp_path: Path, content: str) -> None:
    project = open_or_create(tmp_path / "Meadow")
    folder = project.save_manifest(manifest(tmp_path, "a.png"))
    (folder / "manifest.toml").write_text(content)

    with pytest.raises(ProjectError, match="is damaged"):
        project.load_manifest(folder.name)
    with pytest.raises(ProjectError, match="cannot be read"):
        project.load_manifest("unheard-of")


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "a/../../b.png", "a\0.png"])
def test_a_list_of_pictures_names_none_outside_of_their_folder(tmp_path: Path, name: str) -> None:
    project = open_or_create(tmp_path / "Meadow")
    folder = project.save_manifest(manifest(tmp_path, "a.png", "b/.../..c.png"))
    assert len(project.load_manifest(folder.name).pictures) == 2
    content = {"folder": str(tmp_path), "pictures": [["a.png", "0"], [name, "0"]]}
    (folder / "manifest.toml").write_text(tomli_w.dumps(content))

    with pytest.raises(ProjectError, match="is damaged"):
        project.load_manifest(folder.name)


def test_runs_are_listed_oldest_first_and_only_whole_ones(tmp_path: Path) -> None:
    project = open_or_create(tmp_path / "Meadow")
    assert project.run_folders() == []
    for name in ("20260102-a", "20260101-b"):
        (project.runs / name).mkdir(parents=True)
        (project.runs / name / "run.toml").touch()
    (project.runs / "20260103-torn").mkdir()

    assert [folder.name for folder in project.run_folders()] == ["20260101-b", "20260102-a"]


# Names


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Meadow", "Meadow"), ("Wiese im Mai", "Wiese-im-Mai"), ("草地 – 2026", "草地-2026"),
        ("../../etc/passwd", "etc-passwd"), ("", "pictures"), ("…", "pictures"),
        ("a" * 300, "a" * 60), ("Cafe\u0301", "Café"),
    ],
)  # fmt: skip
def test_short_names_keep_letters_of_all_scripts(name: str, short: str) -> None:
    assert slug(name) == short


@pytest.mark.parametrize(
    "name", ["CON", "aux", "nul", "Prn", "com1", "LPT9", "COM¹", "con ", ".aux.", "..nul"]
)
def test_names_of_devices_which_windows_refuses_are_changed(name: str) -> None:
    bare = name.strip(" .")

    assert slug(name) == f"{bare}_"
    assert slug(slug(name)) == slug(name)


def test_names_that_only_begin_like_those_of_devices_stay() -> None:
    for name in ("console", "com", "com10", "lpt", "auxin", "con-1"):
        assert slug(name) == name


@settings(max_examples=100, deadline=None, derandomize=True)
@given(name=st.text())
def test_any_name_becomes_one_that_every_system_accepts(name: str) -> None:
    short = slug(name)

    assert 0 < len(short) <= 60
    assert len(short.encode()) <= 240
    assert not set(short) & set('/\\:*?"<>|. \0\n\t')
    assert short == slug(short)
