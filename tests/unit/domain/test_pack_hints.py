"""How somebody is told to get a pack."""

from pathlib import Path

from genstudio import __version__
from genstudio.domain.pack_hints import Program, how_to_get


def program(folder: str | None, *, is_on_linux: bool = True) -> Program:
    return Program(
        folder=Path(folder) if folder else None, is_on_linux=is_on_linux, machine="x86_64"
    )


def test_an_environment_of_python_takes_the_extra() -> None:
    assert how_to_get("video", program(None)) == "Install it: pip install 'genstudio[video]'."
    assert how_to_get("video") == how_to_get("video", Program.running())


def test_debians_program_takes_debians_package() -> None:
    words = how_to_get("molecules", program("/usr/lib/genstudio"))

    file = f"genstudio-pack-molecules_{__version__}_amd64.deb"
    assert f"Install the package {file}, which lies where" in words
    assert f"sudo apt install ./{file}" in words
    assert "pip" not in words


def test_a_program_in_a_home_takes_an_archive() -> None:
    words = how_to_get("onnx", program("/home/a/genstudio-program"))

    assert f"genstudio-pack-onnx-{__version__}-linux-x86_64.tar.xz" in words
    assert "/home/a/genstudio-program" in words


def test_a_pack_of_files_is_no_extra() -> None:
    assert "genstudio-pack-seeing_" in how_to_get("seeing", program("/usr/lib/genstudio"))
    for words in (
        how_to_get("seeing", program(None)),
        how_to_get("seeing", program("C:/GenStudio", is_on_linux=False)),
    ):
        assert "packaging/convert_tagger.py" in words
        assert "pip" not in words


def test_what_no_installer_brings_is_said_so() -> None:
    for words in (
        how_to_get("language", program("/usr/lib/genstudio")),
        how_to_get("video", program("C:/GenStudio", is_on_linux=False)),
    ):
        assert words.startswith("No installer brings it")
        assert "pip install" in words
