"""Dropping files and folders on the Dataset page: what is opened, left out, refused, and told."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from studio_driver import StudioDriver

from genstudio.domain.notices import Notice
from genstudio.ui.dropping import Dropped, sort_out


def data_of(*places: Path | str) -> QMimeData:
    data = QMimeData()
    urls = [QUrl.fromLocalFile(str(it)) if isinstance(it, Path) else QUrl(it) for it in places]
    data.setUrls(urls)
    return data


def drop(studio: StudioDriver, *places: Path | str) -> None:
    data = data_of(*places)  # The event does not keep it.
    event = QDropEvent(
        QPointF(20, 20),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    studio.find("page.dataset").dropEvent(event)


def told(studio: StudioDriver) -> str:
    notice = studio.window._notice_bar.current()
    return f"{notice.title}. {notice.message}" if notice else ""


def test_of_some_pictures_of_a_folder_only_those_are_used(
    studio: StudioDriver, pictures: Path
) -> None:
    names = [f"flower-{number:04}.png" for number in (1, 3, 5)]
    drop(studio, *(pictures / name for name in names))
    studio.wait(lambda: studio.text("dataset.summary") == "24 found · 3 will be used")

    assert sorted(picture.name for picture in studio.window._dataset.used()) == names
    assert "3 of 24 pictures will be used" in told(studio)
    # Another one can be taken in, and all of it is what training is told.
    studio.window._dataset.toggle("flower-0002.png")
    assert studio.text("dataset.summary") == "24 found · 4 will be used"


def test_dropping_all_pictures_of_a_folder_or_the_folder_itself_is_told_in_no_words(
    studio: StudioDriver, pictures: Path
) -> None:
    for places in (sorted(pictures.iterdir()), [pictures]):
        drop(studio, *places)
        studio.wait(lambda: not studio.window._dataset.is_scanning)
        assert studio.text("dataset.summary") == "24 found · 24 will be used"
        assert told(studio) == ""


def test_one_picture_opens_its_folder_which_is_told(studio: StudioDriver, pictures: Path) -> None:
    drop(studio, pictures / "flower-0001.png")
    studio.wait(lambda: studio.text("dataset.summary") == "24 found · 24 will be used")

    assert "The whole folder of flower-0001.png was opened" in told(studio)


@pytest.mark.parametrize("name", ["holiday.zip", "notes.txt", "film.mp4", "no ending"])
def test_what_is_neither_a_folder_nor_a_picture_is_refused(
    studio: StudioDriver, tmp_path: Path, pictures: Path, name: str
) -> None:
    folder = Path(shutil.copytree(pictures, tmp_path / "flowers"))
    (folder / name).write_bytes(b"PK")
    drop(studio, folder / name)

    assert name in told(studio)
    assert "cannot be opened" in told(studio)
    assert not studio.window._dataset.is_scanning
    assert studio.window._dataset.report is None


def test_one_folder_at_a_time_is_taken(
    studio: StudioDriver, tmp_path: Path, pictures: Path
) -> None:
    other = Path(shutil.copytree(pictures, tmp_path / "other"))
    for places in (
        [pictures / "flower-0001.png", other / "flower-0002.png"],
        [other, pictures / "flower-0001.png"],
        [other, other / "flower-0001.png"],
    ):
        drop(studio, *places)
        assert "One folder at a time" in told(studio)
        assert not studio.window._dataset.is_scanning


def test_what_is_passed_over_beside_pictures_is_named(
    studio: StudioDriver, tmp_path: Path, pictures: Path
) -> None:
    folder = Path(shutil.copytree(pictures, tmp_path / "flowers"))
    (folder / "notes.txt").write_text("tulips")
    names = ("flower-0001.png", "flower-0002.png", "notes.txt")
    found = sort_out([folder / name for name in names])

    assert isinstance(found, Dropped)
    assert found.folder == folder
    assert found.names == {"flower-0001.png", "flower-0002.png"}
    assert found.remark is not None
    assert found.remark.title == "notes.txt was passed over"


def test_a_file_that_is_gone_is_called_so(tmp_path: Path) -> None:
    found = sort_out([tmp_path / "gone.png"])

    assert isinstance(found, Notice)
    assert "not there any more" in found.message


def test_many_files_are_not_all_named(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.txt" for number in range(20)]
    for path in paths:
        path.touch()
    found = sort_out(paths)

    assert isinstance(found, Notice)
    assert found.title.startswith("0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 15 more ")


@pytest.mark.parametrize(("place", "is_taken"), [("file", True), ("https://example.org", False)])
def test_only_what_lies_on_this_machine_may_be_dropped(
    studio: StudioDriver, tmp_path: Path, place: str, is_taken: bool
) -> None:
    data = data_of(tmp_path if place == "file" else place)
    event = QDragEnterEvent(
        QPoint(20, 20),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.ignore()
    studio.find("page.dataset").dragEnterEvent(event)

    assert event.isAccepted() == is_taken
    drop(studio, "https://example.org")
    assert told(studio) == ""


def test_several_folders_become_one_set(
    studio: StudioDriver, tmp_path: Path, pictures: Path
) -> None:
    one = Path(shutil.copytree(pictures, tmp_path / "around" / "one"))
    other = Path(shutil.copytree(pictures, tmp_path / "around" / "other"))
    shutil.copytree(pictures, tmp_path / "around" / "not dropped")
    drop(studio, one, other)
    studio.wait(lambda: studio.text("dataset.summary").startswith("48 found"))
    assert "one and other are one set" in told(studio)
    report = studio.window._dataset.report
    assert report is not None
    assert report.within == ("one", "other")
    studio.window._dataset.look_again()
    studio.wait(lambda: studio.text("dataset.summary").startswith("48 found"))
