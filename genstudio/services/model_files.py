"""Trained models as files for other programs, or for another GenStudio."""

import io
import json
import logging
import re
import warnings
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from pydantic import Field
from safetensors.torch import load, save
from torch import Tensor, nn

import genstudio
from genstudio.domain.errors import CheckpointError, SettingsError
from genstudio.domain.files import write_bytes
from genstudio.domain.language import tr
from genstudio.domain.model_saving import SUFFIXES, SaveOptions
from genstudio.domain.operations import GENERATE
from genstudio.domain.pack_hints import how_to_get
from genstudio.domain.progress import Progress, Working
from genstudio.domain.settings import Settings
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.threads import single_threaded
from genstudio.models.capabilities import HasDrawingNetwork, Interpolates
from genstudio.models.catalog import model_class
from genstudio.models.tasks import task_of
from genstudio.services.content_credentials import Authorship
from genstudio.services.generation import load_model
from genstudio.services.model_cards import model_page
from genstudio.services.model_packages import write_package
from genstudio.services.outputs import free_place, refuse_pictures_folders
from genstudio.services.runs import Run

# How far ONNX Runtime's pictures may be from torch's, in units of their range of 2.
_TOLERANCE: Final = 1e-4
_LATENTS: Final = 256
_CHECKED: Final = (1, 3)


class SavedModel(Settings):
    """What was written.

    Attributes:
        path: The file.
        difference: Of ONNX: the largest difference to what torch draws, of a range of 2.
        beside: Files that belong to it.
    """

    path: Path
    difference: float | None = None
    beside: tuple[Path, ...] = Field(default=())


def save_model(
    run: Run, out: Path, options: SaveOptions, *, checkpoint: str = "best"
) -> Working[SavedModel]:
    """Take the averaged weights of a run out.

    Args:
        run: It has a checkpoint.
        out: A folder, or the file to be made; nothing is overwritten.
        options: How.
        checkpoint: A step, "best" or "last".

    Raises:
        SettingsError: The model cannot be taken out so, or what that takes is not installed.
        CheckpointError: There is no such checkpoint, it is damaged, or what was written draws
            something else.
        ProjectError: The disk is full or the folder cannot be written to.
    """
    refuse_pictures_folders(out, run.project().pictures_folders())
    found = run.checkpoint(checkpoint)
    suffix = SUFFIXES[options.form]
    title = options.title.strip() or run.path.name
    about = Authorship(
        author=options.author.strip(),
        licence=options.licence.strip(),
        statement=options.statement.strip(),
    )
    is_named = out.suffix.lower() == suffix and not out.is_dir()
    to = free_place(out if is_named else out / f"{_file_name(title)}{suffix}")
    if options.form == "package":
        return SavedModel(path=(yield from write_package(run, found, to, title=title, about=about)))
    if options.form == "card":
        page = yield from model_page(run, found, about, title)
        write_bytes(to, page.page)
        return SavedModel(path=to)
    yield Progress(tr("Taking the model out"), 0, 1)
    if options.form == "safetensors":
        _write_weights(run, found, to, about, title)
        return SavedModel(path=to)
    return (yield from _write_onnx(run, found, to, about, title))


def _file_name(title: str) -> str:
    return re.sub(r"[^\w .-]+", "-", title).strip(" .-")[:80] or "model"


def _about(run: Run, checkpoint: Checkpoint, about: Authorship, title: str) -> dict[str, str]:
    """What stands in the file's own metadata: words and numbers, no places."""
    data = run.data
    facts = {
        "title": title,
        "author": about.author,
        "licence": about.licence,
        "statement": about.statement,
        "software": f"GenStudio {genstudio.__version__}",
        "model": run.settings.model_key,
        "revision": str(model_class(run.settings.model_key).card.revision),
        "step": str(checkpoint.state.step),
        "settings": json.dumps(run.settings.model, ensure_ascii=False),
        "size": str(data.size),
        "channels": str(data.channels),
        "classes": json.dumps(list(data.classes), ensure_ascii=False),
        "digitalsourcetype": "trainedAlgorithmicMedia",
        "weights_sha256": checkpoint.checksums["ema.safetensors"],
    }
    return {f"genstudio.{name}": value for name, value in facts.items() if value}


