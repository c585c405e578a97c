"""Settings that fit the pictures and the machine, each with its reason in plain words.

They lie between a preset and what a person chooses: a preset says how much time there is, this
says what to make of it.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin

from genstudio.data.groups import TABLE
from genstudio.data.kinds import are_worth_telling_apart, kinds_of
from genstudio.domain import roles
from genstudio.domain.cards import HAS_LORA, KINDS, ModelCard
from genstudio.domain.datasets import (
    PictureInfo,
    Remark,
    ScanReport,
    are_grey,
    are_mostly_cut_out,
    count_with,
)
from genstudio.domain.files import is_file
from genstudio.domain.language import tr, trn
from genstudio.domain.modalities import CAPTIONS
from genstudio.domain.settings import Settings, setting_fields
from genstudio.domain.training import TrainingSettings
from genstudio.domain.words import words_in
from genstudio.services.presets import Fit, Reason, preset_named

# Of fewer pictures a critic soon knows each by heart (Zhao et al. 2020, arXiv:2006.10738).
_FEW = 100
# Until a controller has found the right strength, a critic knows fewer than these by heart. With
# 1,500 it was measured to do without copies, and better in the same time (tests/bench/RESULTS.md).
_SOME = 500
# Of more it hardly can (Karras et al. 2020, arXiv:2006.06676, figure 1).
_MANY = 30_000
# Pictures so small, of which much is a pixel wide, are strewn with patterns by the critic of a VAE
# (measured: tests/bench/RESULTS.md).
_SMALL_PX = 32
_CPU_BATCH = 16
_CPU_WIDTH = {64: 48, 48: 32}
# A graphics card was measured to need a fifth longer for twice as many (tests/bench/RESULTS.md).
_GPU_BATCH = 32
# Pixels of a part of a step that a graphics card of common size has room for.
_GPU_PIXELS = 32 * 256**2
_FEWEST_PER_PART = 4
# Words of captions that a mirror would make wrong.
_SIDES = frozenset(
    {"left", "right", "links", "rechts", "gauche", "droite", "izquierda", "derecha", "sinistra",
     "destra", "esquerda", "direita"}
)  # fmt: skip
_MAY_SAY_SIDE = re.compile("|".join(sorted(_SIDES)), re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFacts:
    """What is known of the pictures that will be used.

    Attributes:
        count: How many they are.
        num_cut_out: Those among them that have see-through parts.
        is_cut_out: Whether these are most of them.
        is_grey: Whether none of them has colours.
        kinds: Pictures in each folder inside the folder, where they are enough to be told apart.
        has_groups: Whether a table in their folder says what belongs together.
        side: A word of their captions that says left or right; empty if none does.
    """

    count: int
    num_cut_out: int = 0
    is_cut_out: bool = False
    is_grey: bool = False
    kinds: Mapping[str, int] = field(default_factory=dict[str, int])
    has_groups: bool = False
    side: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The architecture to begin with, by its key, and why in a sentence."""

    model_key: str
    why: str


def facts_about(report: ScanReport, excluded: Collection[str] = ()) -> PictureFacts:
    """Gather what is known of the pictures that will be used."""
    used: Sequence[PictureInfo] = report.pictures
    if excluded:
        used = [picture for picture in used if picture.name not in excluded]
    kinds = kinds_of(picture.name for picture in used)
    return PictureFacts(
        count=len(used),
        num_cut_out=count_with(Remark.TRANSPARENT, used),
        is_cut_out=are_mostly_cut_out(used),
        is_grey=are_grey(used),
        kinds=kinds if are_worth_telling_apart(kinds) else {},
        has_groups=not report.material and is_file(report.folder / TABLE),
        side=_side_in(report.captions.texts.values()),
    )


def _side_in(captions: Iterable[str]) -> str:
    # Most captions say nothing of the kind, and are only taken apart if they may.
    some = filter(_MAY_SAY_SIDE.search, captions)
    found = (word for caption in some for word in words_in(caption) if word in _SIDES)
    return next(found, "")


