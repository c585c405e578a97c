"""Why a graphics card is not used, in words."""

from pathlib import Path

import pytest

from genstudio.services import torch_builds
from genstudio.services.torch_builds import Surroundings, advise, look_around

NVIDIA = frozenset({"NVIDIA"})
AMD = frozenset({"AMD"})


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with two cards of AMD and Intel, and no programs."""
    monkeypatch.setattr(torch_builds.shutil, "which", lambda _: None)
    monkeypatch.setattr(torch_builds.sys, "platform", "linux")
    for number, vendor in enumerate(("0x1002\n", "0x8086\n")):
        device = tmp_path / f"sys/class/drm/card{number}/device"
        device.mkdir(parents=True)
        (device / "vendor").write_text(vendor)
    return tmp_path


def test_cards_are_found_without_their_tools(machine: Path) -> None:
    found = look_around(cuda=None, hip=None, is_usable=False, root=machine)

    assert found == Surroundings(build="CPU", makers=AMD)


def test_the_driver_of_nvidia_is_found(machine: Path) -> None:
    version = machine / "proc/driver/nvidia/version"
    version.parent.mkdir(parents=True)
    version.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.256.02  Thu May 2\n")

    found = look_around(cuda="13.0", hip=None, is_usable=False, root=machine)

    assert (found.driver, found.toolkit, found.build) == ("470.256.02", "13.0", "CUDA")
    assert found.makers == {"AMD", "NVIDIA"}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Surroundings(build="CPU"), "none that can train"),
        (Surroundings(build="CPU", makers=NVIDIA), "NVIDIA card is here, and this torch is built"),
        (Surroundings(build="CPU", makers=AMD), "AMD card is here, and this torch is built"),
        (Surroundings(build="CUDA", toolkit="13.0", makers=NVIDIA), "driver is not loaded"),
        (
            Surroundings(build="CUDA", toolkit="13.0", makers=NVIDIA, driver="470.2"),
            "the driver 470.2 of the NVIDIA card is too old for CUDA 13.0",
        ),
        (Surroundings(build="ROCm", toolkit="7.0", makers=AMD), "built with ROCm 7.0, cannot use"),
        (Surroundings(build="CUDA", toolkit="13.0"), "none that can train"),
    ],
)
def test_it_is_said_what_is_in_the_way(
    monkeypatch: pytest.MonkeyPatch, found: Surroundings, words: str
) -> None:
    monkeypatch.setattr(torch_builds.sys, "platform", "linux")
    advice = advise(found)

    assert advice is not None
    assert words in advice.detail
    assert advice.hint


def test_nothing_is_said_where_a_card_is_used() -> None:
    assert advise(Surroundings(build="CUDA", makers=NVIDIA, driver="590.1", is_usable=True)) is None
    assert advise(Surroundings(build="Metal")) is None
