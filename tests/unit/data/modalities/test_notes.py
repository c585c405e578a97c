"""Folders of MIDI files: what is said of them, and what is learned."""

from pathlib import Path

import pytest
from tiny_studio import save_pieces, scale_score

pytest.importorskip("mido", reason="notes need the extra “sound”")

from genstudio.data.modalities.notes import MODALITY, bars_of
from genstudio.data.modalities.scanning import scan_material
from genstudio.data.scores import Score, score_bytes
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.progress import drain
from genstudio.domain.training import DataOptions
from genstudio.services.materials import freeze, held_out_names


def test_a_scan_says_what_there_is_and_what_is_left_out(tmp_path: Path) -> None:
    folder = save_pieces(tmp_path)
    (folder / "broken.mid").write_bytes(b"MThd")
    waltz = Score(parts=scale_score().parts, metres=((0, 3, 4),))
    (folder / "waltz.mid").write_bytes(score_bytes(waltz))
    report = drain(scan_material(folder))
    assert report.material == "notes"
    assert [it.name for it in report.unreadable] == ["broken.mid"]
    assert any("waltz.mid" in it.reason for it in report.advice)
    arrangement = MODALITY.arrange(report)
    assert "waltz.mid" not in arrangement.used
    assert len(arrangement.used) == 12
    assert any("drums" in it.title for it in arrangement.remarks)
    assert "4 bars of 4/4" in report.pictures[0].words


def test_whole_pieces_are_held_out_also_of_few(tmp_path: Path) -> None:
    report = drain(scan_material(save_pieces(tmp_path / "pieces")))
    manifest, _ = freeze(report, (), "notes")
    held_out = held_out_names(manifest, report, 0.1, by_kind=False)
    assert len(held_out) == 2
    cache = drain(MODALITY.decode(manifest, tmp_path / "cache"))
    data = MODALITY.examples(manifest, cache, held_out, {})
    names = data.names["examples"]
    assert {names[at] for at in data.held_out_of()} == set(held_out)
    assert not {names[at] for at in data.learned_from()} & set(held_out)


@pytest.mark.parametrize("bars", [2, 4])
def test_phrases_are_as_long_as_is_chosen(bars: int, tmp_path: Path) -> None:
    report = drain(scan_material(save_pieces(tmp_path / "pieces")))
    manifest, arrangement = freeze(report, (), "notes")
    layout = MODALITY.laid_out(arrangement.layout, DataOptions.model_validate({"bars": bars}))
    manifest = manifest.model_copy(update={"layout": layout})
    cache = drain(MODALITY.decode(manifest, tmp_path / "cache"))
    assert cache.fields["notes"].shape[1] == bars * 16
    row = MODALITY.read_one(tmp_path / "pieces" / "00.mid", layout)
    assert row["notes"].shape == (bars * 16,)


def test_a_piece_too_short_for_a_phrase_is_told(tmp_path: Path) -> None:
    path = tmp_path / "short.mid"
    path.write_bytes(score_bytes(scale_score(bars=1)))
    with pytest.raises(DatasetError, match=r"short\.mid"):
        MODALITY.read_one(path, "16 bars")
    with pytest.raises(SettingsError):
        bars_of("3 bars")
