"""How the answers of a Stable Diffusion 2 are meant, where its single file lies alone.

The networks of 512 pixels give back the noise in what they are given (Ho et al. 2020,
arXiv:2006.11239, section 3.2), those of 768 pixels a velocity (Salimans & Ho 2022,
arXiv:2202.00512, appendix D), and both have the same layers. So it is read in the file's own
description, or in the settings beside it, or else measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from genstudio.domain.errors import ProjectError, SettingsError
from genstudio.domain.files import is_file, read_file
from genstudio.domain.language import tr

# As samplers of diffusers call them.
NOISE: Final = "epsilon"
VELOCITY: Final = "v_prediction"
# Sides that the published networks were trained at, in pixels.
SIDES: Final[Mapping[str, int]] = {NOISE: 512, VELOCITY: 768}

# Stability AI's ModelSpec 1.0: what a file says of its answers, or of its architecture.
_PREDICTIONS: Final[Mapping[str, str]] = {
    "epsilon": NOISE,
    "eps": NOISE,
    "v": VELOCITY,
    "v_prediction": VELOCITY,
    "v-prediction": VELOCITY,
    "velocity": VELOCITY,
}
_ARCHITECTURES: Final[Mapping[str, str]] = {
    "stable-diffusion-v2-512": NOISE,
    "stable-diffusion-v2-768-v": VELOCITY,
}
# As CompVis's and Stability's configurations have it: "parameterization: "v"".
_PARAMETERS: Final[Mapping[str, str]] = {"eps": NOISE, "v": VELOCITY}
_KEY: Final = "parameterization"
_MOST_YAML_BYTES: Final = 2**18


@dataclass(frozen=True, slots=True)
class Answers:
    """How a network's answers are meant, and how that is known.

    Attributes:
        meaning: "epsilon" for noise, "v_prediction" for velocity.
        source: Where it was found, for people.
    """

    meaning: str
    source: str

    @property
    def words(self) -> str:
        """For people."""
        what = tr("noise") if self.meaning == NOISE else tr("velocity")
        return tr("answers are {what}: {source}", what=what, source=self.source)


def answers_said(path: Path, metadata: Mapping[str, str]) -> Answers | None:
    """What a file says of its answers, or the settings beside it; None if neither does.

    Args:
        path: The single file.
        metadata: Its own description.

    Raises:
        SettingsError: Settings lie beside it that cannot be read.
    """
    for key, known in (
        ("modelspec.prediction_type", _PREDICTIONS),
        ("modelspec.architecture", _ARCHITECTURES),
    ):
        # "stable-diffusion-v2-768-v/lora" and the like name a variant after it.
        said = metadata.get(key, "").strip().lower().partition("/")[0]
        if said in known:
            return Answers(known[said], tr("the file says so"))
    for ending in (".yaml", ".yml"):
        beside = path.with_suffix(ending)
        if is_file(beside) and (meaning := _meaning_in(beside)):
            return Answers(meaning, tr("{name} beside it says so", name=beside.name))
    return None


def _meaning_in(path: Path) -> str | None:
    try:
        lines = read_file(path, largest_bytes=_MOST_YAML_BYTES).decode("utf-8", "replace")
    except (OSError, ProjectError) as error:
        raise SettingsError(
            tr("{name} cannot be read", name=path.name),
            str(error)[:200],
            tr("It lies beside the model, and says how that was trained."),
        ) from error
    for line in lines.splitlines():
        key, _, value = line.partition("#")[0].partition(":")
        if key.strip() == _KEY:
            return _PARAMETERS.get(value.strip().strip("\"'").lower())
    return None