def _write_weights(
    run: Run, checkpoint: Checkpoint, to: Path, about: Authorship, title: str
) -> None:
    weights = checkpoint.weights("ema", model_class(run.settings.model_key).card)
    content = save(
        {name: it.contiguous() for name, it in weights.items()},
        metadata={"format": "pt", **_about(run, checkpoint, about, title)},
    )
    back = load(content)
    if back.keys() != weights.keys() or any(
        not torch.equal(back[name], it) for name, it in weights.items()
    ):
        raise CheckpointError(tr("What was written is not what was to be written"), str(to))
    write_bytes(to, content)


class _Drawing(nn.Module):
    """What an ONNX file computes: latents => pictures, within [-1, 1]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, latents: Tensor) -> Tensor:
        """Draw."""
        return self.network(latents).clamp(-1, 1)


@single_threaded
def _write_onnx(
    run: Run, checkpoint: Checkpoint, to: Path, about: Authorship, title: str
) -> Working[SavedModel]:
    if any(find_spec(name) is None for name in ("onnx", "onnxscript", "onnxruntime")):
        raise SettingsError(
            tr("ONNX needs the pack “onnx”"),
            tr("What writes and runs such files is not installed."),
            tr("{install} Or take the weights out as safetensors.", install=how_to_get("onnx")),
        )
    model = load_model(run, checkpoint)
    if not isinstance(model, HasDrawingNetwork) or not isinstance(model, Interpolates):
        raise SettingsError(
            tr("“{title}” cannot be taken out as ONNX", title=model.card.title),
            tr("It does not draw in one pass of one network."),
            tr("Take the weights out as safetensors, or save a package."),
        )
    settings = task_of(model, GENERATE).settings()
    latents = model.latents(range(_LATENTS), settings).float().cpu()
    network = _Drawing(model.drawing_network()).eval()
    content = _exported(network, latents[:2], _about(run, checkpoint, about, title))
    yield Progress(tr("Comparing what both draw"), 0, 1)
    difference = _difference(network, content, latents)
    if not difference <= _TOLERANCE:
        raise CheckpointError(
            tr("The ONNX file draws something else"),
            tr(
                "Its pictures differ by {difference:.2g}, and {tolerance:.2g} is allowed.",
                difference=difference,
                tolerance=_TOLERANCE,
            ),
            tr("Nothing was written. Take the weights out as safetensors."),
        )
    write_bytes(to, content)
    # Where pictures lie is not always around nought: what lies between these can be drawn.
    beside = free_place(to.with_suffix(".latents.npy"))
    array = io.BytesIO()
    np.save(array, latents.numpy(), allow_pickle=False)
    write_bytes(beside, array.getvalue())
    return SavedModel(path=to, difference=difference, beside=(beside,))


def _exported(network: nn.Module, example: Tensor, about: Mapping[str, str]) -> bytes:
    """ONNX inside one file, without the places in our source that the exporter notes."""
    for noisy in ("onnxscript", "onnx_ir", "torch.onnx"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    with torch.inference_mode(False), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of the exporter, about its own parts.
        exporter: Any = torch.onnx
        program = exporter.export(
            network,
            (example,),
            input_names=["latents"],
            output_names=["pictures"],
            dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None, "with dynamo there is a program"
    proto: Any = program.model_proto
    for graph in (proto.graph, *proto.functions):
        for part in (*graph.node, *graph.value_info):
            del part.metadata_props[:]
        del graph.metadata_props[:]
    for part in (*proto.graph.input, *proto.graph.output, *proto.graph.initializer, proto):
        del part.metadata_props[:]
    for name, value in about.items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = name, value
    proto.producer_name = "GenStudio"
    return proto.SerializeToString()


def _difference(network: nn.Module, content: bytes, latents: Tensor) -> float:
    """The largest one between torch's pictures and those of ONNX Runtime."""
    runtime = import_module("onnxruntime")
    # On Windows it asks no variable (see genstudio/__init__.py).
    runtime.disable_telemetry_events()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    largest = 0.0
    for count in _CHECKED:
        some = latents[:count]
        with torch.inference_mode():
            expected = network(some).numpy()
        (drawn,) = session.run(None, {"latents": some.numpy()})
        largest = max(largest, float(np.abs(drawn - expected).max()))
    return largest