def suggest_model(pictures: PictureFacts, cards: Sequence[ModelCard]) -> Suggestion | None:
    """Choose the architecture to begin with; None if none is suggested for so many.

    Args:
        pictures: What is known of them.
        cards: Those that learn from them. The one that asks for most is taken, of those for which
            there are enough.
    """
    fitting = [card for card in cards if (card.suggested_from or 0) <= pictures.count]
    known = [card for card in fitting if card.suggested_from is not None]
    if not known:
        return None
    card = max(known, key=lambda card: card.suggested_from or 0)
    others = [it.suggested_from for it in cards if (it.suggested_from or 0) > pictures.count]
    if others:
        why = tr("it is steady with fewer than {fewest} pictures", fewest=min(filter(None, others)))
    elif card.suggested_from:
        why = tr(
            "{suggested_from} or more pictures are enough for it",
            suggested_from=card.suggested_from,
        )
    else:
        why = tr("it is made for such pictures")
    return Suggestion(
        card.key,
        tr(
            "“{title}” is suggested: {why} ({family}).",
            title=card.title,
            why=why,
            family=card.family,
        ),
    )


def fit(
    pictures: PictureFacts,
    *,
    size: int,
    accelerator: str,
    preset: str,
    card: ModelCard,
    config: type[Settings],
) -> Fit:
    """Fit a preset to the pictures and the machine.

    Args:
        pictures: What is known of them.
        size: Side in pixels that is trained at.
        accelerator: "cpu", "cuda" or "mps".
        preset: Key of the preset.
        card: Card of the architecture.
        config: Class of its settings; only what it has is fitted.

    Raises:
        SettingsError: There is no such preset.
    """
    base = preset_named(preset)
    training = {**_default_training(), **base.training}
    fitted = _Fitted(config)
    _stretch(pictures, fitted)
    _choose_channels(pictures, fitted, card)
    _keep_groups(pictures, fitted)
    if KINDS in card.capabilities:
        _tell_kinds(pictures, fitted)
    if pictures.side and CAPTIONS in card.modalities:
        why = tr(
            "Captions say “{side}”: mirrored pictures would make that wrong.", side=pictures.side
        )
        fitted.run(why, mirror=False)
    if size <= _SMALL_PX:
        why = tr(
            "At {size} px a VAE's critic would add patterns, so it is left out (sharpening).",
            size=size,
        )
        fitted.architecture(why, roles.SHARPENING, 0.0)
    if card.batch:
        why = tr("{batch} examples per step (batch size) suit this architecture.", batch=card.batch)
        _take_together(fitted, training, card.batch, why)
    elif accelerator == "cpu":
        _suit_processor(fitted, training, base.model.get(card.key, {}))
    else:
        _suit_graphics_card(fitted, training, size)
    return Fit(fitted.training, fitted.model, tuple(fitted.reasons))


class _Fitted:
    """Collects settings with their reasons."""

    def __init__(self, config: type[Settings]) -> None:
        self._fields = config.model_fields
        self._names = {it.hints.role: it.name for it in setting_fields(config) if it.hints.role}
        self.training: dict[str, Any] = {}
        self.model: dict[str, Any] = {}
        self.reasons: list[Reason] = []

    def tell(self, sentence: str) -> None:
        self.reasons.append(Reason(sentence))

    def run(self, sentence: str, **values: Any) -> None:
        self.training |= values
        self.reasons.append(Reason(sentence, frozenset(values)))

    def name_of(self, role: str) -> str | None:
        """The setting of the architecture that has a role; None if none has."""
        return self._names.get(role)

    def architecture(self, sentence: str, role: str, value: Any) -> None:
        """Fit a setting of the architecture, if it has one of that role that may be so."""
        name = self.name_of(role)
        if name is None:
            return
        annotation = self._fields[name].annotation
        if get_origin(annotation) is not Literal or value in get_args(annotation):
            self.model[name] = value
            self.reasons.append(Reason(sentence, frozenset({name})))


def _default_training() -> dict[str, Any]:
    names = ("batch", "ema_half_life_kimg")
    return {name: TrainingSettings.model_fields[name].default for name in names}


