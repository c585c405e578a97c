"""A mixture of Gaussians over latents, fitted after training: a prior that knows where they lie.

The latents of a VAE's training pictures fill the standard normal prior unevenly, and pictures
drawn from its gaps are bad. Fitting a density to them afterwards mends that (Ghosh et al. 2020,
arXiv:1903.12436, section 4): here a mixture by expectation maximisation (Dempster et al. 1977),
whose covariances are drawn towards the one that all components share, since a component has fewer
latents than a covariance has entries.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

MOST_COMPONENTS = 32
_COMPONENT_NUMBERS = (1, 8, 32)
_FEWEST_PER_COMPONENT = 16
# So many latents of its own weigh as much in a component's covariance as the shared one.
_SHRINKAGE = 50.0
_NUM_ITERATIONS = 15
_JITTER = 1e-4
# Every so many latents is left out of the fits that are compared.
_EVERY_LEFT_OUT = 5
_SEED = 0


@dataclass(frozen=True, slots=True)
class _Mixture:
    """Weights (K,) in logarithms, means (K, Z), and lower Cholesky factors (K, Z, Z)."""

    log_weights: Tensor
    means: Tensor
    factors: Tensor

    def log_densities(self, latents_NZ: Tensor) -> Tensor:
        """Logarithm of weight times density of each component at each latent: (N, K)."""
        off = (latents_NZ[None] - self.means[:, None]).transpose(1, 2)
        whitened = torch.linalg.solve_triangular(self.factors, off, upper=False)
        log_volumes = self.factors.diagonal(dim1=1, dim2=2).log().sum(1)
        constant = 0.5 * latents_NZ.shape[1] * math.log(2 * math.pi)
        distances = 0.5 * whitened.square().sum(1)
        return (self.log_weights[:, None] - distances - log_volumes[:, None] - constant).T

    def score(self, latents_NZ: Tensor) -> float:
        """Mean logarithm of the density, in nats."""
        return self.log_densities(latents_NZ).logsumexp(1).mean().item()


class MixturePrior(nn.Module):
    """What latents are drawn from; the standard normal until something was fitted.

    Args:
        latent_size: Numbers in a latent.
    """

    def __init__(self, latent_size: int) -> None:
        super().__init__()
        # Of fixed shapes, so that every checkpoint fits; components that are not used weigh
        # nothing.
        weights = torch.zeros(MOST_COMPONENTS)
        weights[0] = 1
        eye = torch.eye(latent_size).expand(MOST_COMPONENTS, -1, -1).clone()
        self.weights: Tensor
        self.means: Tensor
        self.factors: Tensor
        self.register_buffer("weights", weights)
        self.register_buffer("means", torch.zeros(MOST_COMPONENTS, latent_size))
        self.register_buffer("factors", eye)

    @torch.no_grad()
    def fit(self, means_NZ: Tensor, variances_NZ: Tensor) -> None:
        """Fit to the posteriors of pictures; the same ones always give the same prior.

        The number of components is what explains left-out latents best; if none does better
        than the standard normal, that stays.

        Args:
            means_NZ: Mean of each picture's posterior.
            variances_NZ: Its variance.
        """
        means = means_NZ.double().cpu()
        spread = variances_NZ.double().cpu().mean(0)
        if not (means.isfinite().all() and spread.isfinite().all()):
            # Weights that ran away describe nothing; whoever saves them notices.
            return
        left_out = torch.arange(len(means)) % _EVERY_LEFT_OUT == 0
        fitted_to, tried_on = means[~left_out], means[left_out]
        best, count = _standard_normal(means.shape[1]).score(tried_on), 0
        for number in _COMPONENT_NUMBERS:
            if number * _FEWEST_PER_COMPONENT > len(fitted_to):
                break
            score = _fitted(fitted_to, spread, number).score(tried_on)
            if score > best:
                best, count = score, number
        chosen = _fitted(means, spread, count) if count else _standard_normal(means.shape[1])
        used = len(chosen.means)
        self.weights.zero_()[:used] = chosen.log_weights.exp()
        self.means[:used] = chosen.means
        self.factors[:used] = chosen.factors

    def draw(self, seeds: Sequence[int], temperature: float) -> Tensor:
        """One latent for each seed, whoever else is drawn: (number of seeds, Z), on the CPU.

        Args:
            seeds: From 0 on.
            temperature: Scales how far latents are from the mean of their component.
        """
        weights, means, factors = (
            it.float().cpu() for it in (self.weights, self.means, self.factors)
        )
        rows: list[Tensor] = []
        for seed in seeds:
            generator = torch.Generator().manual_seed(seed)
            noise = torch.randn(means.shape[1], generator=generator)
            which = int(torch.multinomial(weights, 1, generator=generator))
            rows.append(means[which] + temperature * (factors[which] @ noise))
        return torch.stack(rows)


def _standard_normal(latent_size: int) -> _Mixture:
    eye = torch.eye(latent_size, dtype=torch.float64)[None]
    zero = torch.zeros(1, dtype=torch.float64)
    return _Mixture(zero, torch.zeros(1, latent_size, dtype=torch.float64), eye)


def _fitted(latents_NZ: Tensor, spread_Z: Tensor, number: int) -> _Mixture:
    """Expectation maximisation from centres that lie apart."""
    belongs = torch.nn.functional.one_hot(_nearest(latents_NZ, number), number).double()
    mixture = _maximised(latents_NZ, spread_Z, belongs)
    for _ in range(_NUM_ITERATIONS if number > 1 else 0):
        mixture = _maximised(latents_NZ, spread_Z, mixture.log_densities(latents_NZ).softmax(1))
    return mixture


def _nearest(latents_NZ: Tensor, number: int) -> Tensor:
    """The number of the nearest centre of each latent, centres chosen as k-means++ does."""
    generator = torch.Generator().manual_seed(_SEED)
    first = int(torch.randint(len(latents_NZ), (1,), generator=generator))
    distances = (latents_NZ - latents_NZ[first]).square().sum(1, keepdim=True)
    while distances.shape[1] < number:
        nearest = distances.min(1).values
        following = int(torch.multinomial(nearest.clamp_min(1e-12), 1, generator=generator))
        further = (latents_NZ - latents_NZ[following]).square().sum(1, keepdim=True)
        distances = torch.cat([distances, further], dim=1)
    return distances.argmin(1)


def _maximised(latents_NZ: Tensor, spread_Z: Tensor, belongs_NK: Tensor) -> _Mixture:
    """The best mixture if latents belong to components so much."""
    counts = belongs_NK.sum(0).clamp_min(1e-6)
    means = (belongs_NK.T @ latents_NZ) / counts[:, None]
    scatters = torch.stack(
        [
            (share[:, None] * (off := latents_NZ - mean)).T @ off
            for share, mean in zip(belongs_NK.T, means, strict=True)
        ]
    )
    shared = scatters.sum(0) / len(latents_NZ)
    own_weight = (counts / (counts + _SHRINKAGE))[:, None, None]
    covariances = own_weight * scatters / counts[:, None, None] + (1 - own_weight) * shared
    # Posteriors are no points: pictures lie in the whole of them.
    floor = torch.diag(spread_Z + _JITTER * shared.diagonal().mean().clamp_min(1))
    factors = torch.linalg.cholesky(covariances + floor)
    return _Mixture((counts / counts.sum()).log(), means, factors)
