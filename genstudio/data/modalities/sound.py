"""Modality "sound": short sounds, such as one-shots and loops; folders can be told apart."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from genstudio.data import sounds
from genstudio.data.dataset import Dataset, Field
from genstudio.data.decode import content_hash_of, why_inaccessible
from genstudio.data.kinds import kind_index
from genstudio.data.modalities.folders import named
from genstudio.data.modalities.protocol import Arrangement, FileModality
from genstudio.data.row_cache import RowCache, build_rows
from genstudio.data.split import held_out_index
from genstudio.data.threads import map_in_threads
from genstudio.domain.datasets import Advice, Manifest, PictureInfo, ScanReport, UnreadablePicture
from genstudio.domain.errors import SettingsError
from genstudio.domain.fields import EXAMPLES, LABEL, DataSpec, FieldSpec
from genstudio.domain.fields import SOUND as SOUND_FIELD
from genstudio.domain.language import tr
from genstudio.domain.modalities import SOUND, ModalityCard
from genstudio.domain.progress import Progress, Working
from genstudio.domain.training import DataOptions

# Raised whenever decoding gives other samples.
_VERSION = 1
_FEWEST = 2
_RATES_HZ = (8000, 11025, 16000, 22050, 32000, 44100)
_LONGEST_LEARNED_S = 4.0
_MOST_SAMPLES = 2**17
_LENGTH_PERCENTILE = 97
# Frames of a spectrogram, which halves them four times.
_FRAMES = 16
_CLIPPED_PEAK = 0.999
_QUIET_PEAK = 0.01
_DEFAULT = "8000 Hz, 2048 samples"


@dataclass(frozen=True, slots=True)
class SoundLayout:
    """The rate and the length that all sounds of a set are brought to."""

    rate_hz: int
    samples: int

    def __str__(self) -> str:
        # Read back from files: the same in every language.
        return f"{self.rate_hz} Hz, {self.samples} samples"

    @property
    def hop(self) -> int:
        """Samples between two frames of a spectrogram: about a hundredth of a second."""
        return hop_of(self.rate_hz)

    @classmethod
    def parse(cls, text: str) -> "SoundLayout":
        """Read what a run noted; an empty text is the layout of a short sound.

        Raises:
            SettingsError: It is damaged.
        """
        try:
            rate, _, samples = (text or _DEFAULT).partition(" Hz, ")
            layout = cls(int(rate), int(samples.removesuffix(" samples")))
        except ValueError:
            layout = cls(0, 0)
        step = _FRAMES * hop_of(layout.rate_hz) if layout.rate_hz in _RATES_HZ else 0
        if not step or not 0 < layout.samples <= _MOST_SAMPLES or layout.samples % step:
            raise SettingsError(
                tr("“{words}” is no layout of sounds", words=text[:60]),
                "",
                tr("Put the original run.toml back."),
            )
        return layout


def hop_of(rate_hz: int) -> int:
    """Samples between two frames of a spectrogram at a rate."""
    return 128 if rate_hz <= 11025 else 256 if rate_hz <= 22050 else 512


class Sounds:
    """Sounds, each an example."""

    card: ClassVar[ModalityCard] = ModalityCard(
        key=SOUND,
        title="Sounds",
        folder="Short sounds as WAV, FLAC, OGG or MP3; folders inside it can be told apart.",
        roles=("sounds",),
        has_classes=True,
        suffixes=sounds.SUFFIXES,
        noun=("sound", "sounds"),
    )

    def scan(self, folder: Path, names: Sequence[str]) -> Working[ScanReport]:
        """Listen to every file."""
        sounds.soundfile()
        found: list[PictureInfo] = []
        unusable: list[UnreadablePicture] = []
        first_of: dict[str, str] = {}
        looked = map_in_threads(lambda name: _look_at(folder, name), names)
        for done, result in enumerate(looked, start=1):
            if isinstance(result, PictureInfo):
                first = first_of.setdefault(result.content_hash, result.name)
                is_first = first == result.name
                update = {"duplicate_of": None if is_first else first}
                found.append(result.model_copy(update=update))
            else:
                unusable.append(result)
            item = result if isinstance(result, PictureInfo) else None
            yield Progress(tr("Listening to the sounds"), done, len(names), item)
        return ScanReport(
            folder=folder,
            material=SOUND,
            pictures=tuple(found),
            unreadable=tuple(unusable),
            advice=tuple(_advice(found)),
        )

    def arrange(self, report: ScanReport) -> Arrangement:
        """Take every sound for an example."""
        pictures = report.pictures
        if len(pictures) < _FEWEST:
            first = report.unreadable[0] if report.unreadable else None
            why = f" {first.name}: {first.reason}" if first is not None else ""
            return Arrangement(
                likelihood=0.0,
                num_examples=len(pictures),
                fault=tr(
                    "{num_pictures} of its files can be used as sounds.{why}",
                    num_pictures=len(pictures),
                    why=why,
                ),
                hint=self.card.folder,
            )
        layout = _layout_for(pictures)
        return Arrangement(
            likelihood=1.0,
            num_examples=len(pictures),
            layout=str(layout),
            used=frozenset(picture.name for picture in pictures),
            remarks=tuple(_remarks(pictures, layout)),
        )

    def laid_out(self, layout: str, options: DataOptions) -> str:
        """As the sounds are."""
        del options
        return layout

    def review(self, report: ScanReport) -> ScanReport:
        """All that the scan remarks."""
        return report

    def held_out_from(self, manifest: Manifest) -> Manifest:
        """All of them."""
        return manifest

    def spec(
        self,
        size: int,
        channels: int,
        classes: Mapping[str, int],
        words: Mapping[str, int] | None = None,
        *,
        layout: str = "",
    ) -> DataSpec:
        """Field "sounds"."""
        del size, channels, words
        chosen = SoundLayout.parse(layout)
        return DataSpec(
            modality=SOUND,
            classes=classes,
            fields={"sounds": _field(chosen)},
            layout=str(chosen),
        )

    def decode(self, manifest: Manifest, cache_dir: Path) -> Working[RowCache]:
        """Samples of each at the layout's rate and length, int16."""

        def samples_of(path: Path) -> Mapping[str, np.ndarray]:
            try:
                return _example(path, manifest.layout)
            except sounds.UnreadableSoundError:
                return {}

        return (
            yield from build_rows(
                manifest, cache_dir, samples_of, version=_VERSION, what=tr("Reading the sounds")
            )
        )

    def examples(
        self,
        manifest: Manifest,
        cache: RowCache,
        held_out: Collection[str],
        classes: Mapping[str, int],
    ) -> Dataset:
        """Sounds, with a label each where classes are told apart."""
        spec = _field(SoundLayout.parse(manifest.layout))
        fields = {"sounds": Field(spec=spec, values=cache.fields["sounds"])}
        if classes:
            label = FieldSpec(name="labels", type=LABEL)
            fields["labels"] = Field(spec=label, values=kind_index(cache.names, classes))
        return Dataset(
            modality=SOUND,
            fields=fields,
            held_out={EXAMPLES: held_out_index(cache.names, held_out)},
            classes=classes,
            names={EXAMPLES: cache.names},
            layout=manifest.layout,
        )

    def read_one(self, path: Path, layout: str) -> Mapping[str, np.ndarray]:
        """A sound of a person's own, float32 of shape (samples,)."""
        try:
            found = _example(path, layout)["sounds"][0]
        except sounds.UnreadableSoundError as error:
            raise sounds.unreadable(path, str(error)) from error
        return {"sounds": sounds.from_int16(found)}


