"""A comparison of sounds, notes, molecules or texts as rows of words."""

from genstudio.domain.amounts import disk_size, duration, short_time
from genstudio.domain.language import tr
from genstudio.domain.reports import FigureCard
from genstudio.services.compared_materials import MaterialComparison, MaterialRun
from genstudio.services.compared_rows import (
    NOTHING,
    Row,
    RowCell,
    memory_of,
    saved_point,
    weights_of,
)


def material_rows(comparison: MaterialComparison) -> list[Row]:
    """All rows: the figures, then what the runs are and cost."""
    figures = [_figure_row(card, comparison) for card in comparison.cards]
    return [*figures, *_about(comparison)]


def _figure_row(card: FigureCard, comparison: MaterialComparison) -> Row:
    cells: list[RowCell] = []
    for at, run in enumerate(comparison.runs):
        figure = run.figure(card)
        if figure is None:
            reason = run.report.missing.get(card.key)
            cells.append(RowCell(NOTHING, reason.words if reason else ""))
            continue
        beside = (
            ""
            if figure.floor is None or not card.beside
            else tr(card.beside, floor=card.told(figure.floor))
        )
        cells.append(RowCell(card.told(figure.value), beside, "", comparison.mark(card, at)))
    return Row(card.title, (card.term, card.better_words), card.help, tuple(cells))


def _about(comparison: MaterialComparison) -> list[Row]:
    runs = comparison.runs

    def row(title: str, about: str, *cells: RowCell) -> Row:
        first, *terms = title.split("\n")
        return Row(first, tuple(terms), about, cells)

    return [
        row(
            tr("Architecture"),
            tr("The kind of model (network architecture)."),
            *(RowCell(run.model_title) for run in runs),
        ),
        row(
            tr("Saved point\ncheckpoint"),
            tr(
                "The saved point (checkpoint) that was judged: the best one, as far as was "
                "measured."
            ),
            *map(saved_point, runs),
        ),
        row(
            tr("Time spent\ntraining"),
            tr("How long it was trained up to that saved point."),
            *(_training(run) for run in runs),
        ),
        row(
            tr("Memory of training\nhighest noted"),
            tr("The most memory that the training noted, once a second."),
            *(memory_of(run.cost) for run in runs),
        ),
        row(
            tr("Time of making one\nprocessor, one core"),
            tr(
                "Time of one core of this machine’s processor for one result, measured when the "
                "runs were compared."
            ),
            *(RowCell(short_time(run.cost.draw_s)) for run in runs),
        ),
        row(
            tr("Weights\nparameters"),
            tr("Numbers that the model learned (parameters). More can do more, and take longer."),
            *map(weights_of, runs),
        ),
        row(
            tr("Size on the disk\naveraged weights"),
            tr("The file of the weights that results are made with."),
            *(RowCell(disk_size(run.cost.weights_bytes)) for run in runs),
        ),
        row(
            tr("Judged by"),
            tr("So many results were made, and so many held-out examples were asked about."),
            *(
                RowCell(
                    tr("{count:,} results", count=run.report.count),
                    tr("{count:,} held-out examples", count=run.report.num_held_out),
                )
                for run in runs
            ),
        ),
    ]


def _training(run: MaterialRun) -> RowCell:
    seen = tr("{examples:,} examples seen", examples=run.cost.images_seen)
    return RowCell(duration(run.seconds), seen)
