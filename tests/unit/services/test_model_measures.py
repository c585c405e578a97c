"""A trained model is measured: ways, kinds, redrawing, costs; what it cannot do is told why."""

import html
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from planted_pictures import drawn_NHWC
from tiny_studio import save_pictures, small_settings
from torch import nn

from genstudio.domain.language import ENGLISH, speak
from genstudio.domain.model_reports import ModelReport
from genstudio.domain.progress import Progress, drain
from genstudio.domain.reports import FIGURES, WhyNot
from genstudio.engine.trainer import NoCommands
from genstudio.services import model_measures
from genstudio.services.compared import ComparedRun
from genstudio.services.comparison import compare, save_comparison
from genstudio.services.drawing_costs import drawing_cost
from genstudio.services.generation import load_model
from genstudio.services.judged_pictures import own_pictures
from genstudio.services.model_measures import Measures, measure
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

NUM_PICTURES = 120


SMALL = {
    "residual-vae": {"width": 32, "latent_size": 8},
    "self-supervised-gan": {"width": 32, "latent_size": 8},
    "token-flow": {"width": 32, "flow_width": 128, "depth": 1, "noise_samples": 1},
}


def trained(folder: Path, project: Path, model_key: str) -> Path:
    settings = small_settings(
        model_key,
        model=SMALL[model_key],
        budget={"unit": "steps", "amount": 2},
        held_out=0.2,
        kinds=(folder / "dark").is_dir(),
    )
    request = NewRun(folder=folder, project=project, settings=settings)
    *_, finished = start_run(request, NoCommands())
    return finished.run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run of a VAE and one of a GAN on two kinds of pictures; not to be changed."""
    folder = tmp_path_factory.mktemp("measured")
    images = drawn_NHWC(NUM_PICTURES, seed=0)
    # Two kinds that anything can tell apart: dark and light ones.
    save_pictures(folder / "pictures" / "dark", images[: NUM_PICTURES // 2] // 4)
    save_pictures(folder / "pictures" / "light", 255 - images[NUM_PICTURES // 2 :] // 4)
    return {
        key: trained(folder / "pictures", folder / "Meadow", key)
        for key in ("residual-vae", "self-supervised-gan", "token-flow")
    }


@pytest.fixture
def copied(runs: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    project = next(iter(runs.values())).parent.parent
    copy = Path(shutil.copytree(project, tmp_path / "Meadow"))
    return {key: copy / "runs" / path.name for key, path in runs.items()}


def measured(path: Path) -> Measures:
    run = Run(path)
    own = drain(own_pictures(run))
    progress: list[Progress] = []
    found = drain(measure(run, run.checkpoint("best"), own), progress.append)
    assert progress[-1].done == progress[-1].total
    return found


def test_a_vae_has_all_figures(copied: dict[str, Path]) -> None:
    found = measured(copied["residual-vae"])
    report = found.report
    assert report.missing == {}
    assert report.path_length is not None
    assert report.evenness is not None
    assert 1 <= report.evenness.value <= 6
    assert report.num_pairs == 20
    assert report.perceptual_path_length is not None
    assert report.probe is not None
    # Encoders describe brightness from the first step on.
    assert report.probe.value > 0.9
    assert 0.3 < report.probe.floor < 0.7
    assert report.num_kinds == 2
    assert report.psnr is not None
    assert report.redrawn_distance is not None
    assert report.num_held_out == len(Run(copied["residual-vae"]).held_out) == 24
    assert [way.shape for way in found.ways] == [(7, 32, 32, 3)] * 2
    assert found.held_out_NHWC.shape == found.redrawn_NHWC.shape == (8, 32, 32, 3)


def test_what_a_gan_and_a_flow_cannot_do_is_told_why(copied: dict[str, Path]) -> None:
    gan = measured(copied["self-supervised-gan"])
    assert gan.report.missing == {
        "probe": WhyNot.NO_ENCODER,
        "psnr": WhyNot.NO_REDRAWING,
        "redrawn_distance": WhyNot.NO_REDRAWING,
    }
    assert gan.report.path_length is not None
    assert len(gan.held_out_NHWC) == 0
    flow = measured(copied["token-flow"])
    assert flow.report.missing == {"probe": WhyNot.NO_ENCODER}
    assert flow.report.psnr is not None


def test_only_held_out_pictures_are_redrawn_and_shown(copied: dict[str, Path]) -> None:
    path = copied["residual-vae"]
    run = Run(path)
    own = drain(own_pictures(run))
    held_out = {name: own.images_NHWC[at].tobytes() for at, name in enumerate(own.names)}
    shown = {image.tobytes() for image in measured(path).held_out_NHWC}
    assert shown <= {held_out[name] for name in run.held_out}


def test_without_held_out_pictures_or_kinds_that_is_told(tmp_path: Path) -> None:
    folder = save_pictures(tmp_path / "flat", drawn_NHWC(40, seed=0))
    found = measured(trained(folder, tmp_path / "Meadow", "residual-vae"))
    assert found.report.missing == {
        "probe": WhyNot.NO_KINDS,
        "psnr": WhyNot.NO_HELD_OUT_PICTURES,
        "redrawn_distance": WhyNot.NO_HELD_OUT_PICTURES,
    }
    assert not found.report.knew_kinds


def test_figures_are_taken_once_and_again_where_anything_is_another(
    copied: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = copied["residual-vae"]
    first = measured(path)
    taken: list[object] = []
    real = model_measures.walk_figures
    monkeypatch.setattr(
        model_measures, "walk_figures", lambda features: taken.append(1) or real(features)
    )
    second = measured(path)
    assert not taken
    assert second.report == first.report
    assert (second.redrawn_NHWC == first.redrawn_NHWC).all()
    (kept,) = (path / "evaluations").glob("*-model.json")
    kept.write_text(kept.read_text().replace('"basis":"', '"basis":"0'))
    assert measured(path).report == first.report
    assert taken
    kept.write_text("no json")
    assert measured(path).report == first.report


def test_measuring_leaves_the_random_numbers_of_a_training_alone(copied: dict[str, Path]) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    measured(copied["residual-vae"])
    measured(copied["self-supervised-gan"])
    assert torch.equal(torch.get_rng_state(), before)


# --- costs ------------------------------------------------------------------------------------


def test_costs_are_those_of_the_checkpoint_and_of_the_record(copied: dict[str, Path]) -> None:
    path = copied["self-supervised-gan"]
    run = Run(path)
    cost = measured(path).cost
    model = load_model(run, run.checkpoint("best"))
    assert cost.draw_s > 0
    assert cost.drawn_at_once == 16
    assert cost.images_seen == 8
    assert cost.num_parameters == sum(it.numel() for it in model.network.state_dict().values())
    # The discriminator draws nothing.
    drawing = sum(it.numel() for it in model.network["generator"].parameters())
    assert cost.drawing_parameters == drawing
    (weights,) = path.glob("checkpoints/2/ema.safetensors")
    assert cost.weights_bytes == weights.stat().st_size
    assert cost.train_device.startswith("CPU")
    assert cost.train_memory_gib is not None
    assert 0.05 < cost.train_memory_gib < 100


def test_memory_is_the_most_that_was_noted_up_to_the_checkpoint(copied: dict[str, Path]) -> None:
    path = copied["residual-vae"]
    record = path / "events.jsonl"
    line = next(it for it in record.read_text().splitlines() if '"event":"StepDone"' in it)
    with record.open("a") as file:
        for step, memory in ((1, "77.5"), (2, "33"), (3, "99"), (1, "-5"), (1, "NaN")):
            started = line.split('"step":')[0] + f'"step":{step},'
            rest = line.split('"images_seen"', 1)[1].split('"memory_gib":')[0]
            file.write(f'{started}"images_seen"{rest}"memory_gib":{memory},"threads":1}}\n')
    assert measured(path).cost.train_memory_gib == 77.5
    record.unlink()
    cost = measured(path).cost
    assert (cost.train_memory_gib, cost.train_device) == (None, "")


class Halved(nn.Module):
    """Uses one of its two layers, and a weight without calling the module that has it."""

    def __init__(self) -> None:
        super().__init__()
        self.used, self.unused = nn.Linear(3, 5), nn.Linear(7, 11)
        self.lent = nn.Linear(5, 2, bias=False)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        device = next(self.unused.parameters()).device
        return nn.functional.linear(self.used(values), self.lent.weight).to(device)


class Drawing:
    """As much of a model as drawing takes."""

    def __init__(self) -> None:
        self.network = nn.ModuleDict({"drawing": Halved()})

    def run(self, _task: str, request: object) -> Iterator[object]:
        for seed in request.seeds:
            yield self.network["drawing"](torch.full((1, 3), float(seed % 7)))


def test_only_weights_that_take_part_in_drawing_are_counted() -> None:
    seconds, together, parameters = drawing_cost(Drawing(), None, 0)
    assert seconds > 0
    assert together == 1
    assert parameters == 3 * 5 + 5 + 5 * 2


# --- all together -----------------------------------------------------------------------------


def test_a_comparison_shows_all_of_it_in_a_page_of_its_own(
    copied: dict[str, Path], tmp_path: Path
) -> None:
    keys = ("residual-vae", "self-supervised-gan")
    done = drain(compare([copied[key] for key in keys], count=20))
    assert all(isinstance(run, ComparedRun) and run.cost is not None for run in done.runs)
    page = save_comparison(done, tmp_path / "report").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert page.count("data:image/png;base64,") == 5
    for words in ("What follows from it", "Only “Describe and redraw” can redraw", "PSNR",
                  "This model has no encoder", "million of them draw"):  # fmt: skip
        assert words in page, words
    assert "http:" not in page
    assert "https:" not in page
    assert not any(tag in page for tag in ("<script", "<link", "url(", "@import"))


def test_the_page_is_in_the_language_spoken(copied: dict[str, Path], tmp_path: Path) -> None:
    done = drain(compare([copied["residual-vae"]], count=20))
    speak("de")
    try:
        again = drain(compare([copied["residual-vae"]], count=20))
        page = save_comparison(again, tmp_path / "Bericht").read_text(encoding="utf-8")
    finally:
        speak(ENGLISH)
    assert '<html lang="de">' in page
    # Also what was judged, and said in English, before.
    english = [figure.verdict for card in FIGURES if (figure := done.runs[0].figure(card))]
    assert all(english)
    words = ["What follows", "The floor", "less is", "Architecture", "Figure", "step ", *english]
    assert not [it for it in words if html.escape(it) in page]


def test_unknown_kinds_of_figures_in_a_file_are_passed_over() -> None:
    content = ModelReport(num_pairs=3).model_dump_json()[:-1] + ',"later":1}'
    assert ModelReport.model_validate_json(content).num_pairs == 3


def test_pictures_in_parts_are_all_pictures(copied: dict[str, Path]) -> None:
    """More than a part holds, and not a multiple of it."""
    run = Run(copied["residual-vae"])
    own = drain(own_pictures(run))
    model = load_model(run, run.checkpoint("best"))
    looked = model_measures._Looked(run, model, None, own)
    whole = torch.cat(list(looked._parts(list(range(37)))))
    assert whole.shape == (37, 3, 32, 32)
    assert (
        np.abs((whole.permute(0, 2, 3, 1).numpy() + 1) * 127.5 - own.whole_NHWC[:37]).max() < 0.01
    )
