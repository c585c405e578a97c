"""Captions beside pictures, in every form that is read, and what of them is told."""

import json
from pathlib import Path

import pytest

from genstudio.data import captions
from genstudio.data.captions import captions_from_folders, read_captions
from genstudio.domain.datasets import CaptionReport


def read(folder: Path, *names: str) -> CaptionReport:
    texts = [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in {".txt", ".csv", ".tsv", ".jsonl"}
    ]
    return read_captions(folder, names, texts).report


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_text_files_beside_pictures(tmp_path: Path) -> None:
    write(tmp_path / "one.txt", "  a red\n circle \n")
    write(tmp_path / "in" / "two.TXT", "a blue square")
    write(tmp_path / "README.txt", "about these pictures")
    write(tmp_path / "three.txt", "   ")

    report = read(tmp_path, "one.png", "in/two.jpg", "three.png")

    assert report.texts == {"one.png": "a red circle", "in/two.jpg": "a blue square"}
    assert report.sources == {captions.BESIDE: 2}
    assert report.without_picture == ("README.txt",)
    assert report.faults == ()


@pytest.mark.parametrize(
    "table",
    [
        "file,text\none.png,red\ntwo.png,blue\nnine.png,gone\n",
        "text;file_name\r\nred;one.png\r\nblue;two.png\r\ngone;nine.png\r\n",
        '\ufeffFile\tCaption\none.png\tred\ntwo.png\t"blue"\nnine.png\tgone\n',
        "id,Image,prompt\n1,one.png,red\n2,two.png,blue\n3,nine.png,gone\n4\n",
    ],
)
def test_tables_with_usual_columns_and_separators(tmp_path: Path, table: str) -> None:
    write(tmp_path / "captions.csv", table)

    report = read(tmp_path, "one.png", "two.png")

    assert report.texts == {"one.png": "red", "two.png": "blue"}
    assert report.without_picture == ("nine.png",)
    assert report.sources == {captions.FROM_TABLE: 2}


def test_a_table_with_other_columns_is_told_with_those_it_has(tmp_path: Path) -> None:
    write(tmp_path / "captions.csv", "url,words\none.png,red\n")

    (fault,) = read(tmp_path, "one.png").faults

    assert fault.startswith("captions.csv: ")
    assert "“url”, “words”" in fault
    assert "“file”" in fault


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("file,text\none.png,grün\n".encode("cp1252"), 1),
        ("file,text\none.png,grün\n".encode("utf-16"), 0),
        ("file,text\none.png,grün\n".encode("utf-8-sig"), 0),
    ],
)
def test_other_encodings(tmp_path: Path, content: bytes, told: int) -> None:
    write(tmp_path / "captions.csv", content)

    report = read(tmp_path, "one.png")

    assert report.texts == {"one.png": "grün"}
    assert len(report.faults) == told
    assert all("UTF-8" in fault for fault in report.faults)


def test_lines_of_json_in_folders_inside(tmp_path: Path) -> None:
    rows = [{"file_name": "a.png", "text": "red\u2028circle"}, {"file_name": "b.png", "text": ""}]
    write(tmp_path / "train" / "metadata.jsonl", "\n".join(map(json.dumps, rows)) + "\n\n")

    report = read(tmp_path, "train/a.png", "train/b.png")

    assert report.texts == {"train/a.png": "red circle"}
    assert report.sources == {captions.FROM_LINES: 1}


@pytest.mark.parametrize("line", ["{", "[1]", '{"file_name": 3, "text": "x"}', "[" * 100_000])
def test_lines_that_are_none_are_told_and_what_came_before_stays(tmp_path: Path, line: str) -> None:
    good = json.dumps({"file_name": "a.png", "text": "red"})
    write(tmp_path / "metadata.jsonl", f"{good}\n{line}\n")

    report = read(tmp_path, "a.png")

    assert report.texts == {"a.png": "red"}
    assert report.faults[0].startswith("metadata.jsonl: Line 2 ")


def test_a_table_above_its_pictures_finds_them_by_their_names_if_these_are_unique(
    tmp_path: Path,
) -> None:
    write(tmp_path / "captions.csv", "file,text\na.png,red\nb.png,blue\nimages\\c.png,green\n")

    report = read(tmp_path, "images/a.png", "images/b.png", "other/b.png", "images/c.png")

    assert report.texts == {"images/a.png": "red", "images/c.png": "green"}
    assert report.without_picture == ("b.png",)


def test_a_name_that_leads_out_of_the_folder_is_no_picture(tmp_path: Path) -> None:
    write(tmp_path / "in" / "captions.csv", "file,text\n../a.png,red\n/etc/a.png,blue\n")

    assert read(tmp_path, "a.png").texts == {}


def test_text_files_come_before_tables(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "by hand")
    write(tmp_path / "captions.csv", "file,text\na.png,from a table\nb.png,as well\n")

    assert read(tmp_path, "a.png", "b.png").texts == {"a.png": "by hand", "b.png": "as well"}


def test_very_long_captions_are_cut_and_told(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "word " * 2_000)

    report = read(tmp_path, "a.png")

    assert len(report.texts["a.png"]) <= captions.LONGEST_CAPTION
    assert "1 caption is longer" in report.faults[0]


def test_a_file_that_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captions, "_LARGEST_TEXT_BYTES", 10)
    write(tmp_path / "a.txt", "more than ten bytes")

    report = read(tmp_path, "a.png")

    assert report.texts == {}
    assert report.faults[0].startswith("a.txt: ")


def test_files_that_were_read_are_no_longer_missed(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "red")
    write(tmp_path / "captions.csv", "file,text\nb.png,blue\n")
    write(tmp_path / "notes.txt", "nothing")

    found = read_captions(
        tmp_path, ["a.png", "b.png"], ["a.txt", "captions.csv", "notes.txt", "other.csv"]
    )

    assert found.files == {"TXT": 1, "CSV": 1}


def test_names_of_folders_are_first_captions() -> None:
    names = ["red_circles/1.png", "blue-squares/big/2.png", "3.png"]

    assert captions_from_folders(names) == {
        "red_circles/1.png": "red circles",
        "blue-squares/big/2.png": "blue squares big",
    }
    assert captions_from_folders(["one/1.png", "one/2.png"]) == {}


def test_halves_of_characters_are_left_out_as_no_file_can_hold_them(tmp_path: Path) -> None:
    # What is left of an emoji by programs that cut texts to a length.
    half = "\\ud83c"
    rows = [f'{{"file": "{name}", "text": "a rose {half}"}}' for name in ("one.png", f"no{half}")]
    write(tmp_path / "captions.jsonl", "\n".join(rows))

    report = read(tmp_path, "one.png")

    assert report.texts == {"one.png": "a rose"}
    assert report.without_picture == ("no?",)
    assert CaptionReport.model_validate_json(report.model_dump_json()) == report
