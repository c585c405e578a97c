"""Desktop files of Linux."""

import configparser
from pathlib import Path

import pytest
from defusedxml import ElementTree
from installers import desktop

from genstudio.domain.resources import resource


@pytest.fixture
def share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(desktop, "examine", lambda *_: None)
    desktop.lay_out(tmp_path, "1.2", "/home/a b/genstudio")
    return tmp_path


def test_the_menu_entry_starts_the_program_with_what_was_opened(share: Path) -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.read(share / "applications" / "genstudio.desktop")

    assert entry["Desktop Entry"]["Exec"] == '"/home/a b/genstudio" %f'


def test_every_icon_and_kind_that_is_named_is_there(share: Path) -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.read(share / "applications" / "genstudio.desktop")
    root = ElementTree.parse(share / "mime" / "packages" / "genstudio.xml").getroot()
    kinds = [element.get("type") for element in root]
    icons = {path.stem for path in (share / "icons").rglob("*.svg")}

    assert entry["Desktop Entry"]["MimeType"] == "".join(f"{kind};" for kind in kinds)
    assert {entry["Desktop Entry"]["Icon"], *(kind.replace("/", "-") for kind in kinds)} <= icons


def test_the_description_tells_the_version_and_is_whole(share: Path) -> None:
    (path,) = (share / "metainfo").iterdir()
    release = ElementTree.parse(path).getroot().find("releases/release")

    assert release.get("version") == "1.2"
    assert "@" not in path.read_text()


def test_names_that_a_menu_would_take_apart_are_quoted() -> None:
    assert desktop.menu_entry("Exec=genstudio %f", "/opt/genstudio") == "Exec=/opt/genstudio %f"
    assert desktop.menu_entry("Exec=genstudio %f", "/a $b") == 'Exec="/a \\\\$b" %f'


def test_the_drawings_are_drawings() -> None:
    for path in resource("desktop").glob("*.svg"):
        assert ElementTree.parse(path).getroot().get("viewBox") == "0 0 128 128"
