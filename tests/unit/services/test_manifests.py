"""Manifests: streamed, bounded, also read in the old form, and refused when they were changed."""

import json
import tomllib
from pathlib import Path

import pytest
import tomli_w

from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import ProjectError
from genstudio.services import manifests
from genstudio.services.manifests import load_manifest, pictures_folder, save_manifest

NAMES = ("a.png", 'b "quoted"\n.png', "c/🌷.png", "\u2028d.png")


def manifest_of(*names: str, excluded: tuple[str, ...] = ()) -> Manifest:
    pictures = tuple((name, f"hash of {number}") for number, name in enumerate(names))
    return Manifest(folder=Path("/pictures"), pictures=pictures, excluded=excluded)


def test_a_manifest_is_read_back_as_it_was_with_names_of_all_sorts(tmp_path: Path) -> None:
    manifest = manifest_of(*NAMES, excluded=("e.png", "f\n.png"))
    save_manifest(tmp_path, manifest)

    assert load_manifest(tmp_path) == manifest
    assert pictures_folder(tmp_path) == manifest.folder


def test_the_header_is_small_and_each_picture_has_a_line(tmp_path: Path) -> None:
    save_manifest(tmp_path, manifest_of(*(f"{number}.png" for number in range(1000))))

    header = tomllib.loads((tmp_path / "manifest.toml").read_text("utf-8"))
    assert (tmp_path / "manifest.toml").stat().st_size < 1000
    assert header["folder"] == "/pictures"
    assert header["rows"]["pictures"]["count"] == 1000
    lines = (tmp_path / "manifest.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[7]) == ["7.png", "hash of 7"]
    assert len(lines) == 1000


def test_a_hundred_thousand_long_names_go_through_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifests, "_CHUNK_BYTES", 10_007)
    names = [f"{number:06}{'n' * 190}.png" for number in range(100_000)]
    manifest = manifest_of(*names, excluded=tuple(f"x{name}" for name in names[:1000]))
    save_manifest(tmp_path, manifest)

    assert (tmp_path / "manifest.jsonl").stat().st_size > 2**24
    assert load_manifest(tmp_path) == manifest


@pytest.mark.slow
def test_a_million_long_names_go_through(tmp_path: Path) -> None:
    manifest = manifest_of(*(f"{number:07}{'n' * 189}.png" for number in range(1_000_000)))
    save_manifest(tmp_path, manifest)

    assert load_manifest(tmp_path) == manifest


def test_the_form_in_which_all_names_were_in_the_header_is_still_read(tmp_path: Path) -> None:
    manifest = manifest_of(*NAMES, excluded=("e.png",))
    content = tomli_w.dumps(manifest.model_dump(mode="json"))
    (tmp_path / "manifest.toml").write_text(content, "utf-8")

    assert load_manifest(tmp_path) == manifest
    assert pictures_folder(tmp_path) == manifest.folder


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "a/../../b.png", "a\0.png"])
def test_no_line_names_a_picture_outside_of_the_folder(tmp_path: Path, name: str) -> None:
    outside = Manifest.model_construct(
        folder=Path("/pictures"), pictures=(("a.png", "0"), (name, "0")), excluded=()
    )
    save_manifest(tmp_path, outside)

    with pytest.raises(ProjectError, match=r"manifest\.jsonl is damaged"):
        load_manifest(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"",
        lambda content: content[:-1],
        lambda content: content[:-30],
        lambda content: content + b'["z.png","0"]\n',
        lambda content: content.replace(b"hash of 0", b"hash of 9"),
        lambda content: content.replace(b"[", b"{"),
        lambda content: b"\xff\xfe" + content,
        lambda _: b"[" * 100_000 + b"\n",
        lambda _: b"x" * 200_000,
        lambda _: b"1\n",
    ],
    ids=["empty", "no end", "cut", "longer", "other hash", "no lists", "no text", "deep", "long",
         "number"],
)  # fmt: skip
def test_lines_that_were_changed_are_refused_in_words(tmp_path: Path, change: object) -> None:
    assert callable(change)
    save_manifest(tmp_path, manifest_of(*NAMES))
    rows = tmp_path / "manifest.jsonl"
    rows.write_bytes(change(rows.read_bytes()))

    with pytest.raises(ProjectError, match=r"manifest\.jsonl is damaged"):
        load_manifest(tmp_path)


def test_a_missing_list_a_missing_count_and_a_newer_format_are_told(tmp_path: Path) -> None:
    save_manifest(tmp_path, manifest_of(*NAMES))
    header = (tmp_path / "manifest.toml").read_text("utf-8")
    (tmp_path / "manifest.jsonl").rename(tmp_path / "moved")
    with pytest.raises(ProjectError, match="cannot be read") as caught:
        load_manifest(tmp_path)
    assert caught.value.hint

    (tmp_path / "manifest.toml").write_text(header.replace("rows.pictures", "rows.others"), "utf-8")
    with pytest.raises(ProjectError, match="is damaged"):
        load_manifest(tmp_path)
    (tmp_path / "manifest.toml").write_text(
        header.replace("format_version = 2", "format_version = 4"), "utf-8"
    )
    with pytest.raises(ProjectError, match="newer GenStudio"):
        load_manifest(tmp_path)


def test_what_a_stranger_wrote_is_read_within_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_manifest(tmp_path, manifest_of(*(f"{number}.png" for number in range(50))))
    monkeypatch.setattr(manifests, "_LARGEST_ROWS_BYTES", 100)
    with pytest.raises(ProjectError, match="damaged") as caught:
        load_manifest(tmp_path)
    assert "too large" in caught.value.message

    monkeypatch.setattr(manifests, "_MOST_ROWS", 49)
    with pytest.raises(ProjectError, match="too many pictures"):
        save_manifest(tmp_path, manifest_of(*(f"{number}.png" for number in range(50))))


def test_a_power_cut_before_the_header_leaves_no_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(manifests, "write_text", cut)
    with pytest.raises(KeyboardInterrupt):
        save_manifest(tmp_path, manifest_of(*NAMES))

    assert not manifests.has_manifest(tmp_path)


def test_sizes_are_read_back_and_there_is_one_for_each_picture(tmp_path: Path) -> None:
    rows = tuple((f"{number}.png", "0") for number in range(3))
    manifest = Manifest(folder=tmp_path, pictures=rows, sizes=((4, 3), (3, 4), (8, 8)))
    save_manifest(tmp_path / "whole", manifest)
    assert load_manifest(tmp_path / "whole") == manifest

    save_manifest(tmp_path / "short", manifest.model_copy(update={"sizes": ((4, 3),)}))
    with pytest.raises(ProjectError, match=r"sizes\.jsonl is damaged"):
        load_manifest(tmp_path / "short")
