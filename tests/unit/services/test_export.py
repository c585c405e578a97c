import errno
import os
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from hung_pictures import hung
from PIL import Image

from genstudio.artifacts.image import read_recipe, save_picture
from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import ProjectError, UnknownEntryError
from genstudio.domain.progress import Progress, drain, with_result
from genstudio.domain.recipes import Recipe
from genstudio.services.copy_marks import CopyMark, add_marks
from genstudio.services.export import export_gallery
from genstudio.services.exporters.protocol import ExportDone
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.projects import open_or_create

VOID = {"meta", "img", "br", "link", "input", "hr"}


def recipe(**changes: Any) -> Recipe:
    values: dict[str, Any] = {
        "software": "GenStudio 0.1.0",
        "model_key": "gan",
        "run": "20260131-154500-gan-3f2a",
        "project": "Meadow",
        "step": 1200,
        "weights_sha256": "ab" * 32,
        "seed": 7,
        "size": 8,
        "created": datetime(2026, 1, 31, 15, 45, tzinfo=UTC),
    }
    return Recipe(**{**values, **changes})


def picture(
    gallery: Path, name: str, *, size: int = 8, channels: int = 3, **changes: Any
) -> GalleryItem:
    made = recipe(**changes)
    random = np.random.default_rng(made.seed)
    path = gallery / name
    save_picture(random.integers(0, 256, (size, size, channels), np.uint8), path, made)
    return GalleryItem(name, gallery, made.model_dump_json(), 0, ())


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    return tmp_path / "Meadow" / "gallery"


@pytest.fixture
def items(gallery: Path) -> list[GalleryItem]:
    return [picture(gallery, f"{seed}.png", seed=seed) for seed in (1, 2, 3)]


def export(items: list[GalleryItem], to: Path, kind: str, title: str = "Meadow") -> ExportDone:
    *progress, done = with_result(export_gallery(items, to=to, kind=kind, title=title))
    total = len(items)
    assert progress == [Progress("Exporting", number, total) for number in range(1, total + 1)]
    assert isinstance(done, ExportDone)
    assert done.count == total
    return done


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Page(HTMLParser):
    """What a browser makes of a page: elements, text, and whether all that is open is closed."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"<{tag}> repeats an attribute"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] not in ("script", "style"):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def pictures(self) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
        """Link and thumbnail of each picture; the lightbox's own picture has no address yet."""
        return zip(
            self.all("a"), (image for image in self.all("img") if "src" in image), strict=True
        )


def page_of(done: ExportDone) -> Page:
    return Page(done.path.read_text(encoding="utf-8"))


# What every kind has in common


@pytest.mark.parametrize("kind", ["folder", "web"])
def test_every_kind_exports_into_a_new_folder_and_says_what_to_open(
    items: list[GalleryItem], tmp_path: Path, kind: str
) -> None:
    before = files(tmp_path / "Meadow")

    done = export(items, tmp_path / "new" / "Grüße", kind)

    assert done.path.exists()
    assert done.path.is_relative_to(tmp_path / "new" / "Grüße")
    assert files(tmp_path / "Meadow") == before


def test_an_unknown_kind_is_refused_with_those_there_are(
    items: list[GalleryItem], tmp_path: Path
) -> None:
    with pytest.raises(UnknownEntryError) as caught:
        export_gallery(items, to=tmp_path / "out", kind="fax", title="")
    assert all(kind in caught.value.hint for kind in ("folder", "web"))


@pytest.mark.parametrize("kind", ["folder", "web"])
def test_an_empty_choice_is_refused_and_nothing_is_made(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ProjectError) as caught:
        export_gallery([], to=tmp_path / "out", kind=kind, title="")
    assert caught.value.hint
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["folder", "web"])
@pytest.mark.parametrize("where", ["", "inside", "inside/../deeper/still"])
def test_nothing_is_exported_into_the_gallery_itself(
    items: list[GalleryItem], gallery: Path, tmp_path: Path, kind: str, where: str
) -> None:
    before = files(gallery)
    nested = picture(gallery, "spring/9.png", seed=9)
    (tmp_path / "shortcut").symlink_to(gallery)

    for to in (gallery / where, tmp_path / "shortcut" / where):
        for chosen in (items, [nested]):
            with pytest.raises(ProjectError, match="gallery itself"):
                export_gallery(chosen, to=to, kind=kind, title="")
    assert files(gallery).keys() == before.keys() | {"spring/9.png"}


@pytest.mark.parametrize("kind", ["folder", "web"])
@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_a_file_is_no_place_for_an_export(
    items: list[GalleryItem], tmp_path: Path, kind: str, below: str
) -> None:
    (tmp_path / "notes").write_text("a person's own")

    with pytest.raises(ProjectError, match="is a file"):
        export_gallery(items, to=tmp_path / "notes" / below, kind=kind, title="")


