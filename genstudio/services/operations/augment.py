"""Operation "augment": more pictures of each class, and whether they help."""

import csv
import html
import io
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import ClassVar, Final, Literal

import numpy as np

from genstudio.data.kinds import kind_of
from genstudio.domain.cards import KINDS
from genstudio.domain.language import tr, trn
from genstudio.domain.operations import AUGMENT, GENERATE, InputSpec, OperationCard, Report
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting, shown_only_with
from genstudio.metrics.helpfulness import (
    ARMS,
    FEWEST_ROUNDS,
    PLAIN,
    Helpfulness,
    Labelled,
    does_it_help,
)
from genstudio.models.capabilities import Varies
from genstudio.models.catalog import model_class
from genstudio.models.protocol import TrainableModel
from genstudio.models.sampling import over_white
from genstudio.models.tasks import task_of
from genstudio.services.augmenting import Augmenter, NewPicture, wanted_of
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run
from genstudio.services.projects import slug
from genstudio.services.report_pages import report_page

MANIFEST: Final = "manifest.csv"
PAGE: Final = "does-it-help.html"


class AugmentSettings(Settings):
    """How many, and whether it is tested."""

    goal: Literal["balance", "multiply", "number"] = setting(
        "balance",
        title="How many — goal",
        help="Balance makes as many of each class as the largest has; multiply makes every class "
        "so many times as large; number makes so many of each.",
    )
    factor: float = setting(
        2.0,
        title="So many times as large",
        help="For “multiply”: 2 makes as many new pictures as there are.",
        ge=1.0,
        le=100.0,
        only_with=("goal", "multiply"),
    )
    number: int = setting(
        50,
        title="So many of each class",
        help="For “number”: new pictures of each class.",
        ge=1,
        le=100_000,
        only_with=("goal", "number"),
    )
    check: bool = setting(
        True,
        title="Does it help? — paired test",
        help="Trains a small classifier with and without the new pictures, ten times and more, and "
        "asks it about pictures that were held out. It takes some minutes.",
    )
    rounds: int = setting(
        FEWEST_ROUNDS,
        title="Rounds of the test",
        help="More make the interval narrower, and take longer.",
        ge=FEWEST_ROUNDS,
        le=30,
        advanced=True,
    )


class VaryingSettings(AugmentSettings):
    """Of a model that can vary pictures, also how new ones come about."""

    source: Literal["pictures", "nothing"] = setting(
        "pictures",
        title="What new ones are made from — source",
        help="“pictures” varies yours, each as two others of one class differ, and keeps their "
        "sharpness; “nothing” invents them, which needs a model that draws the class well.",
        before="nothing",
    )
    variation: float = setting(
        1.0,
        title="How much they are varied",
        help="Less stays nearer to your pictures, and more of it is left out as copies.",
        ge=0.1,
        le=2.0,
        only_with=("source", "pictures"),
    )


