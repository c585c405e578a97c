"""Operations "narrate" and "narrate-clip": a story from pictures, or from the shots of a clip."""

from collections.abc import Generator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from genstudio.data.films import chosen_frames
from genstudio.data.plain_texts import UnreadableTextError, read_text
from genstudio.data.seen import moving, seen_in
from genstudio.data.shots import Shot, shots_of
from genstudio.domain.artifacts import CLIP, IMAGE, SOUND, TEXT, Artifact
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr, tr_noop, trn
from genstudio.domain.operations import (
    NARRATE,
    NARRATE_CLIP,
    InputSpec,
    OperationCard,
    Report,
)
from genstudio.domain.pack_hints import how_to_get
from genstudio.domain.progress import Progress
from genstudio.domain.recipes import Recipe
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import TrainableModel
from genstudio.services.faces import FaceFinder, installed_finder
from genstudio.services.language_models import find_language_model, open_writer, reference
from genstudio.services.narrating import (
    MOST_PARTS,
    Beat,
    Part,
    outline_of,
    plain_telling,
    read_outline,
    told,
)
from genstudio.services.operations.pictures import read_picture
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_from_files
from genstudio.services.operations.write import WithLanguageModel
from genstudio.services.speaking import can_speak, spoken
from genstudio.services.storyboards import ToldPart, facts_of, storyboard, subtitles
from genstudio.services.tagging import Tagger, installed_tagger, tags_of
from genstudio.services.unseen_words import unseen_words

_SHOWN_PX = 640
_OUTLINE = InputSpec(
    name="outline", kind=TEXT, title="Outline that you changed", minimum=0, maximum=1
)


class NarrateSettings(WithLanguageModel):
    """What kind of story, and what comes with it."""

    only_outline: bool = setting(
        False,
        title="First only the outline",
        help="Writes down what is seen, part by part, as a text. Change it as you like, and give "
        "it as the outline of the next story.",
    )
    title: str = setting("", title="Title", help="Of the story; empty for the name of the file.")
    tone: str = setting(
        "quiet",
        title="Tone",
        help="For example: cheerful, dark, dry, like a fairy tale. Language models follow it.",
    )
    words: int = setting(
        150, title="How long", help="The whole story, about.", ge=10, le=5000, unit="words"
    )
    language: str = setting(
        "English",
        title="Language",
        help="As far as the model has it. Words that nobody saw are marked in English only.",
    )
    speak: bool = setting(
        False,
        title="Read it aloud",
        help="Adds the story as a sound, by the voice of espeak-ng if that is installed.",
    )


class NarrateClipSettings(NarrateSettings):
    """The same, and how much of a clip is looked at."""

    minutes: float = setting(
        10.0,
        title="How much of the clip",
        help="What comes later is not looked at.",
        ge=0.1,
        le=180.0,
        unit="minutes",
        advanced=True,
    )


