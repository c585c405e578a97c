"""Notes to sound: what is not heard is told."""

from pathlib import Path

import numpy as np
import pytest

from genstudio.data.scores import TICKS_PER_BEAT, Part, Score, score_bytes
from genstudio.domain.errors import DatasetError
from genstudio.domain.operations import Report
from genstudio.domain.progress import Progress
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made

pytest.importorskip("mido", reason="notes need the extra “sound”")

# At a beat a second.
_BPM = 60.0


def piece(path: Path, *begins_s: int) -> Path:
    """A piece whose notes begin at those seconds."""
    notes = np.array([(it * TICKS_PER_BEAT, 100, 60, 80) for it in begins_s], np.int64)
    score = Score(
        parts=(Part(0, False, notes),),
        tempi=((0, _BPM),),
        metres=((0, 4, 4),),
        text="",
        remarks=(),
    )
    path.write_bytes(score_bytes(score))
    return path


def told(*files: Path) -> list[str]:
    done = list(perform("render-music", inputs={"input": files}))
    assert sum(isinstance(it, Made) for it in done) == len(files)
    reports = [it.item for it in done if isinstance(it, Progress)]
    return [it.words for it in reports if isinstance(it, Report)]


def test_a_piece_that_is_too_long_says_what_is_left_out(tmp_path: Path) -> None:
    short, long = piece(tmp_path / "a.mid", 0, 2), piece(tmp_path / "b.mid", 0, 1300, 1301)

    assert told(short) == []
    (words,) = told(short, long)
    assert words.startswith("b.mid is played")
    assert "2 notes are left out" in words


def test_a_piece_that_begins_too_late_is_refused_instead_of_silent(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"late\.mid would be silent") as caught:
        told(piece(tmp_path / "late.mid", 1300))
    assert "20 minutes" in caught.value.message