class Augment:
    """Pictures in a folder for each class, with a manifest and a report."""

    card: ClassVar[OperationCard] = OperationCard(
        key=AUGMENT,
        title="More of what is rare",
        summary="Makes further pictures of each class, leaves out copies, and tests whether they "
        "help to tell classes apart. Not for diagnosis.",
        inputs=(
            InputSpec(
                name="tests",
                title="Labelled pictures to test on, if you have others",
                minimum=0,
                maximum=None,
            ),
        ),
        task=GENERATE,
        capability=KINDS,
        is_seeded=True,
        icon="copy",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Those of the operation and of the model's task."""
        if model is None:
            return AugmentSettings
        drawing = task_of(model, GENERATE).settings
        own = _own_settings(model)
        if own is VaryingSettings:
            drawing = shown_only_with(drawing, "source", "nothing", but=["kind"])
        return type("AugmentSettings", (own, drawing), {})

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Make them, class by class; then test."""
        assert request.run is not None
        chosen = request.settings.model_dump()
        own_settings = _own_settings(_model_of(request))
        own = own_settings(**{name: chosen[name] for name in own_settings.model_fields})
        drawing = {it: value for it, value in chosen.items() if it not in own_settings.model_fields}
        checkpoint = request.run.checkpoint(request.checkpoint)
        augmenter = Augmenter(request.run, checkpoint)
        # Before anything is made: a test that could not be done would be told too late.
        given = request.inputs.get("tests", ())
        tests = augmenter.read_tests(given) if given else None
        yield from augmenter.get_ready()
        counts = Counter(map(kind_of, augmenter.learned))
        wanted = wanted_of(
            {kind: counts[kind] for kind in augmenter.kinds},
            own.goal,
            number=own.number,
            factor=own.factor,
            only=str(drawing.get("kind", "")),
        )
        total, made = sum(wanted.values()), list[NewPicture]()
        model = task_of(_model_of(request), GENERATE).settings(**drawing)
        variation = None
        if isinstance(own, VaryingSettings) and own.source == "pictures":
            yield from augmenter.get_ready_to_vary()
            variation = own.variation
        for picture in augmenter.make(wanted, model, request.seed, variation=variation):
            made.append(picture)
            seed = picture.artifact.seed
            assert seed is not None
            again = {"kind": picture.kind, "goal": "number", "number": 1, "check": False}
            yield Made(
                artifact=picture.artifact,
                recipe=made_by_run(
                    AUGMENT, request, checkpoint, files=[], settings=again, seed=seed
                ),
                name=_name(picture),
            )
            yield Progress(tr("Making pictures"), len(made), total)
        help_: Helpfulness | None = None
        if own.check and made and (tests is not None or augmenter.num_held_out):
            help_ = yield from does_it_help(
                augmenter.real(),
                _labelled(augmenter, made),
                tests or augmenter.tests(),
                rounds=own.rounds,
            )
        words = _words(augmenter, made, help_, is_asked=own.check)

        def files(names: Mapping[Path, str]) -> dict[str, bytes]:
            written = {MANIFEST: _manifest(augmenter, made, names)}
            if help_ is not None:
                written[PAGE] = page_of(help_, words)
            return written

        done = max(1, len(made))
        yield Progress(tr("Making pictures"), done, done, Report(files=files, words=words))


def _model_of(request: OperationRequest) -> type[TrainableModel]:
    assert request.run is not None
    return model_class(request.run.settings.model_key)


def _own_settings(model: type[TrainableModel]) -> type[AugmentSettings]:
    return VaryingSettings if issubclass(model, Varies) else AugmentSettings


def _name(picture: NewPicture) -> str:
    # A class may be called anything in a stranger's project.
    is_plain = PurePath(picture.kind).name == picture.kind and picture.kind not in ("", ".", "..")
    folder = picture.kind if is_plain and "\\" not in picture.kind else slug(picture.kind)
    return f"{folder}/synthetic-{picture.artifact.seed}"


def _labelled(augmenter: Augmenter, made: Sequence[NewPicture]) -> Labelled:
    return Labelled(
        images_NHWC=np.stack([over_white(it.artifact.data) for it in made]),
        labels_N=augmenter.labels(it.kind for it in made),
    )


def _words(
    augmenter: Augmenter, made: Sequence[NewPicture], help_: Helpfulness | None, *, is_asked: bool
) -> str:
    tally = augmenter.tally
    words = trn(
        "{number} new picture; {copies} of {drawn} drawn were left out as copies.",
        "{number} new pictures; {copies} of {drawn} drawn were left out as copies.",
        len(made),
        copies=tally.copies,
        drawn=tally.drawn,
    )
    if help_ is not None:
        return f"{words} {help_.words}"
    if is_asked and made:
        return tr("{words} Nothing was held out, so nobody can say whether they help.", words=words)
    return words


def _manifest(augmenter: Augmenter, made: Sequence[NewPicture], names: Mapping[Path, str]) -> bytes:
    """Which pictures are synthetic, and what the others are that they go with."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["file", "class", "synthetic", "seed", "distance", "nearest"])
    for it in made:
        file = names.get(Path(_name(it)), _name(it))
        seed, distance = it.artifact.seed, f"{it.distance:.4f}"
        writer.writerow([file, it.kind, "yes", seed, distance, it.nearest])
    for name in augmenter.learned:
        writer.writerow([name, kind_of(name), "no", "", "", ""])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def page_of(help_: Helpfulness, words: str) -> bytes:
    """A page for people: each arm, what it adds, and the answer."""
    rows: list[str] = []
    for arm in ARMS:
        cells = [html.escape(tr(arm)), tr("{share:.1%}", share=help_.accuracies[arm])]
        if arm == PLAIN:
            cells += ["", "", ""]
        else:
            gain = help_.differences[arm]
            interval = tr("{low:+.1%} to {high:+.1%}", low=gain.low, high=gain.high)
            cells += [tr("{mean:+.1%}", mean=gain.mean), interval, html.escape(tr(gain.verdict))]
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return report_page(
        "helpfulness.html", title=tr("Does it help?"), words=html.escape(words),
        rows="\n".join(rows),
        rounds=help_.num_rounds, tests=help_.num_tests, groups=help_.num_groups,
    )  # fmt: skip


OPERATION: Final[Operation] = Augment()