class _Narrate:
    """What both have in common: from parts to an outline, and from that to a story."""

    card: ClassVar[OperationCard]
    _settings: ClassVar[type[Settings]]

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """What kind of story."""
        del model
        return self._settings

    def _tell(
        self,
        request: OperationRequest,
        files: Sequence[Path],
        parts: Sequence[Part],
        remarks: list[str],
    ) -> Generator[Made | Progress, None, None]:
        settings = request.settings
        assert isinstance(settings, NarrateSettings)
        outlines = request.inputs.get("outline", ())
        recipe, named = self._recipe(request, files, outlines)
        if settings.only_outline:
            outline = Artifact(kind=TEXT, data=outline_of(parts), seed=request.seed)
            yield Made(artifact=outline, recipe=recipe, name="outline", source=_only(files))
            yield Progress(tr("Writing the outline"), 1, 1)
            return
        beats = _beats(parts, outlines)
        title = settings.title.strip() or files[0].stem
        telling = (
            told(
                open_writer(find_language_model(named), settings.context),
                beats,
                tone=settings.tone.strip() or "quiet",
                language=settings.language.strip() or "English",
                words=settings.words,
                sampling=settings.sampling,
                seed=request.seed,
                use_template=settings.chat_template,
            )
            if named
            else plain_telling(beats, request.seed)
        )
        if not named:
            remarks.append(
                tr("No language model was chosen, so it is told plainly, from what is seen.")
            )
        by_number = {part.number: part for part in parts}
        done: list[ToldPart] = []
        for beat, text in zip(beats, telling, strict=True):
            facts = facts_of(by_number, beat)
            is_english = settings.language.strip().casefold() in ("", "english")
            unseen = unseen_words(text, facts) if is_english else []
            done.append(ToldPart(by_number[beat.number], beat, text, unseen))
            so_far = "\n\n".join(it.text for it in done)
            yield Progress(tr("Telling"), len(done), len(beats) + 1, so_far)
        yield Progress(tr("Telling"), len(beats), len(beats) + 1, _report(title, done, remarks))
        yield from self._results(request, recipe, files, title, done)
        yield Progress(tr("Telling"), len(beats) + 1, len(beats) + 1)

    def _results(
        self,
        request: OperationRequest,
        recipe: Recipe,
        files: Sequence[Path],
        title: str,
        done: Sequence[ToldPart],
    ) -> Generator[Made, None, None]:
        settings = request.settings
        assert isinstance(settings, NarrateSettings)
        story = "\n\n".join(it.text for it in done)
        unseen = dict.fromkeys(it.word for part in done for it in part.unseen)
        values: dict[str, float | str] = {"parts": float(len(done))}
        if unseen:
            values["not seen"] = ", ".join(unseen)
        yield Made(
            artifact=Artifact(
                kind=TEXT, data=f"{title}\n\n{story}", seed=request.seed, values=values
            ),
            recipe=recipe,
            name=f"story-{request.seed}",
            source=_only(files),
        )
        if settings.speak:
            sound = spoken(f"{title}.\n\n{story}", language=settings.language)
            yield Made(
                artifact=Artifact(kind=SOUND, data=sound, seed=request.seed),
                recipe=recipe.model_copy(update={"position": 1}),
                name=f"story-{request.seed}",
                source=_only(files),
            )

    def _recipe(
        self, request: OperationRequest, files: Sequence[Path], outlines: Sequence[Path]
    ) -> tuple[Recipe, str]:
        """The recipe, which names no folder; and how the language model is named in it."""
        settings = request.settings
        assert isinstance(settings, NarrateSettings)
        named = ""
        if settings.language_model.strip() and not settings.only_outline:
            named = reference(find_language_model(settings.language_model))
        noted = OperationRequest(
            settings=settings.model_copy(update={"language_model": named}),
            inputs=request.inputs,
            seed=request.seed,
        )
        used = {"input": files, "outline": outlines}
        return made_from_files(self.card.key, noted, used, seed=request.seed), named


class Narrate(_Narrate):
    """A story from pictures."""

    card: ClassVar[OperationCard] = OperationCard(
        key=NARRATE,
        title="A story from pictures",
        summary="Describes your pictures as far as this machine can, and tells a story from them, "
        "with a language model of yours; beside it a storyboard.",
        inputs=(
            InputSpec(name="input", kind=IMAGE, title="Pictures, in order", maximum=MOST_PARTS),
            _OUTLINE,
        ),
        output=TEXT,
        is_seeded=True,
        icon="message-square-text",
    )
    _settings = NarrateSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Look at all of them, then tell."""
        files = request.inputs["input"][:MOST_PARTS]
        _refuse_no_voice(request)
        tagger, finder, remarks = installed_tagger(), installed_finder(), list[str]()
        parts: list[Part] = []
        for number, path in enumerate(files, start=1):
            image_HWC = read_picture(path, for_what=tr("told of"), largest_side=_SHOWN_PX)
            parts.append(
                Part(
                    number=number,
                    image_HWC=image_HWC,
                    seen=seen_in(image_HWC),
                    tags=tags_of(image_HWC, tagger),
                    faces=_faces_on(image_HWC, finder),
                )
            )
            yield Progress(tr("Looking at the pictures"), number, len(files))
        remarks += _missing(tagger, finder)
        yield from self._tell(request, files, parts, remarks)


class NarrateClip(_Narrate):
    """A story from a clip."""

    card: ClassVar[OperationCard] = OperationCard(
        key=NARRATE_CLIP,
        title="A story from a clip",
        summary="Finds the cuts of a clip, describes each shot as far as this machine can, and "
        "tells a story, with a language model of yours; beside it a storyboard and subtitles.",
        inputs=(InputSpec(name="input", kind=CLIP, title="Clip", maximum=1), _OUTLINE),
        output=TEXT,
        is_seeded=True,
        icon="clapperboard",
    )
    _settings = NarrateClipSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Find the shots, look at the middle of each, then tell."""
        settings = request.settings
        assert isinstance(settings, NarrateClipSettings)
        (clip,) = request.inputs["input"]
        _refuse_no_voice(request)
        shots, is_longer = yield from shots_of(clip, most_seconds=settings.minutes * 60)
        remarks = _remarks_on(shots, settings, is_longer=is_longer)
        shots = shots[:MOST_PARTS]
        if all(shot.is_black for shot in shots):
            raise DatasetError(
                tr("{name} is black throughout", name=clip.name),
                tr("There is nothing to tell of."),
                tr("Choose another clip."),
            )
        tagger, finder = installed_tagger(), installed_finder()
        remarks += _missing(tagger, finder)
        parts: list[Part] = []
        wanted = [_places_in(shot, looks_for_faces=finder is not None) for shot in shots]
        frames = chosen_frames(clip, [place for places in wanted for place in places], _SHOWN_PX)
        for number, (shot, places) in enumerate(zip(shots, wanted, strict=True), start=1):
            looked_at = list(islice(frames, len(places)))
            shown = next(it for it in looked_at if it.number == shot.middle)
            parts.append(
                Part(
                    number=number,
                    image_HWC=shown.image_HWC,
                    seen=seen_in(shown.image_HWC),
                    tags=tags_of(shown.image_HWC, tagger),
                    # Heads turn: as many as one frame shows.
                    faces=max(_faces_on(it.image_HWC, finder) for it in looked_at),
                    motion=moving(shot.motion),
                    start_s=shot.start_s,
                    end_s=shot.end_s,
                )
            )
            yield Progress(tr("Looking at the shots"), number, len(shots))
        yield from self._tell(request, [clip], parts, remarks)


