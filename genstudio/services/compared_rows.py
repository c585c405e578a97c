"""A comparison as rows of words, as the window and the page show them alike."""

from collections.abc import Callable
from dataclasses import dataclass

from genstudio.domain.amounts import disk_size, duration, short_time
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.model_reports import MODEL_FIGURES, Cost
from genstudio.domain.reports import FIGURES, FigureCard
from genstudio.services.compared import ComparedRun, Comparison, Mark
from genstudio.services.compared_materials import AnyRun
from genstudio.services.model_verdicts import model_verdict

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class RowCell:
    """What stands there of one run.

    Attributes:
        value: What it says first.
        small: A second line.
        sentence: What it means.
        mark: Why it stands out.
    """

    value: str
    small: str = ""
    sentence: str = ""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        title: What it is about.
        terms: What the field calls it, which value is better: a line for each.
        help: What it looks at.
        cells: One for each run.
    """

    title: str
    terms: tuple[str, ...]
    help: str
    cells: tuple[RowCell, ...]


def rows_of(comparison: Comparison) -> list[Row]:
    """All rows: what the runs are and cost, then their figures."""
    about = [
        Row(
            tr(title).split("\n")[0],
            tuple(tr(title).split("\n")[1:]),
            tr(words),
            tuple(told(run) for run in comparison.runs),
        )
        for title, words, told in _ABOUT
    ]
    cards = (*FIGURES, *MODEL_FIGURES)
    return [*about, *(_figure_row(card, comparison) for card in cards)]


_FLOOR = tr_noop(
    "The floor is what real pictures of yours get against others of yours: no model can be "
    "expected to do better."
)


def _figure_row(card: FigureCard, comparison: Comparison) -> Row:
    about = f"{card.help} {tr(_FLOOR)}" if card in FIGURES else card.help
    cells = [
        _figure_cell(card, run, comparison.mark(card, at)) for at, run in enumerate(comparison.runs)
    ]
    return Row(card.title, (card.term, card.better_words), about, tuple(cells))


def _figure_cell(card: FigureCard, run: ComparedRun, mark: Mark | None) -> RowCell:
    figure = run.figure(card)
    if figure is None:
        reason = run.model.missing.get(card.key)
        return RowCell(NOTHING, reason.words if reason else "")
    verdict = figure.verdict if card in FIGURES else model_verdict(card.key, run.model)
    return RowCell(card.told(figure.value), card.beside_words(figure), verdict, mark)


def saved_point(run: AnyRun) -> RowCell:
    """Which step was judged, and of how many."""
    newest = (
        tr("the newest")
        if run.step == run.newest_step
        else tr("of {newest_step:,} in all", newest_step=run.newest_step)
    )
    return RowCell(tr("step {step:,}", step=run.step), newest)


def _of_cost(told: Callable[[Cost], RowCell]) -> Callable[[AnyRun], RowCell]:
    return lambda run: RowCell(NOTHING) if run.cost is None else told(run.cost)


def _training_time(run: ComparedRun) -> RowCell:
    seen = (
        tr("{images:,} pictures seen", images=run.cost.images_seen) if run.cost is not None else ""
    )
    return RowCell(duration(run.seconds), seen)


def weights_of(run: AnyRun) -> RowCell:
    """How many numbers a run has, and how many of them draw."""
    value = tr("{num_parameters:.2f} million", num_parameters=run.num_parameters / 1e6)
    if run.cost is None:
        return RowCell(value)
    used = run.cost.drawing_parameters / 1e6
    return RowCell(value, tr("{used:.2f} million of them draw", used=used))


def _drawing_time(cost: Cost) -> RowCell:
    return RowCell(
        short_time(cost.draw_s),
        tr("{together} drawn at once", together=cost.drawn_at_once),
    )


def memory_of(cost: Cost) -> RowCell:
    """What training took."""
    if cost.train_memory_gib is None:
        return RowCell(NOTHING, tr("Its record does not tell."))
    where = tr("on {device}", device=cost.train_device) if cost.train_device else ""
    return RowCell(tr("{memory:.1f} GB", memory=cost.train_memory_gib), where)


_ABOUT: tuple[tuple[str, str, Callable[[ComparedRun], RowCell]], ...] = (
    (
        tr_noop("Architecture"),
        tr_noop("The kind of model (network architecture)."),
        lambda run: RowCell(run.model_title),
    ),
    (
        tr_noop("Saved point\ncheckpoint"),
        tr_noop(
            "The saved point (checkpoint) that was judged: the best one, as far as was measured."
        ),
        saved_point,
    ),
    (
        tr_noop("Time spent\ntraining"),
        tr_noop("How long it was trained up to that saved point."),
        _training_time,
    ),
    (
        tr_noop("Memory of training\nhighest noted"),
        tr_noop(
            "The most memory that the training noted, once a second: a short peak may be missing. "
            "On a processor, that of the whole program; on a graphics card, what was reserved "
            "there."
        ),
        _of_cost(memory_of),
    ),
    (
        tr_noop("Time of drawing\nfor one picture"),
        tr_noop(
            "Time of one core of this machine's processor for one picture, measured when the runs "
            "were compared, in the batches that the program draws in."
        ),
        _of_cost(_drawing_time),
    ),
    (
        tr_noop("Weights\nparameters"),
        tr_noop("Numbers that the model learned (parameters). More can do more, and take longer."),
        weights_of,
    ),
    (
        tr_noop("Size on the disk\naveraged weights"),
        tr_noop("The file of the weights that pictures are drawn with."),
        _of_cost(lambda cost: RowCell(disk_size(cost.weights_bytes))),
    ),
    (
        tr_noop("Pictures compared"),
        tr_noop("So many made pictures stood against as many of yours."),
        lambda run: RowCell(tr("{count:,} at {size} px", count=run.report.count, size=run.size)),
    ),
)