@pytest.mark.parametrize("kind", ["folder", "web"])
def test_pictures_that_are_gone_are_named_and_the_others_exported(
    items: list[GalleryItem], tmp_path: Path, kind: str
) -> None:
    items[1].path.unlink()

    *progress, done = with_result(export_gallery(items, to=tmp_path / "out", kind=kind, title=""))

    assert isinstance(done, ExportDone)
    assert progress[-1] == Progress("Exporting", 3, 3)
    assert done.count == 2
    assert [item.name for item in done.left_out] == ["2.png"]
    assert "moved or deleted" in done.left_out[0].reason
    made = files(tmp_path / "out").values()
    assert all(item.path.read_bytes() in made for item in (items[0], items[2]))
    if kind == "web":
        assert len(list(page_of(done).pictures())) == 2
        assert "2 pictures" in page_of(done).text


@pytest.mark.parametrize("kind", ["folder", "web"])
def test_where_all_are_gone_that_is_explained(
    items: list[GalleryItem], tmp_path: Path, kind: str
) -> None:
    for item in items:
        item.path.unlink()

    with pytest.raises(ProjectError, match="None of these pictures") as caught:
        export(items, tmp_path / "out", kind)
    assert "2.png" in caught.value.message
    assert caught.value.hint
    assert not (tmp_path / "out" / "index.html").exists()


@pytest.mark.parametrize("kind", ["folder", "web"])
def test_a_picture_that_is_a_link_to_a_file_outside_is_refused(
    items: list[GalleryItem], tmp_path: Path, kind: str
) -> None:
    outside = tmp_path / "private.png"
    items[1].path.replace(outside)
    items[1].path.symlink_to(outside)

    with pytest.raises(ProjectError, match=r"2\.png is a link to a file outside") as caught:
        export(items, tmp_path / "out", kind)
    assert caught.value.hint
    assert outside.read_bytes() not in files(tmp_path / "out").values()


@pytest.mark.parametrize("kind", ["folder", "web"])
def test_a_gallery_that_lies_behind_a_link_is_exported(tmp_path: Path, kind: str) -> None:
    (tmp_path / "drive").mkdir()
    (tmp_path / "Meadow").symlink_to(tmp_path / "drive", target_is_directory=True)
    item = picture(tmp_path / "Meadow" / "gallery", "Spring/1.png")

    export([item], tmp_path / "out", kind)

    assert item.path.read_bytes() in files(tmp_path / "out").values()


@pytest.mark.parametrize("kind", ["folder", "web"])
@pytest.mark.parametrize(
    ("code", "title"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "cannot be written")]
)
def test_what_stops_the_writing_is_explained_and_leaves_no_temporary_files(
    items: list[GalleryItem],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    code: int,
    title: str,
) -> None:
    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "replace", fail)

    with pytest.raises(ProjectError, match=title):
        export(items, tmp_path / "out", kind)
    assert files(tmp_path / "out") == {}


@pytest.mark.parametrize("kind", ["folder", "web"])
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_cancelled_export_leaves_whole_pictures_only(
    items: list[GalleryItem], tmp_path: Path, kind: str, after: int
) -> None:
    with closing(export_gallery(items, to=tmp_path / "out", kind=kind, title="")) as exporting:
        for _ in range(after):
            next(exporting)

    left = files(tmp_path / "out")
    assert left
    for name in left:
        assert name.endswith(".png")
        assert read_recipe(tmp_path / "out" / name) is not None

    export(items, tmp_path / "out", kind)
    assert left.items() <= files(tmp_path / "out").items()


# Folder


def test_a_folder_holds_the_files_byte_for_byte(items: list[GalleryItem], tmp_path: Path) -> None:
    done = export(items, tmp_path / "out", "folder")

    assert done.path == tmp_path / "out"
    assert files(tmp_path / "out") == {item.name: item.path.read_bytes() for item in items}
    assert read_recipe(tmp_path / "out" / "2.png") == recipe(seed=2)


def test_another_file_of_that_name_is_kept_and_the_same_one_is_not_doubled(
    items: list[GalleryItem], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / "3.png").mkdir(parents=True)
    (out / "1.png").write_bytes(b"a person's own")
    (out / "1-2.png").write_bytes(b"another one")
    expected = {
        "1.png": b"a person's own",
        "1-2.png": b"another one",
        "1-3.png": items[0].path.read_bytes(),
        "2.png": items[1].path.read_bytes(),
        "3-2.png": items[2].path.read_bytes(),
    }

    for _ in range(2):
        export(items, out, "folder")
        assert files(out) == expected


