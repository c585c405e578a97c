"""Runs on disk: frozen settings, the record of events, previews, checkpoints."""

import platform
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import genstudio
from genstudio.data.kinds import MOST_KINDS
from genstudio.data.modalities.catalog import MODALITIES
from genstudio.domain import events
from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import CheckpointError, ProjectError
from genstudio.domain.fields import DataSpec
from genstudio.domain.files import write_text
from genstudio.domain.language import tr
from genstudio.domain.marks import Mark, mark_of
from genstudio.domain.retelling import retold
from genstudio.domain.runs import RunState, RunSummary, best_step
from genstudio.domain.settings import as_before
from genstudio.domain.training import TrainingSettings, new_run_id, run_stamp
from genstudio.domain.words import LONGEST_WORD, MOST_WORDS
from genstudio.engine.checkpoint import Checkpoint, CheckpointStore
from genstudio.models.catalog import model_class
from genstudio.services.projects import Project, open_project
from genstudio.services.records import Record
from genstudio.services.splits import SplitReference, load_split, save_split
from genstudio.services.toml_files import read_toml, refuse_newer
from genstudio.services.trash import move_to_trash

FORMAT_VERSION = 2
# Of what the coach said, only the newest counts; some more, for runs that went back.
# More lines would hide the losses.
_MOST_MARKS = 200
_MOST_SAID = 100
_ENDINGS: Mapping[type, RunState] = {
    events.Finished: RunState.FINISHED,
    events.Stopped: RunState.STOPPED,
    events.Failed: RunState.FAILED,
}


