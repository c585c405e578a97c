"""The Fréchet distance, where it is known, and pictures as the network takes them."""

import numpy as np
import pytest
import torch
from PIL import Image

from genstudio.metrics.fid import RESIZINGS, Moments, Resizing, frechet_distance, resized, seen_by
from genstudio.metrics.inception import Inception


def moments(rows_NC: torch.Tensor, parts: int = 1) -> Moments:
    found = Moments(rows_NC.shape[1])
    for part in rows_NC.tensor_split(parts):
        found.add(part)
    return found


def gaussian(mean: torch.Tensor, covariance: torch.Tensor) -> Moments:
    """Rows whose mean and covariance are exactly these."""
    rows = torch.randn(50, len(mean), generator=torch.Generator().manual_seed(0)).double()
    rows = rows - rows.mean(0)
    white = torch.linalg.solve_triangular(
        torch.linalg.cholesky(rows.T.cov()), rows.T, upper=False
    ).T
    values, vectors = torch.linalg.eigh(covariance)
    return moments(white @ (vectors * values.clamp_min(0).sqrt()).T + mean)


def test_moments_are_those_of_all_rows_however_they_arrive() -> None:
    rows = torch.randn(101, 5, generator=torch.Generator().manual_seed(0)).double() + 3
    found = moments(rows, parts=7)

    assert found.count == 101
    torch.testing.assert_close(found.mean, rows.mean(0))
    torch.testing.assert_close(found.covariance, rows.T.cov())


def test_of_known_gaussians_it_is_what_the_formula_gives() -> None:
    mean = torch.tensor([1.0, -2.0, 2.0]).double()
    eye = torch.eye(3).double()
    here = gaussian(torch.zeros(3).double(), eye)

    # Moved: the squared length. Spread along the axes: squared differences of deviations.
    assert frechet_distance(here, gaussian(mean, eye)) == pytest.approx(9)
    spread = torch.tensor([1.0, 4.0, 9.0]).double()
    assert frechet_distance(here, gaussian(mean, spread.diag())) == pytest.approx(9 + 0 + 1 + 4)


def test_of_turned_gaussians_it_agrees_with_the_square_root_of_the_product() -> None:
    generator = torch.Generator().manual_seed(1)
    one, other = (torch.randn(6, 6, dtype=torch.float64, generator=generator) for _ in range(2))
    one, other = one @ one.T, other @ other.T
    roots = torch.linalg.eigvals(one @ other).real.clamp_min(0).sqrt().sum()
    expected = (one.trace() + other.trace() - 2 * roots).item()
    zero = torch.zeros(6).double()

    found = frechet_distance(gaussian(zero, one), gaussian(zero, other))
    assert found == pytest.approx(expected, rel=1e-6)
    assert found == pytest.approx(frechet_distance(gaussian(zero, other), gaussian(zero, one)))


def test_flat_and_equal_clouds_are_no_trouble() -> None:
    # Fewer rows than numbers: the covariance has no inverse, and rounding makes it indefinite.
    generator = torch.Generator().manual_seed(2)
    few, others = (1000 + torch.randn(10, 40, generator=generator) for _ in range(2))

    assert frechet_distance(moments(few), moments(few)) == pytest.approx(0, abs=1e-6)
    assert 0 < frechet_distance(moments(few), moments(others)) < 200
    assert frechet_distance(moments(torch.ones(9, 4)), moments(torch.ones(5, 4))) == 0


@pytest.mark.parametrize("resizing", RESIZINGS)
def test_pictures_are_resized_and_brought_into_the_range(resizing: Resizing) -> None:
    ends = np.stack([np.zeros((32, 32, 3), np.uint8), np.full((32, 32, 3), 255, np.uint8)])
    found = resized(ends, resizing)

    assert found.shape == (2, 3, 299, 299)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found[0], torch.full_like(found[0], -1))
    torch.testing.assert_close(found[1], torch.full_like(found[1], 1))


def test_clean_looks_at_all_pixels_and_legacy_at_neighbours_only() -> None:
    # Fine lines over four times the side become even grey, unless most pixels are passed over.
    side = 4 * 299
    lines = np.zeros((1, side, side, 3), np.uint8)
    lines[:, ::4] = 255
    clean, legacy = resized(lines, "clean"), resized(lines, "legacy")

    assert clean[:, :, 5:-5].std() < 0.01
    assert clean.mean() == pytest.approx(-0.5, abs=0.01)
    assert abs(legacy.mean() - clean.mean()) > 0.4


def test_clean_is_what_an_image_program_does() -> None:
    picture = np.random.default_rng(0).integers(80, 170, (64, 64, 3), np.uint8)
    found = (resized(picture[None], "clean")[0].permute(1, 2, 0) + 1) * 127.5
    rounded = Image.fromarray(picture).resize((299, 299), Image.Resampling.BICUBIC)

    assert np.abs(found.numpy() - np.asarray(rounded, np.float32)).max() < 1.1


def test_pictures_are_looked_at_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def mean_colours(images_NCHW: torch.Tensor) -> torch.Tensor:
        assert len(images_NCHW) <= 4
        return images_NCHW.mean(dim=(2, 3)).repeat(1, 1)

    monkeypatch.setattr("genstudio.metrics.fid._AT_A_TIME", 4)
    monkeypatch.setattr("genstudio.metrics.fid.Moments", lambda: Moments(3))
    network = Inception.__new__(Inception)
    monkeypatch.setattr(Inception, "__call__", lambda _, images: mean_colours(images))
    shades = np.arange(10, dtype=np.uint8).repeat(32 * 32 * 3).reshape(10, 32, 32, 3)

    counts = [known["clean"].count for known in seen_by(network, iter(shades))]
    *_, last = seen_by(network, iter(shades))

    assert counts == [4, 8, 10]
    for resizing in RESIZINGS:
        torch.testing.assert_close(last[resizing].mean.float(), torch.full((3,), 4.5 / 127.5 - 1))