def test_pictures_of_one_name_from_different_folders_are_all_there(
    gallery: Path, tmp_path: Path
) -> None:
    items = [picture(gallery, name, seed=seed) for seed, name in enumerate(("a/x.png", "b/x.png"))]

    export(items, tmp_path / "out", "folder")

    assert files(tmp_path / "out") == {
        "x.png": items[0].path.read_bytes(),
        "x-2.png": items[1].path.read_bytes(),
    }


# Web page


def test_a_page_shows_every_picture_with_its_recipe(gallery: Path, tmp_path: Path) -> None:
    items = [
        picture(gallery, "wide ä#%41&.png", size=300, seed=11, model_key="vae", step=900),
        picture(gallery, "b.png", channels=4, seed=12),
    ]

    done = export(items, tmp_path / "out", "web", title="Spring")

    page = page_of(done)
    assert done.path == tmp_path / "out" / "index.html"
    for item, (link, thumbnail) in zip(items, page.pictures(), strict=True):
        whole, small = tmp_path / "out" / unquote(link["href"]), unquote(thumbnail["src"])
        assert whole.read_bytes() == item.path.read_bytes()
        assert read_recipe(tmp_path / "out" / small) == item.recipe
        with Image.open(item.path) as original:
            assert (int(thumbnail["width"]), int(thumbnail["height"])) == original.size
    words = " ".join(page.text.split())
    assert "Describe and redraw Step 900 · Seed 11 2026-01-31" in words
    assert "Painter and critic Step 1,200 · Seed 12 2026-01-31" in words
    assert "Spring" in words
    assert "2 pictures" in words
    assert "Made by generative models, with GenStudio. Each carries its recipe" in words


def test_thumbnails_of_large_pictures_are_small_files(gallery: Path, tmp_path: Path) -> None:
    item = picture(gallery, "large.png", size=1000, channels=4)

    export([item], tmp_path / "out", "web")

    with Image.open(tmp_path / "out" / "thumbnails" / "large.png") as thumbnail:
        assert thumbnail.size == (400, 400)
        assert thumbnail.mode == "RGBA"


def test_pictures_stay_cut_out_and_the_page_shows_it(gallery: Path, tmp_path: Path) -> None:
    items = [picture(gallery, f"{n}.png", size=32, channels=n) for n in (3, 4)]

    done = export(items, tmp_path / "out", "web")

    looks = [thumbnail["class"] for _, thumbnail in page_of(done).pictures()]
    assert looks == ["small", "small cut-out"]
    assert (tmp_path / "out" / "images" / "4.png").read_bytes() == items[1].path.read_bytes()


def test_small_pictures_are_enlarged_as_pixels(gallery: Path, tmp_path: Path) -> None:
    items = [picture(gallery, f"{size}.png", size=size) for size in (255, 256)]

    done = export(items, tmp_path / "out", "web")

    looks = [thumbnail["class"] for _, thumbnail in page_of(done).pictures()]
    assert looks == ["small", "large"]
    assert "img.small { image-rendering: pixelated; }" in done.path.read_text("utf-8")


def test_the_page_needs_no_network(items: list[GalleryItem], tmp_path: Path) -> None:
    done = export(items, tmp_path / "out", "web")

    source = done.path.read_text("utf-8")
    assert not re.search(r"https?:|//[a-z]|url\(|@import|<link|<iframe|fetch\(|import\(", source)
    page = page_of(done)
    assert page.all("script") == [{}]
    for _, attributes in page.elements:
        for name in ("src", "href"):
            if name in attributes:
                assert (tmp_path / "out" / unquote(attributes[name])).is_file()


def test_the_page_can_be_used_from_the_keyboard_and_with_a_screen_reader(
    items: list[GalleryItem], tmp_path: Path
) -> None:
    page = page_of(export(items, tmp_path / "out", "web"))

    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("dialog")) == 1
    assert all(link["href"] for link in page.all("a"))
    alts = [thumbnail["alt"] for _, thumbnail in page.pictures()]
    assert len({alt for alt in alts if "seed" in alt}) == len(items)
    assert all(button["aria-label"] for button in page.all("button"))