class RunFile(BaseModel):
    """Content of ``run.toml``; never changes after the run has begun."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format_version: int = 1
    created: datetime
    # A folder of the project: the name alone, so that it leads nowhere else.
    dataset: str = Field(pattern=r"^[^./\\:\x00]+$")
    settings: TrainingSettings
    branched_from: str = Field(default="", max_length=300)
    # Frozen weights that it learns beside: what was learned fits no others.
    base: str = Field(default="", pattern=r"^(sha256:[0-9a-f]{64})?$")
    # Title of the package that it came in; what it learned from is then not here.
    imported_from: str = Field(default="", max_length=300)
    # Pictures that are not learned from: their places in the manifest are in a file of their own.
    # Format 1 held their names here; runs from before there were any have no such entry.
    held_out: SplitReference | tuple[str, ...] | None = None
    kinds: dict[Annotated[str, Field(max_length=300)], Annotated[int, Field(ge=1, lt=2**53)]] = (
        Field(default_factory=dict, max_length=MOST_KINDS)
    )
    words: dict[
        Annotated[str, Field(max_length=LONGEST_WORD)], Annotated[int, Field(ge=1, lt=2**53)]
    ] = Field(default_factory=dict, max_length=MOST_WORDS)
    versions: dict[str, str] = Field(default_factory=dict)


class Run:
    """One run of a project.

    Raises:
        ProjectError: The folder holds no run, a damaged one, or one of a newer format.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        raw = read_toml(self.path / "run.toml")
        refuse_newer(raw, self.path, FORMAT_VERSION)
        try:
            self.file = RunFile.model_validate(raw)
        except ValidationError as error:
            raise ProjectError(
                tr("{path} is damaged", path=self.path / "run.toml"), str(error)
            ) from error
        self.store = CheckpointStore(self.path / "checkpoints")
        self._held_out: tuple[str, ...] | None = None

    @property
    def settings(self) -> TrainingSettings:
        """Settings that the run was begun with."""
        return self.file.settings

    @property
    def held_out(self) -> tuple[str, ...]:
        """Names of the pictures that are not learned from; none in runs from before there were any.

        Raises:
            ProjectError: Its settings know of held-out pictures, and the record of them is gone
                or damaged.
        """
        if self._held_out is None and isinstance(self.file.held_out, SplitReference):
            return self.held_out_of(self.project().load_manifest(self.file.dataset))
        if isinstance(self.file.held_out, tuple):
            return self.file.held_out
        if self.file.held_out is None and "held_out" in self.settings.model_fields_set:
            raise ProjectError(
                tr("{path} is damaged", path=self.path / "run.toml"),
                tr("It no longer says which pictures are not learned from."),
                tr("Put the original back; without it the run would learn from other pictures."),
            )
        return self._held_out or ()

    def held_out_of(self, manifest: Manifest) -> tuple[str, ...]:
        """The same, for whoever has read the run's manifest already, which may take seconds.

        Raises:
            ProjectError: The record of them is gone or damaged.
        """
        if self._held_out is None and isinstance(self.file.held_out, SplitReference):
            self._held_out = load_split(self.path, manifest, self.file.held_out)
        return self.held_out

    @property
    def data(self) -> DataSpec:
        """What its pictures are like, as its model needs to know it."""
        modality = MODALITIES.get(self.settings.modality)
        return modality.spec(
            self.settings.size,
            self.settings.channels,
            self.file.kinds,
            self.file.words,
            layout=self.settings.layout,
        )

    def project(self) -> Project:
        """The project that the run belongs to."""
        return open_project(self.path.parent.parent)

    @property
    def record(self) -> Record:
        """What has happened so far."""
        return Record(self.path / "events.jsonl")

    def summary(self) -> RunSummary:
        """The run at a glance; its checkpoints are counted, not checked."""
        losses: list[tuple[int, dict[str, float]]] = []
        said: deque[events.Advice] = deque(maxlen=_MOST_SAID)
        marks: list[Mark] = []
        told: events.StepDone | None = None
        last: events.Event | None = None
        for last in self.record.read_thinned():
            if isinstance(last, (events.RunStarted, events.StepDone)):
                # What came after a checkpoint that the run went on from was done again.
                while losses and losses[-1][0] > last.step:
                    losses.pop()
            if isinstance(last, events.RunStarted):
                while said and said[-1].step > last.step:
                    said.pop()
            if isinstance(last, events.Advice):
                said.append(last)
            if (found := mark_of(last)) is not None:
                marks.append(found)
            if isinstance(last, events.StepDone):
                told = last
                losses.append((last.step, last.losses))
        state = _ENDINGS.get(type(last), RunState.INTERRUPTED)
        if self.file.imported_from:
            state = RunState.FINISHED  # Elsewhere, and it cannot go on here.
        checkpoints = self.store.infos()
        step = checkpoints[-1].step if checkpoints else 0
        seconds = checkpoints[-1].seconds if checkpoints else 0.0
        lost_steps, lost_seconds = 0, 0.0
        if told is not None and state in (RunState.INTERRUPTED, RunState.FAILED):
            lost_steps = max(told.step - step, 0)
            lost_seconds = max(told.seconds - seconds, 0.0)
        return RunSummary(
            path=self.path,
            settings=self.settings,
            state=state,
            step=step,
            seconds=seconds,
            lost_steps=lost_steps,
            lost_seconds=lost_seconds,
            branched_from=self.file.branched_from,
            losses=tuple(losses),
            previews=tuple(self.previews()),
            checkpoints=tuple(checkpoints),
            kinds=self.file.kinds,
            words=self.file.words,
            marks=tuple(marks[-_MOST_MARKS:]),
            said=_retold(said[-1]) if said else None,
        )

    def previews(self) -> list[tuple[int, Path]]:
        """Step and file of each preview, in order; earlier versions wrote no zeros before it."""
        files = (self.path / "previews").glob("*.png")
        return sorted((int(path.stem), path) for path in files if path.stem.isdecimal())

    def checkpoint(self, which: str = "last") -> Checkpoint:
        """Open a checkpoint by its step, or "last" or "best".

        The best is the one of the best quality; where none was measured, it is the last.

        Raises:
            CheckpointError: There is no such checkpoint.
        """
        if which == "best" and (best := best_step(self.store.infos())) is not None:
            return self.store.load(best)
        if which in ("best", "last"):
            newest = self.store.newest().checkpoint
            if newest is None:
                raise CheckpointError(
                    tr("This run has no checkpoint yet"),
                    tr("{name} was not trained long enough to be saved.", name=self.path.name),
                    tr("Let it train for a minute or more."),
                )
            return newest
        if not which.isdecimal():
            raise CheckpointError(
                tr("“{which}” names no checkpoint", which=which),
                "",
                tr("Give a step, “best” or “last”."),
            )
        return self.store.load(int(which))

    def go_back_to(self, step: int) -> None:
        """Make a checkpoint the newest again: what came after it goes to the trash.

        Raises:
            CheckpointError: There is no such checkpoint, or it is damaged.
            ProjectError: Something could not be moved to the trash.
        """
        self.store.load(step)
        later = [info.path for info in self.store.infos() if info.step > step]
        later += [path for number, path in self.previews() if number > step]
        for path in later:
            move_to_trash(path)


