"""Settings that fit the pictures and the machine, each with its reason in plain words.

They lie between a preset and what a person chooses: a preset says how much time there is, this
says what to make of it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from genstudio.data.kinds import MOST_KINDS, kinds_of
from genstudio.domain.cards import KINDS, ModelCard
from genstudio.domain.datasets import Remark, ScanReport
from genstudio.domain.settings import Settings
from genstudio.services.presets import Fit, preset_named

# Of fewer pictures a critic soon knows each by heart (Zhao et al. 2020, arXiv:2006.10738).
_FEW = 100
# Of more it hardly can (Karras et al. 2020, arXiv:2006.06676, figure 1).
_MANY = 30_000
_FEWEST_OF_A_KIND = 40
_MOSTLY = 0.5
_CPU_BATCH = 16
_CPU_HALF_LIFE_KIMG = 3.0
# Pixels of a step that a graphics card of common size has room for.
_GPU_PIXELS = 32 * 256**2
_FEWEST_PER_STEP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known before a run begins.

    Attributes:
        num_pictures: Pictures that will be used.
        num_see_through: Those among them that are partly see-through.
        kinds: Pictures in each folder inside the folder.
        size: Side in pixels that is trained at.
        accelerator: "cpu", "cuda" or "mps".
    """

    num_pictures: int
    num_see_through: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict[str, int])
    size: int
    accelerator: str


def facts_about(
    report: ScanReport, *, size: int, accelerator: str, excluded: Collection[str] = ()
) -> Facts:
    """Gather what is known of the pictures that will be used."""
    used = [picture for picture in report.pictures if picture.name not in excluded]
    kinds = kinds_of(picture.name for picture in used)
    return Facts(
        num_pictures=len(used),
        num_see_through=sum(Remark.TRANSPARENT in picture.remarks for picture in used),
        kinds=kinds if 2 <= len(kinds) <= MOST_KINDS else {},
        size=size,
        accelerator=accelerator,
    )


def fit(facts: Facts, *, preset: str, card: ModelCard, config: type[Settings]) -> Fit:
    """Fit a preset to the pictures and the machine.

    Args:
        facts: What is known of both.
        preset: Key of the preset.
        card: Card of the architecture.
        config: Class of its settings; only what it has is fitted.

    Raises:
        SettingsError: There is no such preset.
    """
    base = preset_named(preset)
    training, model = base.training, base.model.get(card.key, {})
    fitted = _Fitted(config)
    _stretch(facts, fitted)
    _see_through(facts, fitted)
    if KINDS in card.capabilities:
        _tell_kinds(facts, fitted)
    if facts.accelerator == "cpu":
        _for_processor(fitted, training, model)
    else:
        _for_card(facts, fitted, training)
    return Fit(fitted.training, fitted.model, tuple(fitted.reasons))


class _Fitted:
    def __init__(self, config: type[Settings]) -> None:
        self._known = config.model_fields
        self.training: dict[str, Any] = {}
        self.model: dict[str, Any] = {}
        self.reasons: list[str] = []

    def run(self, why: str, **values: Any) -> None:
        self.training |= values
        self.reasons.append(why)

    def architecture(self, why: str, **values: Any) -> None:
        known = {name: value for name, value in values.items() if name in self._known}
        if known:
            self.model |= known
            self.reasons.append(why)


def _stretch(facts: Facts, fitted: _Fitted) -> None:
    count = f"{facts.num_pictures:,} pictures"
    if facts.num_pictures < _FEW:
        why = f"{count} are few: the set is stretched as far as it goes, and may still be copied."
        fitted.architecture(why, augment="full")
    elif facts.num_pictures <= _MANY:
        why = f"{count}: the set is stretched as soon as the critic begins to know it by heart."
        fitted.architecture(why, augment="adaptive")
    else:
        why = f"{count} are so many that the set need not be stretched."
        fitted.architecture(why, augment="shift only")


def _see_through(facts: Facts, fitted: _Fitted) -> None:
    if facts.num_see_through > _MOSTLY * facts.num_pictures:
        why = f"{facts.num_see_through:,} pictures are cut out: new ones will be, too."
        fitted.run(why, transparency=True)


def _tell_kinds(facts: Facts, fitted: _Fitted) -> None:
    if facts.kinds and min(facts.kinds.values()) >= _FEWEST_OF_A_KIND:
        why = f"{len(facts.kinds)} folders are told apart: you can ask for one kind."
        fitted.run(why, kinds=True)


def _for_processor(fitted: _Fitted, training: Mapping[str, Any], model: Mapping[str, Any]) -> None:
    why = "On the processor, many small steps bring more than few large ones."
    batch = min(int(training.get("batch", _CPU_BATCH)), _CPU_BATCH)
    half_life = float(training.get("ema_half_life_kimg", _CPU_HALF_LIFE_KIMG))
    fitted.run(why, batch=batch, ema_half_life_kimg=min(half_life, _CPU_HALF_LIFE_KIMG))
    smaller = {48: 32, 64: 48}.get(int(model.get("width", 32)))
    if smaller is not None:
        fitted.architecture("A smaller model suits the processor.", width=smaller)


def _for_card(facts: Facts, fitted: _Fitted, training: Mapping[str, Any]) -> None:
    room = max(_FEWEST_PER_STEP, _GPU_PIXELS // facts.size**2)
    if room < int(training.get("batch", room)):
        why = f"At {facts.size} px, {room} pictures per step fit a graphics card of common size."
        fitted.run(why, batch=room)
