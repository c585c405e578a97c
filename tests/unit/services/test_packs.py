"""The packs are the extras of the wheel, and say what they bring."""

import tomllib
from pathlib import Path

import pytest

from genstudio.domain.pack_hints import OF_DATA
from genstudio.services import doctor
from genstudio.services.packs import PACKS, Pack

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


def test_every_extra_is_a_pack_and_every_pack_an_extra() -> None:
    extras = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]

    assert {pack.key for pack in PACKS} - OF_DATA == set(extras)


def test_a_pack_is_installed_when_all_of_it_is_there() -> None:
    pack = Pack(key="some", brings="something", modules=("one", "two"))

    assert pack.is_installed({"one": 1, "two": 2}.get)
    assert not pack.is_installed({"one": 1}.get)


def test_a_pack_that_is_missing_says_what_it_brings_and_how_to_get_it() -> None:
    words = Pack(key="some", brings="something", modules=("no_such_module",)).words()

    assert words == (
        "not installed; it brings something. Install it: pip install 'genstudio[some]'."
    )


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.key)
def test_the_doctor_tells_of_every_pack(pack: Pack) -> None:
    told = {finding.name: finding.detail for finding in doctor.examine()}

    assert told[f"Pack {pack.key}"] == pack.words()