def _field(layout: SoundLayout) -> FieldSpec:
    return FieldSpec(name="sounds", type=SOUND_FIELD, shape=(layout.samples,))


def _example(path: Path, text: str) -> Mapping[str, np.ndarray]:
    layout = SoundLayout.parse(text)
    sound = sounds.without_silence(sounds.read_sound(path))
    sound = sounds.resampled(sound, layout.rate_hz)
    sound = sounds.normalised(sounds.fitted(sound, layout.samples))
    return {"sounds": sounds.to_int16(sound.samples)[None]}


def _look_at(folder: Path, name: str) -> PictureInfo | UnreadablePicture:
    path = folder / name
    try:
        info = sounds.look_at_sound(path)
        sound = sounds.read_sound(path)
        with path.open("rb") as file:
            content_hash = content_hash_of(file)
    except sounds.UnreadableSoundError as error:
        return UnreadablePicture(name=name, reason=str(error))
    except OSError as error:
        return UnreadablePicture(name=name, reason=why_inaccessible(error))
    peak, _ = sound.levels()
    heard = sounds.without_silence(sound)
    channels = {1: "mono", 2: "stereo"}.get(
        info.channels, tr("{channels} channels", channels=info.channels)
    )
    return PictureInfo(
        name=name,
        content_hash=content_hash,
        words=tr(
            "{seconds:.2f} s, {rate_hz:g} kHz, {channels}",
            seconds=info.seconds,
            rate_hz=info.rate_hz / 1000,
            channels=channels,
        ),
        values={
            "seconds": info.seconds,
            "heard_s": heard.seconds,
            "rate_hz": float(info.rate_hz),
            "channels": float(info.channels),
            "peak": peak,
        },
    )


