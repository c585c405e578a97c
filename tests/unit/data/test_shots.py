"""Shots: cuts of rendered clips are found where they are, and motion and flashes are none."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio.data.samples import paint_flower
from genstudio.data.seen import moving, seen_in
from genstudio.data.shots import FrameFeatures, Shot, find_shots, shots_of
from genstudio.domain.errors import DatasetError
from genstudio.domain.progress import drain

SIDE = 64


def scene(number: int) -> np.ndarray:
    """A large picture of colours of its own, in which a camera can wander."""
    random = np.random.default_rng(number)
    small = random.integers(0, 256, (3, 4, 3), np.uint8)
    coarse = Image.fromarray(small).resize((3 * SIDE, 2 * SIDE), Image.Resampling.BICUBIC)
    page = np.array(coarse)
    flower = paint_flower(SIDE, seed=number, index=number)
    page[SIDE // 2 : SIDE // 2 + SIDE, SIDE : 2 * SIDE] = flower
    return page


def clip(
    lengths: list[int], *, seed: int = 0, speed: float = 1.0
) -> tuple[list[np.ndarray], list[int]]:
    """Frames of scenes through which a camera pans, with grain; and where they are cut."""
    random = np.random.default_rng(seed)
    frames: list[np.ndarray] = []
    cuts: list[int] = []
    for number, length in enumerate(lengths):
        page = scene(100 * seed + number)
        if frames:
            cuts.append(len(frames))
        for at in range(length):
            left = int(speed * at) % (2 * SIDE)
            frame = page[SIDE // 4 : SIDE // 4 + SIDE, left : left + SIDE].astype(np.int16)
            frame = frame + random.integers(-6, 7, frame.shape)
            frames.append(np.clip(frame, 0, 255).astype(np.uint8))
    return frames, cuts


def found_in(frames: list[np.ndarray]) -> list[Shot]:
    features = FrameFeatures()
    for number, frame in enumerate(frames):
        features.add(frame, number / 25)
    return find_shots(features, len(frames) / 25)


def test_cuts_are_found_and_pans_are_none() -> None:
    hits = wanted = found = 0
    for seed in range(8):
        random = np.random.default_rng(seed)
        frames, cuts = clip(
            random.integers(6, 40, 8).tolist(), seed=seed, speed=float(random.uniform(0, 3))
        )
        starts = [shot.first for shot in found_in(frames)][1:]
        hits += len(set(starts) & set(cuts))
        wanted += len(cuts)
        found += len(starts)
    assert 2 * hits / (wanted + found) >= 0.95


def test_shots_cover_the_clip_without_a_gap() -> None:
    frames, cuts = clip([20, 15, 30], seed=3)
    shots = found_in(frames)
    assert [shot.first for shot in shots] == [0, *cuts]
    assert shots[0].start_s == 0
    assert shots[-1].end_s == pytest.approx(len(frames) / 25)
    for one, other in pairwise(shots):
        assert one.last + 1 == other.first
        assert one.end_s == other.start_s
    assert all(shot.first <= shot.middle <= shot.last for shot in shots)


def test_a_flash_is_no_cut() -> None:
    frames, _ = clip([40], seed=4, speed=0.5)
    frames[20] = np.full_like(frames[20], 250)
    assert len(found_in(frames)) == 1


def test_black_between_two_scenes_is_a_shot_of_its_own() -> None:
    frames, _ = clip([15], seed=5)
    others, _ = clip([15], seed=6)
    shots = found_in([*frames, *[np.zeros_like(frames[0])] * 10, *others])
    assert [shot.is_black for shot in shots] == [False, True, False]


def test_one_shot_one_frame_and_black_throughout() -> None:
    frames, _ = clip([30], seed=7)
    assert len(found_in(frames)) == 1
    assert len(found_in(frames[:1])) == 1
    black = found_in([np.zeros((SIDE, SIDE, 3), np.uint8)] * 20)
    assert [shot.is_black for shot in black] == [True]


def test_motion_is_told_apart() -> None:
    still = found_in([scene(1)[:SIDE, :SIDE]] * 20)[0]
    slow = found_in(clip([30], seed=8, speed=0.6)[0])[0]
    fast = found_in(clip([30], seed=8, speed=4.0)[0])[0]
    assert moving(still.motion) == "still"
    assert still.motion < slow.motion < fast.motion


def test_of_a_film_only_so_much_is_looked_at(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="films need the extra “video”")
    frames, _ = clip([12, 12, 12], seed=9)
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=25, options={"bf": "0", "threads": "1"})
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            film.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        film.mux(stream.encode())
    shots, is_longer = drain(shots_of(path, most_seconds=60))
    assert ([shot.first for shot in shots], is_longer) == ([0, 12, 24], False)
    shots, is_longer = drain(shots_of(path, most_seconds=0.5))
    assert ([shot.first for shot in shots], is_longer) == ([0, 12], True)
    (tmp_path / "no.mp4").write_bytes(b"no film")
    with pytest.raises(DatasetError, match=r"no\.mp4"):
        drain(shots_of(tmp_path / "no.mp4", most_seconds=60))


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((220, 30, 30), "red"), ((240, 150, 20), "orange"), ((120, 70, 30), "brown"),
        ((240, 230, 40), "yellow"), ((40, 160, 60), "green"), ((30, 60, 200), "blue"),
        ((130, 40, 170), "purple"), ((250, 130, 190), "pink"), ((128, 128, 128), "grey"),
        ((250, 250, 250), "white"), ((5, 5, 8), "black"), ((40, 200, 200), "turquoise"),
    ],
)  # fmt: skip
def test_colours_have_their_names(colour: tuple[int, int, int], name: str) -> None:
    page = np.empty((40, 40, 3), np.uint8)
    page[:] = colour
    assert seen_in(page).colours == (name,)


def test_light_and_detail_are_told() -> None:
    dark = np.full((40, 40, 3), 20, np.uint8)
    assert seen_in(dark).light == "dark"
    assert seen_in(dark).detail == "smooth"
    assert not seen_in(dark).is_black
    assert seen_in(np.zeros((40, 40, 3), np.uint8)).is_black
    board = np.kron(np.indices((20, 20)).sum(0) % 2 * 255, np.ones((2, 2))).astype(np.uint8)
    seen = seen_in(np.repeat(board[..., None], 3, axis=2))
    assert seen.detail == "finely textured"
