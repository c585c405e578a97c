"""Captions that a person wrote in a project."""

import csv
import io
import json
from pathlib import Path

import pytest
from tiny_studio import flowers_NHWC, save_pictures, small_settings

from genstudio.domain import events
from genstudio.domain.datasets import CaptionReport, PictureInfo, ScanReport
from genstudio.domain.errors import ProjectError
from genstudio.engine.trainer import NoCommands
from genstudio.services import edit_rows
from genstudio.services.caption_edits import FILE, edited, load_edits, save_edits, table_of
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run


def report_of(**texts: str) -> ScanReport:
    pictures = tuple(
        PictureInfo(name=f"{name}.png", width=64, height=64, content_hash=f"hash {name}")
        for name in "abc"
    )
    captions = CaptionReport(texts={f"{name}.png": text for name, text in texts.items()})
    return ScanReport(folder=Path("/pictures"), pictures=pictures, captions=captions)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    edits = {"hash a": "a red circle, “nice”\u2028", "hash b": ""}
    save_edits(tmp_path, edits)

    assert load_edits(tmp_path) == {"hash a": "a red circle, “nice”", "hash b": ""}
    assert load_edits(tmp_path / "not there yet") == {}


def test_what_was_written_stands_above_what_was_found() -> None:
    report = report_of(a="found", b="found, too")

    texts = edited(report, {"hash a": "written", "hash b": "", "hash c": "new", "hash z": "gone"})

    assert texts == {"a.png": "written", "c.png": "new"}
    assert edited(report, {}) == report.captions.texts


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"format_version": 1}\n["one"]\n', '{"format_version": 1}\n{"a": 1}'],
)
def test_a_damaged_file_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)

    with pytest.raises(ProjectError, match="damaged"):
        load_edits(tmp_path)


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"format_version": 99}) + "\n")

    with pytest.raises(ProjectError, match="newer version"):
        load_edits(tmp_path)


def test_a_file_that_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_edits(tmp_path, {"hash a": "text" * 100})
    monkeypatch.setattr(edit_rows, "_LARGEST_BYTES", 100)

    with pytest.raises(ProjectError, match="cannot be read"):
        load_edits(tmp_path)


def test_a_table_is_what_tables_of_captions_are() -> None:
    rows = list(csv.reader(io.StringIO(table_of({"a.png": 'red, "round"', "b/c.png": "grün"}))))

    assert rows == [["file", "text"], ["a.png", 'red, "round"'], ["b/c.png", "grün"]]


@pytest.mark.usefixtures("small_sheets")
def test_a_training_without_the_window_learns_what_was_written(tmp_path: Path) -> None:
    folder = save_pictures(tmp_path / "flowers", flowers_NHWC(8))
    for number in range(8):
        (folder / f"{number:02}.txt").write_text("a flower")
    project = tmp_path / "Meadow"
    settings = small_settings("word-flow", model={"width": 32, "depth": 1})

    def learned() -> Run:
        told = list(
            start_run(NewRun(folder=folder, project=project, settings=settings), NoCommands())
        )
        assert isinstance(told[-1], events.Finished), told[-1]
        return Run(told[-1].run)

    first = learned()
    manifest = first.project().load_manifest(first.file.dataset)
    save_edits(project, {manifest.pictures[0][1]: "a rose"})
    second = learned()

    assert first.data.words == {"a": 8, "flower": 8}
    assert second.data.words == {"a": 8, "flower": 7, "rose": 1}
    assert first.file.dataset != second.file.dataset


def test_a_row_is_written_as_json_writes_it(tmp_path: Path) -> None:
    odd = 'a "red"\\ rose\n\t\x01 — 薔薇 \u2028'
    save_edits(tmp_path, {"hash": odd})
    written = (tmp_path / FILE).read_text(encoding="utf-8").split("\n")[1]
    assert written == json.dumps(("hash", odd), ensure_ascii=False)