def _layout_for(pictures: Sequence[PictureInfo]) -> SoundLayout:
    """The commonest rate, and a length that nearly all fit into."""
    common = Counter(int(it.values["rate_hz"]) for it in pictures).most_common(1)[0][0]
    lengths = [it.values["heard_s"] for it in pictures]
    longest_s = min(float(np.percentile(lengths, _LENGTH_PERCENTILE)), _LONGEST_LEARNED_S)
    rate_hz = max((rate for rate in _RATES_HZ if rate <= common), default=_RATES_HZ[0])
    step = _FRAMES * hop_of(rate_hz)
    count = max(1, int(np.ceil(longest_s * rate_hz / step)))
    return SoundLayout(rate_hz, min(count * step, _MOST_SAMPLES // step * step))


def _advice(found: Sequence[PictureInfo]) -> list[Advice]:
    advice: list[Advice] = []

    def tell(names: Sequence[str], one: str, several: str, reason: str) -> None:
        if names:
            what = one if len(names) == 1 else several
            listed = tr("{reason} Here: {named}.", reason=reason, named=named(names))
            advice.append(
                Advice(
                    title=tr("{num_names:,} {what}", num_names=len(names), what=what), reason=listed
                )
            )

    clipped = [it.name for it in found if it.values["peak"] >= _CLIPPED_PEAK]
    tell(
        clipped,
        tr("sound is at full scale"),
        tr("sounds are at full scale"),
        tr("Loud parts may be cut off (clipping)."),
    )
    quiet = [it.name for it in found if it.values["peak"] < _QUIET_PEAK]
    tell(
        quiet,
        tr("sound is very quiet"),
        tr("sounds are very quiet"),
        tr("All are brought to one level, and their noise with them."),
    )
    doubled = [it.name for it in found if it.duplicate_of]
    tell(
        doubled,
        tr("sound is there twice"),
        tr("sounds are there twice"),
        tr("A model would favour what it hears twice."),
    )
    mixed = [it.name for it in found if it.values["channels"] > 1]
    tell(
        mixed,
        tr("sound has several channels"),
        tr("sounds have several channels"),
        tr("Several are mixed down to one."),
    )
    return advice


def _remarks(pictures: Sequence[PictureInfo], layout: SoundLayout) -> list[Advice]:
    rates = Counter(int(it.values["rate_hz"]) for it in pictures)
    seconds = layout.samples / layout.rate_hz
    remarks = [
        Advice(
            title=tr(
                "{num_pictures:,} sounds of up to {seconds:.2f} s at {rate_hz:,} Hz",
                num_pictures=len(pictures),
                seconds=seconds,
                rate_hz=layout.rate_hz,
            ),
            reason=tr("Silence around them is left out, and all are as loud as each other."),
        )
    ]
    others = sum(count for rate, count in rates.items() if rate != layout.rate_hz)
    if others:
        told = ", ".join(
            tr("{rate:,} Hz ({count:,})", rate=rate, count=count)
            for rate, count in rates.most_common(4)
        )
        remarks.append(
            Advice(
                title=tr("{others:,} have another rate and are converted", others=others),
                reason=f"{told}.",
            )
        )
    longer = [it.name for it in pictures if it.values["heard_s"] > seconds]
    if longer:
        what = tr("is longer") if len(longer) == 1 else tr("are longer")
        remarks.append(
            Advice(
                title=tr(
                    "{num_longer:,} {what} than {seconds:.2f} s",
                    num_longer=len(longer),
                    what=what,
                    seconds=seconds,
                ),
                reason=tr("Only their beginnings are learned: {named}.", named=named(longer)),
            )
        )
    return remarks


MODALITY: Final[FileModality] = Sounds()
