"""A page about one trained model, to print or to send along.

It says what the model is, what it learned from in numbers, how good it was found to be, and what it
is not for (Mitchell et al. 2019, arXiv:1810.03993). Of the person's machine and files it says
nothing.
"""

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

import genstudio
from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.artifacts.image import encoded
from genstudio.artifacts.protocol import Drawn
from genstudio.data.modalities.catalog import MODALITIES
from genstudio.domain import metric_names
from genstudio.domain.artifacts import IMAGE
from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr, trn
from genstudio.domain.operations import GENERATE
from genstudio.domain.progress import Progress, Working
from genstudio.domain.settings import setting_fields
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.preview import tile
from genstudio.models.catalog import model_class
from genstudio.models.tasks import find_task
from genstudio.services.content_credentials import Authorship
from genstudio.services.generation import generate
from genstudio.services.report_pages import report_page
from genstudio.services.runs import Run

_SHEET_COUNT: Final = 24
_SHEET_COLUMNS: Final = 8
_DRAWING_PX: Final = 128
_MOST_CLASSES_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPage:
    """A page and the sheet that stands on it.

    Attributes:
        page: HTML that needs nothing beside it.
        sheet_png: What the model makes of its first seeds; empty where it makes nothing by itself.
    """

    page: bytes
    sheet_png: bytes


def model_page(
    run: Run, checkpoint: Checkpoint, about: Authorship, title: str
) -> Working[ModelPage]:
    """Make the page of a checkpoint.

    Args:
        run: The run.
        checkpoint: Its weights.
        about: Whose it is.
        title: Heading.

    Raises:
        GenStudioError: The model cannot be loaded.
    """
    sheet_png = yield from _sheet(run, checkpoint)
    card = model_class(run.settings.model_key).card
    sheet = ""
    if sheet_png:
        content = base64.b64encode(sheet_png).decode()
        words = html.escape(tr("What it makes of the seeds 0 to {last}", last=_SHEET_COUNT - 1))
        sheet = (
            f'<figure class="sheet"><img src="data:image/png;base64,{content}" alt="{words}">'
            f"<figcaption>{words}</figcaption></figure>"
        )
    page = report_page(
        "model_card.html",
        title=title,
        summary=html.escape(f"{card.title} ({card.key}). {card.summary}"),
        statement=f"<blockquote>{html.escape(about.statement)}</blockquote>"
        if about.statement
        else "",
        sheet=sheet,
        rows="\n".join(_row(*it) for it in _facts(run, checkpoint, about)),
        limits_title=html.escape(tr("What it is not for")),
        limits="".join(f"<p>{html.escape(it)}</p>" for it in _limits(run, about)),
    )
    return ModelPage(page=page, sheet_png=sheet_png)


def _sheet(run: Run, checkpoint: Checkpoint) -> Working[bytes]:
    model = model_class(run.settings.model_key)
    if find_task(model, GENERATE) is None:
        return b""
    cells: list[np.ndarray] = []
    made = generate(run, range(_SHEET_COUNT), checkpoint=str(checkpoint.state.step))
    for picture in made:
        artifact = picture.artifact
        kind = ARTIFACTS.get(artifact.kind)
        if artifact.kind == IMAGE:
            cells.append(artifact.data)
        elif isinstance(kind, Drawn):
            cells.append(kind.draw(artifact, _DRAWING_PX))
        else:
            return b""
        yield Progress(tr("Drawing its sheet"), len(cells), _SHEET_COUNT)
    sheet = Image.fromarray(tile(cells, _SHEET_COLUMNS))
    return encoded(sheet, f"GenStudio {genstudio.__version__}")


def _facts(run: Run, checkpoint: Checkpoint, about: Authorship) -> Sequence[tuple[str, str]]:
    state, settings = checkpoint.state, run.settings
    card = model_class(settings.model_key).card
    modality = MODALITIES.get(settings.modality).card
    weights = checkpoint.tensors("ema")
    size = f"{settings.size} × {settings.size} px" if run.data.size else ""
    facts = [
        (tr("Author"), about.author),
        (tr("Licence"), about.licence or tr("None is stated: ask its author.")),
        (tr("Architecture"), f"{card.title} · {card.key} · {card.paper}"),
        (tr("Learned from"), _learned_from(run, modality.title)),
        (tr("Size of the pictures"), size),
        (tr("Step"), tr("{step:,}, after {images:,} examples and {minutes:.1f} minutes",
                        step=state.step, images=state.images_seen, minutes=state.seconds / 60)),
        (tr("Numbers in it"), f"{sum(it.numel() for it in weights.values()):,}"),
        *((_figure_name(name), f"{value:.4g}") for name, value in state.metrics.items()),
        (tr("Settings that are not the usual ones"), _own_settings(run)),
        (tr("Seed of the run"), str(settings.seed)),
        (tr("Checksum of the weights (SHA-256)"), checkpoint.checksums["ema.safetensors"]),
        (tr("Made with"), f"GenStudio {genstudio.__version__}"),
    ]  # fmt: skip
    return [(name, value) for name, value in facts if value]


def _learned_from(run: Run, material: str) -> str:
    try:
        manifest = run.project().load_manifest(run.file.dataset)
    except GenStudioError:
        return material  # Of a model that was taken in, nobody here knows.
    count = len(manifest.pictures)
    words = trn(
        "{number:,} file · {material}", "{number:,} files · {material}", count, material=material
    )
    classes = list(run.file.kinds)
    if classes:
        named = ", ".join(classes[:_MOST_CLASSES_NAMED])
        more = " …" if len(classes) > _MOST_CLASSES_NAMED else ""
        words += trn(
            " · {number} class: {named}{more}",
            " · {number} classes: {named}{more}",
            len(classes),
            named=named,
            more=more,
        )
    return words


def _figure_name(name: str) -> str:
    shown = metric_names.SHOWN.get(name)
    return name if shown is None else shown.words


def _own_settings(run: Run) -> str:
    config = model_class(run.settings.model_key).Config
    defaults = {field.name: field.default for field in setting_fields(config)}
    own = {
        name: value
        for name, value in run.settings.model.items()
        if name in defaults and value != defaults[name] and not _is_place(config, name)
    }
    return ", ".join(f"{name} = {value}" for name, value in own.items())


def _is_place(config: type, name: str) -> bool:
    """Places on a person's disk are nobody else's business."""
    return any(it.name == name and it.hints.opens for it in setting_fields(config))


def _limits(run: Run, about: Authorship) -> list[str]:
    said = [
        tr(
            "It knows nothing but what it learned from, and repeats what is one-sided about it. "
            "What it makes may come near to single pictures of its author: “Did it copy?” tells."
        )
    ]
    if not about.licence:
        said.append(tr("Without a licence nobody but its author may use it."))
    if run.settings.modality == "molecules":
        said.append(tr("Molecules that it makes were never made or tested: they may be dangerous."))
    said.append(tr("It is not for diagnosis, and not for decisions about people."))
    return said


def _row(name: str, value: str) -> str:
    return f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(value)}</td></tr>'
