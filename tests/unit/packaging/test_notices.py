"""Licences of what is shipped."""

from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from installers.notices import gathered, heading

from genstudio.services.licences import licence_of


def package(folder: Path, metadata: str, **files: str) -> Distribution:
    info = folder / "thing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: thing\nVersion: 1.0\n{metadata}")
    for name, text in files.items():
        (info / name).write_text(text)
    (info / "RECORD").write_text("".join(f"{info.name}/{name},,\n" for name in files))
    return Distribution.at(info)


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ("License-Expression: MIT\n", "MIT"),
        ("License: BSD-3-Clause\n", "BSD-3-Clause"),
        ("Classifier: License :: OSI Approved :: MIT License\n", "MIT License"),
        ("", "see its licence files"),
    ],
)
def test_a_package_names_its_licence(tmp_path: Path, metadata: str, licence: str) -> None:
    assert licence_of(package(tmp_path, metadata)) == licence


def test_texts_of_licences_are_kept_whole(tmp_path: Path) -> None:
    thing = package(tmp_path, "License: MIT\n", LICENSE="Permission is hereby granted.\n")

    text = gathered([thing, distribution("pydantic")], licence_of)

    assert "Permission is hereby granted." in text
    assert text.index("pydantic ") < text.index("thing 1.0: MIT")


def test_what_no_metadata_tells_of_is_named() -> None:
    assert "LGPL-3.0" in heading()
