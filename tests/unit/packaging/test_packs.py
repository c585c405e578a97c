"""Packs that are installed beside the program."""

import tomllib
from email import message_from_string
from pathlib import Path

import pytest
from installers import packs, seeing
from installers.environment import SHIPPED_PACKS

from genstudio.domain.pack_hints import OF_DATA, PACKAGED, Program, how_to_get
from genstudio.selftest.catalog import CHECKS
from genstudio.services.seeing import PACK

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


def distribution(folder: Path, name: str, *needs: str) -> None:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "RECORD").write_text(f"{info.name}/METADATA,,\n{name}/__init__.py,sha256=a,3\n")
    lines = [f"Name: {name}", "Version: 1.0", *(f"Requires-Dist: {need}" for need in needs)]
    (info / "METADATA").write_text("\n".join(lines) + "\n\nRequires-Dist: words of a description\n")


def test_every_extra_is_in_the_program_or_a_pack_or_has_no_wheels() -> None:
    extras = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]

    of_code = set(packs.PACKAGES) - packs.OF_DATA
    assert of_code | set(SHIPPED_PACKS) | {"language", "soundfont", "dev"} == set(extras)


def test_the_program_names_the_packages_that_are_made() -> None:
    assert set(packs.PACKAGES) == PACKAGED
    assert packs.OF_DATA == OF_DATA
    assert seeing.MODULE == PACK
    debian = Program(folder=Path("/usr/lib/genstudio"), is_on_linux=True, machine="x86_64")
    text = packs.control(
        "video", version="1.2", architecture="amd64", installed_kib=3, depends=["libc6"]
    )

    assert message_from_string(text)["Package"] in how_to_get("video", debian)


def test_a_pack_wants_exactly_the_program_that_it_was_made_for() -> None:
    text = packs.control(
        "onnx", version="1.2", architecture="amd64", installed_kib=3, depends=["zlib1g", "libc6"]
    )
    fields = message_from_string(text)

    assert fields["Package"] == "genstudio-pack-onnx"
    assert fields["Depends"] == "genstudio (= 1.2), libc6, zlib1g"
    assert "" not in text.rstrip("\n").split("\n")


def test_a_pack_says_whether_it_brings_weights() -> None:
    texts = {
        key: packs.control(key, version="1", architecture="all", installed_kib=1, depends=[])
        for key in packs.PACKAGES
    }

    assert "brings no weights and no pictures" in texts["diffusion"]
    assert "brings the weights of three networks and no" in texts["upscaling"]
    said = [line for text in texts.values() for line in text.splitlines() if line[0] == " "]
    assert max(map(len, said)) <= 80


def test_distributions_are_compared_whatever_their_spelling(tmp_path: Path) -> None:
    distribution(tmp_path, "ruamel_yaml", "Typing.Extensions>=4", 'more; extra == "all"')
    distribution(tmp_path, "Pillow", 'colorama; platform_system == "Windows"')
    distribution(tmp_path, "only_named")
    for name in ("ruamel_yaml", "Pillow"):
        (tmp_path / name).mkdir()

    assert packs.distributions_in(tmp_path) == {"ruamel_yaml", "pillow"}
    assert packs.needed_by(tmp_path) == {"typing_extensions"}


def test_what_can_be_imported_from_a_folder_is_found(tmp_path: Path) -> None:
    for name in ("one.py", "two.cpython-311-x86_64-linux-gnu.so", "NOTICES.txt"):
        (tmp_path / name).touch()
    for name in ("three", "three.libs", "three-1.0.dist-info", "__pycache__"):
        (tmp_path / name).mkdir()

    assert packs.top_level(tmp_path) == {"one", "two", "three"}


def test_a_pack_that_brings_what_the_program_has_parts_of_does_not_fit() -> None:
    fault = packs.misfit(brings={"yaml", "av"}, holds={"yaml"}, needs=set())

    assert "yaml" in fault
    assert "av" not in fault


def test_a_pack_that_needs_what_is_not_packed_whole_does_not_fit() -> None:
    holds = {"numpy", "torch", "defusedxml"}

    assert packs.misfit(brings={"av"}, holds=holds, needs={"numpy", "torch"}) == ""
    assert "defusedxml" in packs.misfit(brings={"av"}, holds=holds, needs={"defusedxml"})


def test_a_pack_that_needs_what_the_program_only_names_does_not_fit() -> None:
    assert "numpy" in packs.misfit(brings={"av"}, holds=set(), needs={"numpy"})


@pytest.mark.parametrize("key", packs.TRIED_BY)
def test_a_check_of_the_selftest_needs_each_pack_that_is_tried(key: str) -> None:
    assert packs.TRIED_BY[key] in CHECKS.keys()  # noqa: SIM118  # a registry is no mapping
    assert key in packs.PACKAGES


def test_packs_that_are_there_are_tried(tmp_path: Path) -> None:
    there = tmp_path / "genstudio-pack-video_1.2_amd64.deb"
    there.touch()
    (tmp_path / "genstudio-pack-molecules_1.1_amd64.deb").touch()

    assert packs.to_verify(tmp_path / "genstudio_1.2_amd64.deb") == {"video": there}
