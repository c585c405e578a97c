"""The installer in one file, with a stand-in for the program."""

import hashlib
import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest
from installers import desktop, environment, payload, self_extracting

pytestmark = pytest.mark.skipif(
    os.name == "nt" or shutil.which("xz") is None, reason="needs a shell and xz"
)


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    packed = tmp_path / "packed"
    (packed / "_internal").mkdir(parents=True)
    program = packed / "genstudio"
    program.write_text('#!/bin/sh\necho "stand-in $*"\n')
    program.chmod(0o755)
    monkeypatch.setattr(payload, "WORK", tmp_path)
    monkeypatch.setattr(environment, "DIST", tmp_path / "dist")
    monkeypatch.setattr(self_extracting, "ROOT", tmp_path)
    monkeypatch.setattr(desktop, "examine", lambda *_: None)
    return self_extracting.build(packed, quick=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "a home $of {one}"
    folder.mkdir()
    return folder


def start(
    installer: Path, home: Path, *arguments: str, path: str = ""
) -> "subprocess.CompletedProcess[str]":
    surroundings = {"HOME": str(home), "PATH": path + os.environ["PATH"]}
    return subprocess.run(
        ["sh", str(installer), *arguments],
        check=False, capture_output=True, text=True, env=surroundings,
    )  # fmt: skip


def files(home: Path) -> list[str]:
    return sorted(
        path.relative_to(home).as_posix() for path in home.rglob("*") if not path.is_dir()
    )


def test_it_installs_starts_and_goes(installer: Path, home: Path) -> None:
    project = home / "Documents" / "GenStudio" / "Meadow" / "project.toml"
    project.parent.mkdir(parents=True)
    project.write_text("mine")

    told = start(installer, home)
    assert told.returncode == 0, told.stderr
    said = subprocess.run(
        [str(home / ".local/bin/genstudio"), "a"], check=True, capture_output=True, text=True
    )
    assert said.stdout == "stand-in a\n"
    assert ".local/share/applications/genstudio.desktop" in files(home)

    again = start(installer, home)
    assert again.returncode == 0, again.stderr

    gone = start(installer, home, "--remove")
    assert gone.returncode == 0, gone.stderr
    # Beside it stay the desktop's own lists of all programs.
    left = [name for name in files(home) if "genstudio" in name.lower()]
    assert left == ["Documents/GenStudio/Meadow/project.toml"]
    assert project.read_text() == "mine"


def test_the_menu_entry_names_the_program_whatever_the_folder_is_called(
    installer: Path, home: Path
) -> None:
    start(installer, home)
    entry = (home / ".local/share/applications/genstudio.desktop").read_text()
    (line,) = [line for line in entry.splitlines() if line.startswith("Exec=")]
    program = f"{home}/.local/share/genstudio-program/genstudio"

    # A backslash is written twice in a value, and stands before a $ in quotes.
    assert line == 'Exec="' + program.replace("$", "\\\\$") + '" %f'


def test_a_damaged_file_is_refused_and_nothing_is_changed(installer: Path, home: Path) -> None:
    content = bytearray(installer.read_bytes())
    content[-40] ^= 255
    installer.write_bytes(content)

    told = start(installer, home)

    assert told.returncode == 1
    assert "damaged or incomplete" in told.stderr
    assert files(home) == []


def test_a_full_disk_is_said_before_anything_is_changed(
    installer: Path, home: Path, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    df = tools / "df"
    df.write_text("#!/bin/sh\necho Header\necho 'disk 9 9 0 100% /'\n")
    df.chmod(0o755)

    told = start(installer, home, path=f"{tools}:")

    assert told.returncode == 1
    assert "too little room" in told.stderr
    assert files(home) == []


def test_unpacking_that_fails_leaves_the_version_before(
    installer: Path, home: Path, tmp_path: Path
) -> None:
    start(installer, home)
    tools = tmp_path / "tools"
    tools.mkdir()
    tar = tools / "tar"
    tar.write_text("#!/bin/sh\ncat > /dev/null\necho 'No space left on device' >&2\nexit 2\n")
    tar.chmod(0o755)

    told = start(installer, home, path=f"{tools}:")

    assert told.returncode == 1
    assert "Nothing was changed" in told.stderr
    assert (home / ".local/bin/genstudio").exists()
    assert not [name for name in files(home) if ".new" in name]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(installer: Path, home: Path) -> None:
    home.chmod(0o500)
    told = start(installer, home)
    home.chmod(0o700)

    assert told.returncode == 1
    assert "cannot be written to" in told.stderr


def test_a_folder_of_other_things_is_not_taken(installer: Path, home: Path) -> None:
    own = home / "pictures"
    own.mkdir()
    (own / "one.png").write_text("mine")

    for more in ([], ["--remove"]):
        assert start(installer, home, "--to", str(own), *more).returncode == 1
    assert files(home) == ["pictures/one.png"]


def test_the_script_tells_where_the_program_begins() -> None:
    text = self_extracting.header_for(
        "one @LINES@\ntwo @SHA256@ @MACHINE@\n",
        version="1",
        machine=platform.machine(),
        needed_kib=1,
        sha256=hashlib.sha256(b"").hexdigest(),
    )

    assert text.splitlines()[0] == "one 3"
    assert "@" not in text