def test_everything_is_escaped(gallery: Path, tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script>$title &amp;'
    item = picture(gallery, "a'&b;.png", model_key=evil)

    page = page_of(export([item], tmp_path / "out", "web", title=evil))

    assert page.all("script") == [{}]
    assert page.text.count(evil) == 3
    ((link, thumbnail),) = page.pictures()
    assert unquote(link["href"]) == "images/a'&b;.png"
    assert evil in thumbnail["alt"]


def test_our_own_page_is_renewed_and_a_persons_is_left_alone(
    items: list[GalleryItem], tmp_path: Path
) -> None:
    export(items, tmp_path / "out", "web", title="Before")
    done = export(items[:1], tmp_path / "out", "web", title="After")
    assert page_of(done).text.count("1 picture") == 1

    done.path.write_text("<title>My home page</title>")
    before = files(tmp_path / "out")
    with pytest.raises(ProjectError, match=r"another index\.html"):
        export(items, tmp_path / "out", "web")
    assert files(tmp_path / "out") == before


def test_a_damaged_picture_is_named_and_the_others_exported(
    items: list[GalleryItem], tmp_path: Path
) -> None:
    items[0].path.write_bytes(items[0].path.read_bytes()[:-120])

    done = drain(export_gallery(items, to=tmp_path / "out", kind="web", title=""))

    assert isinstance(done, ExportDone)
    assert done.count == 2
    assert [(item.name, "damaged" in item.reason) for item in done.left_out] == [("1.png", True)]


def test_a_foreign_thumbnail_is_not_overwritten(items: list[GalleryItem], tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "thumbnails").mkdir(parents=True)
    (out / "thumbnails" / "2.png").write_bytes(b"a person's own")

    for _ in range(2):
        done = export(items, out, "web")
        assert (out / "thumbnails" / "2.png").read_bytes() == b"a person's own"
        assert [unquote(link["href"]) for link, _ in page_of(done).pictures()] == [
            "images/1.png",
            "images/2-2.png",
            "images/3.png",
        ]
        assert len(files(out)) == 1 + 2 * 3 + 1


def test_what_a_former_page_showed_and_this_one_does_not_is_removed(
    items: list[GalleryItem], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export(items, out, "web")
    (out / "images" / "holiday.png").write_bytes(items[0].path.read_bytes())
    export(items[:2], out, "web")

    assert files(out).keys() == {
        "index.html", "images/1.png", "images/2.png", "images/holiday.png",
        "thumbnails/1.png", "thumbnails/2.png",
    }  # fmt: skip


def test_nothing_of_a_persons_is_removed_whatever_a_page_lists(
    items: list[GalleryItem], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = export(items, out, "web")
    written_s = done.path.stat().st_mtime
    # Painted over after the export.
    retouched = out / "images" / "2.png"
    os.utime(retouched, (written_s + 60, written_s + 60))
    # No picture of ours.
    Image.new("RGB", (4, 4)).save(out / "images" / "3.png")
    os.utime(out / "images" / "3.png", (written_s - 60, written_s - 60))
    outside = picture(tmp_path, "outside.png")
    os.utime(outside.path, (written_s - 60, written_s - 60))
    page = done.path.read_text("utf-8")
    page += '<a href="images/../../outside.png"><a href="images/..%2F..%2Foutside.png">'
    done.path.write_text(page, "utf-8")
    os.utime(done.path, (written_s, written_s))
    export(items[:1], out, "web")

    left = files(out).keys()
    assert {"images/2.png", "images/3.png"} <= left
    assert not {"thumbnails/2.png", "thumbnails/3.png"} & left
    assert outside.path.exists()


@pytest.mark.parametrize("kind", ["folder", "web"])
def test_nothing_is_exported_into_pictures_that_a_run_learned_from(
    items: list[GalleryItem], tmp_path: Path, kind: str
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    project = open_or_create(tmp_path / "Meadow")
    project.save_manifest(Manifest(folder=pictures, pictures=(("1.png", "0"),)))

    for to in (pictures, pictures / "web"):
        with pytest.raises(ProjectError, match="learned from"):
            export_gallery(items, to=to, kind=kind, title="")
    assert files(pictures) == {}


def test_what_is_nearly_a_copy_is_told_or_left_out(tmp_path: Path) -> None:
    items = hung(tmp_path / "Meadow" / "gallery", 3)
    near = CopyMark(nearest="a.png", distance=0.001, alarm=0.01)
    far = CopyMark(nearest="a.png", distance=0.2, alarm=0.01)
    add_marks(tmp_path / "Meadow", {"1.png": near, "2.png": far})
    told = drain(export_gallery(items, to=tmp_path / "web", kind="web", title="M"))
    assert told.copies == ("1.png",)
    assert told.count == 3
    assert (tmp_path / "web" / "index.html").read_text("utf-8").count("Nearly the same") == 1
    options = {"leave_out_copies": True}
    done = drain(
        export_gallery(items, to=tmp_path / "o", kind="folder", title="M", options=options)
    )
    assert done.count == 2
    assert sorted(it.name for it in (tmp_path / "o").iterdir()) == ["0.png", "2.png"]
    with pytest.raises(ProjectError, match="nothing to export"):
        drain(
            export_gallery(items[1:2], to=tmp_path / "p", kind="folder", title="M", options=options)
        )