def _stretch(pictures: PictureFacts, fitted: _Fitted) -> None:
    count = trn("{number:,} picture", "{number:,} pictures", pictures.count)
    if pictures.count < _FEW:
        fitted.tell(
            trn(
                "{number} example is little: a model soon copies it instead of inventing. "
                "Add more.",
                "{number} examples are few: a model soon copies them instead of inventing. "
                "Add more.",
                pictures.count,
            )
        )
    if pictures.count < _SOME:
        why = tr(
            "The critic sees your pictures shifted, recoloured and partly covered, so that "
            "it cannot learn {count:,} by heart (full augmentation).",
            count=pictures.count,
        )
        fitted.architecture(why, roles.AUGMENTATION, "full")
    elif pictures.count <= _MANY:
        why = tr(
            "{count}: the critic sees them changed as soon as it begins to know them by "
            "heart (adaptive augmentation).",
            count=count,
        )
        fitted.architecture(why, roles.AUGMENTATION, "adaptive")
    else:
        why = tr(
            "{count} are too many to be learned by heart: they are only shifted (augmentation).",
            count=count,
        )
        fitted.architecture(why, roles.AUGMENTATION, "shift only")


def _keep_groups(pictures: PictureFacts, fitted: _Fitted) -> None:
    if pictures.has_groups:
        why = tr(
            "{table} says what belongs together: of each group all pictures are kept aside, or "
            "none (groups).",
            table=TABLE,
        )
        fitted.run(why, groups="table")


def _choose_channels(pictures: PictureFacts, fitted: _Fitted, card: ModelCard) -> None:
    if pictures.is_cut_out:
        of_all = tr(
            "{num_cut_out:,} of {count:,} pictures",
            num_cut_out=pictures.num_cut_out,
            count=pictures.count,
        )
        why = tr("{of_all} are cut out, so new ones are, too (alpha channel).", of_all=of_all)
        fitted.run(why, transparency=True)
    elif pictures.is_grey and HAS_LORA not in card.capabilities:
        why = tr("All pictures are grey, so new ones are, too (one channel).")
        fitted.run(why, colours="grey")


def _tell_kinds(pictures: PictureFacts, fitted: _Fitted) -> None:
    if pictures.kinds:
        why = tr(
            "{num_kinds} folders are told apart: you can ask for a kind (class label).",
            num_kinds=len(pictures.kinds),
        )
        fitted.run(why, kinds=True)


def _suit_processor(fitted: _Fitted, training: Mapping[str, Any], model: Mapping[str, Any]) -> None:
    if training["batch"] > _CPU_BATCH:
        why = tr(
            "{cpu_batch} examples per step (batch size): on a processor, many small steps "
            "bring more than few large ones.",
            cpu_batch=_CPU_BATCH,
        )
        _take_together(fitted, training, _CPU_BATCH, why)
    name = fitted.name_of(roles.WIDTH)
    width = _CPU_WIDTH.get(int(model.get(name, 0))) if name else None
    if width is not None:
        fitted.architecture(tr("A smaller model (width) suits a processor."), roles.WIDTH, width)


def _take_together(fitted: _Fitted, training: Mapping[str, Any], batch: int, why: str) -> None:
    # The average over versions spans as many steps as before.
    half_life = training["ema_half_life_kimg"] * batch / training["batch"]
    fitted.run(why, batch=batch, ema_half_life_kimg=half_life)


def _suit_graphics_card(fitted: _Fitted, training: Mapping[str, Any], size: int) -> None:
    batch = training["batch"]
    if batch < _GPU_BATCH:
        why = tr(
            "{gpu_batch} examples per step (batch size): a graphics card needs hardly longer "
            "for them than for {batch}.",
            gpu_batch=_GPU_BATCH,
            batch=batch,
        )
        batch = _GPU_BATCH
        _take_together(fitted, training, batch, why)
    room = max(_FEWEST_PER_PART, _GPU_PIXELS // size**2)
    parts = math.ceil(batch / room)
    if parts > 1:
        why = tr(
            "At {size} px, each step is done in {parts} parts (gradient accumulation): so it "
            "fits a graphics card of common size.",
            size=size,
            parts=parts,
        )
        fitted.run(why, accumulate=parts)
