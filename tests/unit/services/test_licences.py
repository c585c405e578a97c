"""What the program is built of is told from what is installed."""

import sys
from pathlib import Path

import pytest

from genstudio.services.licences import notices_file, parts_and_licences


def test_every_part_has_a_licence() -> None:
    parts = {part.name.lower().replace("_", "-"): part for part in parts_and_licences()}
    assert {"torch", "numpy", "pillow", "pyside6-essentials", "pyqtgraph", "pydantic"} <= set(parts)
    assert all(part.licence for part in parts.values())
    assert "BSD" in parts["torch"].licence
    assert parts["genstudio"].licence == "Apache-2.0"
    names = [part.name.lower() for part in parts_and_licences()]
    assert names == sorted(names)


def test_texts_lie_beside_a_packed_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "genstudio"))
    assert notices_file() is None
    (tmp_path / "NOTICES.txt").write_text("texts")
    assert notices_file() == tmp_path / "NOTICES.txt"
