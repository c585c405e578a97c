"""Modality "texts": files become pieces, pieces become rows, and too little is told."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import tiny_studio
from PIL import Image

from genstudio.data.modalities.catalog import MODALITIES, recognise
from genstudio.data.modalities.scanning import scan_material
from genstudio.data.modalities.texts import WINDOW, rows_of
from genstudio.domain.byte_pairs import BOUNDARY, Tokeniser, token_counts
from genstudio.domain.datasets import Remark, ScanReport
from genstudio.domain.errors import DatasetError
from genstudio.domain.modalities import TEXTS
from genstudio.domain.progress import drain
from genstudio.domain.words import PADDING
from genstudio.models.catalog import model_class
from genstudio.services.materials import choose_modality, freeze


def scan(folder: Path) -> ScanReport:
    return drain(scan_material(folder))


def test_one_long_file_is_many_examples(tmp_path: Path) -> None:
    text = "\n\n".join(tiny_studio.tales(200))
    (tmp_path / "novel.txt").write_text(text, encoding="utf-8")
    report = scan(tmp_path)
    assert report.material == TEXTS
    manifest, arrangement = freeze(report, (), TEXTS)
    assert arrangement.num_examples == len(manifest.pictures) > 50
    assert "".join(piece for _, piece in manifest.captions).strip() == text.strip()
    assert manifest.captions[0][0] == "novel.txt#1"


def test_three_words_are_too_few_and_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("only three words", encoding="utf-8")
    report = scan(tmp_path)
    with pytest.raises(DatasetError, match="folder holds none"):
        choose_modality(report, model_class("text-transformer").card)
    arrangement = MODALITIES.get(TEXTS).arrange(report)
    assert "3 words in all" in arrangement.fault
    assert "20,000" in arrangement.hint


def test_other_encodings_are_named_and_the_rest_is_learned(tmp_path: Path) -> None:
    tiny_studio.save_texts(tmp_path)
    (tmp_path / "old.txt").write_bytes("Füchse und Bären".encode("latin-1"))
    report = scan(tmp_path)
    assert [it.name for it in report.unreadable] == ["old.txt"]
    assert "UTF-8" in report.unreadable[0].reason
    assert TEXTS in recognise(report)


def test_what_is_there_twice_is_learned_once(tmp_path: Path) -> None:
    tiny_studio.save_texts(tmp_path)
    (tmp_path / "same.txt").write_bytes((tmp_path / "one.txt").read_bytes())
    report = scan(tmp_path)
    doubled = report.with_remark(Remark.DUPLICATE)
    assert doubled
    manifest, _ = freeze(report, (), TEXTS)
    assert {it.name for it in doubled}.isdisjoint(name for name, _ in manifest.pictures)


def test_captions_beside_pictures_are_no_texts(tmp_path: Path) -> None:
    for number in range(3):
        Image.new("RGB", (40, 40), (number * 50, 0, 0)).save(tmp_path / f"{number}.png")
        (tmp_path / f"{number}.txt").write_text("a red square", encoding="utf-8")
    for name in ("readme.txt", "notes.txt"):
        (tmp_path / name).write_text("words " * 300, encoding="utf-8")
    assert scan(tmp_path).material == ""


def test_rows_overlap_by_one_id_and_say_where_a_text_ends() -> None:
    text = " ".join(tiny_studio.tales(30))
    tokeniser = Tokeniser(list(token_counts([text])))
    rows = rows_of(tokeniser, text, is_end=True)
    assert len(rows) > 1
    assert all(row.shape == (WINDOW + 1,) for row in rows)
    for one, other in pairwise(rows):
        assert one[-1] == other[0]
    ids = np.concatenate([rows[0], *(row[1:] for row in rows[1:])])
    ids = ids[ids != PADDING]
    assert ids[0] == ids[-1] == BOUNDARY
    assert tokeniser.text(ids.tolist()) == text
