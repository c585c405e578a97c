from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genstudio.models.sampling import to_uint8
from genstudio.models.stable_diffusion.drawing import SAMPLERS, Drawing, draw, make_scheduler
from genstudio.models.stable_diffusion.folders import SDXL
from genstudio.models.stable_diffusion.loading import LoadedBase, import_diffusers

SIDE = 64
Drawn = Callable[..., np.ndarray]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_it_draws_what_the_pipeline_of_diffusers_does(
    sampler: str, folder: Path, loaded: LoadedBase, drawn: Drawn
) -> None:
    diffusers = import_diffusers()
    is_xl = loaded.base.kind == SDXL
    more: dict[str, Any] = {} if is_xl else {"safety_checker": None}
    chosen = diffusers.StableDiffusionXLPipeline if is_xl else diffusers.StableDiffusionPipeline
    pipeline = chosen.from_pretrained(folder, local_files_only=True, **more)
    pipeline.scheduler = make_scheduler(loaded, sampler)
    pipeline.set_progress_bar_config(disable=True)

    theirs = pipeline(
        "a red cat",
        negative_prompt="blurred",
        height=SIDE,
        width=SIDE,
        num_inference_steps=4,
        guidance_scale=7.5,
        generator=torch.Generator().manual_seed(5),
        output_type="np",
    ).images[0]

    # Half a level is rounding.
    ours = drawn(sampler=sampler, negative="blurred")
    assert np.abs(theirs * 255 - ours).max() <= 0.51
    assert ours.std() > 5


def test_one_seed_is_one_picture_and_another_is_another(drawn: Drawn) -> None:
    first = drawn()

    assert np.array_equal(first, drawn())
    assert not np.array_equal(first, drawn(seed=6))
    assert not np.array_equal(first, drawn(prompt="a blue dog"))
    assert not np.array_equal(first, drawn(negative="red"))


def test_the_less_may_change_the_more_of_a_picture_stays(loaded: LoadedBase, drawn: Drawn) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    image = torch.as_tensor(picture).permute(2, 0, 1)[None] / 127.5 - 1
    # As far as its autoencoder, which learned nothing, lets anything stay.
    with torch.no_grad():
        stays = to_uint8(loaded.decode(loaded.encode(image)[0]))[0].astype(int)
    near, far = (
        np.abs(drawn(picture_HWC=picture, strength=it, steps=20, guidance=1.0) - stays).mean()
        for it in (0.05, 1.0)
    )

    assert near < far


def test_outside_of_a_mask_a_picture_stays_to_the_last_bit(drawn: Drawn) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[16:40, 24:48] = 1

    made = drawn(picture_HWC=picture, mask_HW=mask)

    assert np.array_equal(made[mask == 0], picture[mask == 0])
    assert (made[mask == 1] != picture[mask == 1]).mean() > 0.5


def test_it_is_shown_while_it_becomes_and_stops_between_steps(loaded: LoadedBase) -> None:
    stages = draw(loaded, Drawing(prompt="x", size=(SIDE, 2 * SIDE), steps=5))
    first, second = next(stages), next(stages)
    stages.close()

    assert (first.done, second.done, first.total) == (0, 1, 5)
    assert first.image_HWC.shape == (SIDE // 8, 2 * SIDE // 8, 3)
    assert not np.array_equal(first.image_HWC, second.image_HWC)
    # Another one can begin: nothing is held.
    assert loaded.lock.acquire(blocking=False)
    loaded.lock.release()


def test_what_is_too_long_to_be_read_is_told(loaded: LoadedBase) -> None:
    # Letters are tokens here: 77 less the beginning and the end.
    assert loaded.read(["short"]).left_out == ""
    assert loaded.read(["a" * 90]).left_out == "a" * 15


def test_gradients_of_others_are_left_alone_while_it_pauses(loaded: LoadedBase) -> None:
    for _ in draw(loaded, Drawing(prompt="x", size=(SIDE, SIDE), steps=2)):
        assert torch.is_grad_enabled()


def test_a_network_that_fills_holes_gets_the_mask(tmp_path: Path) -> None:
    import tiny_diffusion

    from genstudio.models.stable_diffusion.folders import read_base
    from genstudio.models.stable_diffusion.loading import load_base

    place = tiny_diffusion.save_folder(tmp_path / "fills", in_channels=9)
    fills = load_base(read_base(place))
    picture = np.full((SIDE, SIDE, 3), 90, np.uint8)
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[:32] = 1

    def drawn(**changes: Any) -> np.ndarray:
        return [*draw(fills, Drawing(prompt="x", size=(SIDE, SIDE), steps=2, **changes))][
            -1
        ].image_HWC

    made = drawn(picture_HWC=picture, mask_HW=mask)
    assert np.array_equal(made[32:], picture[32:])
    assert not np.array_equal(
        made[:32], drawn(picture_HWC=picture, mask_HW=np.ones_like(mask))[:32]
    )
    assert drawn().shape == (SIDE, SIDE, 3)