_NO_TAGGER: Final = tr_noop(
    "What is on a picture is not named: no tagger is installed. Colours, light and motion are told."
)
_NO_FINDER: Final = tr_noop("Faces are not counted: no face finder is installed.")


def _missing(tagger: Tagger | None, finder: FaceFinder | None) -> list[str]:
    """What is not told of pictures here, a sentence each."""
    told = ((tagger, _NO_TAGGER), (finder, _NO_FINDER))
    missing = [tr(sentence) for it, sentence in told if it is None]
    if missing:
        install = how_to_get("seeing")
        missing.append(tr("The pack “seeing” brings both. {install}", install=install))
    return missing


def _places_in(shot: Shot, *, looks_for_faces: bool) -> list[int]:
    """Numbers of the frames of a shot that are looked at, in order; the middle is among them."""
    length = shot.last - shot.first
    others = (shot.first + length // 4, shot.last - length // 4) if looks_for_faces else ()
    return sorted({shot.middle, *others})


def _faces_on(image_HWC: np.ndarray, finder: FaceFinder | None) -> int:
    return 0 if finder is None else finder.count(image_HWC)


def _remarks_on(
    shots: Sequence[Shot], settings: NarrateClipSettings, *, is_longer: bool
) -> list[str]:
    remarks: list[str] = []
    if is_longer:
        remarks.append(
            tr("Only the first {minutes:g} minutes were looked at.", minutes=settings.minutes)
        )
    if len(shots) > MOST_PARTS:
        remarks.append(
            tr(
                "It has {num_shots:,} shots; the first {most_parts} are told of.",
                num_shots=len(shots),
                most_parts=MOST_PARTS,
            )
        )
    if len(shots) == 1:
        remarks.append(tr("No cut was found: it is told as one shot."))
    return remarks


def _refuse_no_voice(request: OperationRequest) -> None:
    """Say before all work that nobody can read aloud here."""
    if isinstance(request.settings, NarrateSettings) and request.settings.speak and not can_speak():
        spoken("")


def _beats(parts: Sequence[Part], outlines: Sequence[Path]) -> list[Beat]:
    if not outlines:
        return read_outline(outline_of(parts), len(parts), tr("The outline"))
    (path,) = outlines
    try:
        text = read_text(path)
    except UnreadableTextError as error:
        raise DatasetError(
            tr("{name} cannot be read as an outline", name=path.name),
            str(error),
            tr("Choose another one."),
        ) from error
    return read_outline(text, len(parts), path.name)


def _report(title: str, done: Sequence[ToldPart], remarks: Sequence[str]) -> Report:
    count = len({it.word for part in done for it in part.unseen})
    marked = (
        trn(
            " {number} word that nobody saw is marked.",
            " {number} words that nobody saw are marked.",
            count,
        )
        if count
        else ""
    )

    def files(_: Any) -> dict[str, bytes]:
        written = storyboard(title, done, remarks)
        return written | (subtitles(done) if any(it.part.end_s for it in done) else {})

    return Report(
        files=files, words=tr("A storyboard lies beside the story.{marked}", marked=marked)
    )


def _only(files: Sequence[Path]) -> Path | None:
    return files[0] if len(files) == 1 else None


PICTURES: Final[Operation] = Narrate()
CLIPS: Final[Operation] = NarrateClip()