def as_begun(settings: TrainingSettings) -> TrainingSettings:
    """Settings of a run as it was begun, also where some of its model's came later.

    Raises:
        UnknownModelError: No architecture goes by that key.
    """
    config = model_class(settings.model_key).Config
    return settings.model_copy(update={"model": as_before(config, settings.model)})


def create_run(
    project: Project,
    dataset: Path,
    settings: TrainingSettings,
    *,
    manifest: Manifest | None = None,
    held_out: tuple[str, ...] = (),
    kinds: Mapping[str, int] | None = None,
    words: Mapping[str, int] | None = None,
    branched_from: str = "",
    base: str = "",
) -> Run:
    """Make the folder of a new run and freeze its settings.

    Args:
        project: Where it is made.
        dataset: Folder of its manifest.
        settings: To be frozen.
        manifest: Its pictures; read from ``dataset`` if it is needed and not given.
        held_out: Names of pictures that are not learned from.
        kinds: Class labels and how many pictures there are of each.
        words: The vocabulary of captions and how many have each word.
        branched_from: Run and step that it begins at.
        base: Of frozen weights that it learns beside, as :mod:`genstudio.services.run_bases` notes.

    Raises:
        ProjectError: The project cannot be written to.
    """
    now = _after_the_newest(project)
    path = project.runs / new_run_id(settings.model_key, now)
    split: SplitReference | tuple[str, ...] = ()
    if held_out:
        manifest = manifest or project.load_manifest(dataset.name)
        split = save_split(path, manifest, held_out)
    content = RunFile(
        # Older programs can go on with what they can read.
        format_version=FORMAT_VERSION if isinstance(split, SplitReference) else 1,
        created=now,
        dataset=dataset.name,
        settings=settings,
        held_out=split,
        kinds=dict(kinds or {}),
        words=dict(words or {}),
        branched_from=branched_from,
        base=base,
        versions={
            "genstudio": genstudio.__version__,
            "python": platform.python_version(),
            "torch": version("torch"),
        },
    )
    write_text(path / "run.toml", tomli_w.dumps(content.model_dump(mode="json")))
    run = Run(path)
    if held_out and manifest is not None:
        run.held_out_of(manifest)
    return run


def _retold(said: events.Advice) -> events.Advice:
    """In the language that is spoken now: a run may have been trained in another one."""
    action = said.action and said.action.model_copy(update={"label": retold(said.action.label)})
    words = {name: retold(getattr(said, name)) for name in ("title", "message", "evidence")}
    return said.model_copy(update={**words, "action": action})


def _after_the_newest(project: Project) -> datetime:
    """The time, or if the clock was set back, a second after the newest run was made.

    Runs are listed by their names, which begin with it.
    """
    now = datetime.now(UTC).astimezone()
    folders = project.run_folders()
    if not folders or (stamp := run_stamp(folders[-1].name)) is None:
        return now
    return max(now, stamp.replace(tzinfo=now.tzinfo) + timedelta(seconds=1))
