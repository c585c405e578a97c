"""The table and the page of a search, and the table read back."""

import csv
import io
import math
from pathlib import Path

import pytest

from genstudio.domain.errors import DatasetError
from genstudio.services.anomalies import Threshold, threshold_from
from genstudio.services.anomaly_report import Row, csv_of, page_of, ranked
from genstudio.services.score_tables import CSV_NAME, has_scores, read_scores

THRESHOLD: Threshold = threshold_from([0.0, 1.0, 2.0], [1.0, 1.0, 1.0], 0.3, is_held_out=True)
ROWS = [
    Row(path=Path("t/good/a.png"), score=0.5, rarity=0.75, label="", evidence={"place": 0.25}),
    Row(path=Path("t/spot/=b.png"), score=9.5, rarity=0.25, is_strange=True, label="spot"),
    Row(path=Path("t/spot/c<.png"), score=math.nan, label="spot", note="It is damaged."),
]
RESULTS = {Path("t/good/a.png"): "a.png", Path("t/spot/=b.png"): "=b.png"}


def test_the_strangest_comes_first_and_what_could_not_be_read_last() -> None:
    assert [row.path.name for row in ranked(ROWS)] == ["=b.png", "a.png", "c<.png"]


def test_the_table_can_be_read_back(tmp_path: Path) -> None:
    assert not has_scores(tmp_path)
    (tmp_path / CSV_NAME).write_bytes(csv_of(ROWS, RESULTS, THRESHOLD))
    assert has_scores(tmp_path)
    table = read_scores(tmp_path)

    assert [row.score for row in table.rows[:2]] == [9.5, 0.5]
    assert [row.is_strange for row in table.rows] == [True, False, False]
    assert [row.label for row in table.rows] == ["spot", "whole", "spot"]
    assert table.rows[1].result == "a.png"
    assert table.rows[2].note == "It is damaged."
    assert table.threshold == THRESHOLD.score
    assert table.of_label(whole=True) == [0.5]
    assert table.of_label(whole=False) == [9.5]


def test_no_name_becomes_a_formula_of_a_spreadsheet() -> None:
    text = csv_of(ROWS, RESULTS, THRESHOLD).decode("utf-8-sig")
    cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
    assert "'=b.png" in cells
    assert not any(cell.startswith("=") for cell in cells)


@pytest.mark.parametrize(
    "content", [b"", b"rank,file\n1,a\n", b"\xff\xfe\x00", b"rank,file,score\n1,a,no number\n"]
)
def test_a_table_of_somebody_else_is_refused_in_words(content: bytes, tmp_path: Path) -> None:
    (tmp_path / CSV_NAME).write_bytes(content)
    if not content:
        assert read_scores(tmp_path).rows == []
        return
    with pytest.raises(DatasetError, match="cannot be read"):
        read_scores(tmp_path)


def test_the_page_says_what_was_found_and_escapes_names() -> None:
    page = page_of(ROWS, RESULTS, THRESHOLD, model="run & step").decode()
    assert "1 of 3 do not belong" in page
    assert "run &amp; step" in page
    assert "c&lt;.png" in page
    assert "c<.png" not in page
    assert "ROC curve, area 1.000" in page
    assert "Not for diagnosis" in page
    assert 'src="a.png"' in page
    assert page.index("%3Db.png") < page.index('"a.png"')


def test_without_labels_the_page_has_no_curve() -> None:
    rows = [Row(path=Path("a.png"), score=1.0), Row(path=Path("b.png"), score=2.0)]
    page = page_of(rows, {}, THRESHOLD, model="m").decode()
    assert "ROC" not in page
    assert "Histogram of scores" in page
