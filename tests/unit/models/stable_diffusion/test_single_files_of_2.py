"""Stable Diffusion 2 as one file: read as its networks are, and its answers as they are meant."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_sd2
import torch
from torch import Tensor, nn

from genstudio.domain.errors import SettingsError
from genstudio.models.stable_diffusion.answers import NOISE, VELOCITY, answers_said
from genstudio.models.stable_diffusion.drawing import Drawing, draw, make_scheduler
from genstudio.models.stable_diffusion.folders import SD2, read_base
from genstudio.models.stable_diffusion.layouts import layout_of, layout_parts
from genstudio.models.stable_diffusion.loading import LoadedBase, load_base
from genstudio.models.stable_diffusion.measuring import measured_answers

CPU = torch.device("cpu")
SAYS_NOISE = {"modelspec.prediction_type": "epsilon"}


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tiny_sd2.Parts:
    return tiny_sd2.make_parts(tiny_sd2.use_tiny_settings(monkeypatch, tmp_path))


def load(path: Path) -> LoadedBase:
    return load_base(read_base(path), CPU)


def test_the_published_settings_build_networks_of_the_published_sizes() -> None:
    import diffusers
    import transformers

    parts = layout_parts(SD2)
    with torch.device("meta"):
        unet = diffusers.UNet2DConditionModel.from_config(parts["unet/config.json"])
        config = transformers.CLIPTextConfig(**parts["text_encoder/config.json"])
        encoder = transformers.CLIPTextModel(config)

    def count(network: nn.Module) -> int:
        return sum(it.numel() for it in network.parameters())

    # As the model cards of 2 and 2.1 and OpenCLIP's ViT-H without its last layer have them.
    assert (count(unet), count(encoder)) == (865_910_724, 340_387_840)


def test_every_weight_of_a_file_comes_to_its_place(parts: tiny_sd2.Parts, tmp_path: Path) -> None:
    path = tiny_sd2.save_single(tmp_path / "two.safetensors", parts, SAYS_NOISE)

    base = read_base(path)
    loaded = load(path)

    assert base.kind == SD2
    for name, part in parts.items():
        theirs = dict(loaded.parts[name].named_parameters())
        assert theirs.keys() == dict(part.named_parameters()).keys()
        for key, weight in part.named_parameters():
            torch.testing.assert_close(theirs[key], weight, rtol=0, atol=1e-5, msg=key)


def test_prompts_are_read_as_open_clip_does_and_padded_with_zeros(
    parts: tiny_sd2.Parts, tmp_path: Path
) -> None:
    path = tiny_sd2.save_single(tmp_path / "two.safetensors", parts, SAYS_NOISE)

    read = load(path).read(["a photo of a cat"]).context

    ids = torch.tensor([[49406, 320, 1125, 539, 320, 2368, 49407, *[0] * 70]])
    with torch.no_grad():
        wanted: Any = parts["text_encoder"](ids)
    torch.testing.assert_close(read, wanted[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("metadata", "beside", "meaning", "source", "side"),
    [
        ({"modelspec.prediction_type": "v"}, "", VELOCITY, "the file says so", 768),
        ({"modelspec.prediction_type": "epsilon"}, "", NOISE, "the file says so", 512),
        ({"modelspec.architecture": "stable-diffusion-v2-768-v"}, "", VELOCITY, "the file", 768),
        ({"modelspec.architecture": "stable-diffusion-v2-512"}, "", NOISE, "the file", 512),
        ({}, '    parameterization: "v"  # as published\n', VELOCITY, "two.yaml beside it", 768),
        ({}, "      parameterization: eps\n", NOISE, "two.yaml beside it", 512),
        # The file itself knows best.
        (SAYS_NOISE, "  parameterization: v\n", NOISE, "the file says so", 512),
    ],
)
def test_what_is_said_of_its_answers_is_kept_to(
    parts: tiny_sd2.Parts,
    tmp_path: Path,
    metadata: dict[str, str],
    beside: str,
    meaning: str,
    source: str,
    side: int,
) -> None:
    path = tiny_sd2.save_single(tmp_path / "two.safetensors", parts, metadata)
    if beside:
        (tmp_path / "two.yaml").write_text(f"model:\n  params:\n{beside}    channels: 4\n")

    loaded = load(path)

    assert loaded.answers is not None
    assert (loaded.answers.meaning, loaded.side) == (meaning, side)
    assert source in loaded.answers.words
    assert loaded.answers.words in read_base(path).title
    assert make_scheduler(loaded, "DDIM").config.prediction_type == meaning


def test_where_nothing_says_so_it_is_measured(parts: tiny_sd2.Parts, tmp_path: Path) -> None:
    fitted(parts["unet"], 32, lambda noise, _: noise)
    path = tiny_sd2.save_single(tmp_path / "noise.safetensors", parts)
    noise = load(path).answers
    # Nearly all of a velocity is the picture, turned round (Salimans & Ho 2022, appendix D).
    fitted(parts["unet"], 32, lambda noise, seen: 0.068 * noise - 0.998 * seen)
    path = tiny_sd2.save_single(tmp_path / "velocity.safetensors", parts)
    assert "measured when it is loaded" in read_base(path).title
    velocity = load(path).answers

    assert noise is not None
    assert velocity is not None
    assert (noise.meaning, velocity.meaning) == (NOISE, VELOCITY)
    assert "measured" in noise.words
    assert load(path).side == 768


def fitted(unet: nn.Module, width: int, answer: Any) -> None:
    """Teach a network its answers at the last time step, of pictures with one pattern."""
    optimizer = torch.optim.Adam(unet.parameters(), lr=4e-3)
    generator = torch.Generator().manual_seed(0)
    rows = torch.linspace(-2, 2, 16)
    picture = (rows[:, None] * rows[None]).expand(2, 4, 16, 16)
    nothing = torch.zeros(2, 77, width)
    time = torch.tensor(999)
    for _ in range(60):
        noise = torch.randn(2, 4, 16, 16, generator=generator)
        noisy = 0.068 * picture + 0.998 * noise
        call: Any = unet
        told: Tensor = call(noisy, time, encoder_hidden_states=nothing, return_dict=False)[0]
        loss = (told - answer(noise, picture)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def test_measuring_says_what_it_found_and_refuses_what_is_neither() -> None:
    assert measured_answers("it", lambda noise: noise * 0.9 + 0.1).meaning == NOISE
    assert measured_answers("it", lambda noise: -0.3 * noise + noise.flip(-1)).meaning == VELOCITY
    assert measured_answers("it", torch.zeros_like).meaning == VELOCITY
    with pytest.raises(SettingsError, match="cannot be told") as caught:
        measured_answers("two.safetensors", lambda noise: noise + 1.3 * noise.flip(-1))
    assert "two.yaml" in caught.value.hint


def test_a_file_draws_what_its_parts_in_diffusers_draw(
    parts: tiny_sd2.Parts, tmp_path: Path
) -> None:
    import diffusers
    import transformers

    path = tiny_sd2.save_single(
        tmp_path / "two.safetensors", parts, {"modelspec.prediction_type": "v"}
    )
    loaded = load(path)
    *_, last = draw(loaded, Drawing(prompt="a red cat", size=(64, 64), steps=3, seed=5))

    with layout_of(SD2) as folder:
        tokenizer = transformers.CLIPTokenizer.from_pretrained(folder / "tokenizer")
    scheduler = diffusers.DPMSolverMultistepScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        timestep_spacing="leading",
        steps_offset=1,
        use_karras_sigmas=True,
    )
    pipeline = diffusers.StableDiffusionPipeline(
        **parts,
        tokenizer=tokenizer,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(
        "a red cat",
        height=64,
        width=64,
        num_inference_steps=3,
        generator=torch.Generator().manual_seed(5),
        output_type="np",
    ).images[0]
    assert np.abs(theirs * 255 - last.image_HWC).max() <= 0.51


def test_strange_settings_beside_a_file_say_nothing_or_are_refused(tmp_path: Path) -> None:
    path, beside = tmp_path / "two.safetensors", tmp_path / "two.yaml"
    generator = np.random.default_rng(0)

    for content in (b"", generator.bytes(4096), b"parameterization", b"parameterization: x0", b":"):
        beside.write_bytes(content)
        assert answers_said(path, {}) is None
    beside.write_bytes(b"#" * 2**19)
    with pytest.raises(SettingsError, match=r"two\.yaml cannot be read"):
        answers_said(path, {})
    beside.unlink()
    beside.mkdir()
    assert answers_said(path, {"modelspec.prediction_type": "unheard of"}) is None
