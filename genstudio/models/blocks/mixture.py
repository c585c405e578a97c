"""A mixture of Gaussians over latents, fitted after training: a prior that knows where they lie.

The latents of a VAE's training pictures fill the standard normal prior unevenly, and pictures
drawn from its gaps are bad. Fitting a density to them afterwards mends that (Ghosh et al. 2020,
arXiv:1903.12436, section 4). Here it is one of many small Gaussians: each spreads along the
directions in which its own latents lie apart, as in manifold Parzen windows (Vincent & Bengio 2002,
Advances in Neural Information Processing Systems 15, section 3), a little along those in which all
do, and along none less than the posterior of a picture does.

Where pictures have classes, each Gaussian is of one class: what a class is drawn from holds nothing
else, however rare it is. A class of few pictures has one, most of whose shape is what Gaussians of
all classes share.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

MOST_COMPONENTS = 256
_COMPONENT_NUMBERS = (1, 8, 32, 128, MOST_COMPONENTS)
# With fewer, a component spreads along directions that are chance.
_FEWEST_PER_COMPONENT = 8
# Numbers in all covariances together; with more, a fit takes a minute.
_MOST_NUMBERS = 2**24
# Directions that a component has of its own.
_DIRECTIONS = 16
# So many latents of its own weigh as much in a component's covariance as the shared one.
_SHRINKAGE = 10.0
_NUM_ITERATIONS = 12
_JITTER = 1e-4
# Every so many latents is left out of the fits that are compared.
_EVERY_LEFT_OUT = 5
_SEED = 0


@dataclass(frozen=True, slots=True)
class _Mixture:
    """K Gaussians over Z numbers, each with R directions of its own.

    The covariance of component k is ``own[k] ownᵀ[k] + shares[k] · shared sharedᵀ +
    diag(variances[k])``.

    Attributes:
        weights: (K,); their sum is 1.
        means: (K, Z).
        own: (K, Z, R).
        variances: (K, Z).
        shares: (K,), of what is shared.
        shared: Lower Cholesky factor (Z, Z).
    """

    weights: Tensor
    means: Tensor
    own: Tensor
    variances: Tensor
    shares: Tensor
    shared: Tensor

    def score(
        self,
        latents_NZ: Tensor,
        owners: Tensor | None = None,
        classes_N: Tensor | None = None,
    ) -> float:
        """Mean logarithm of the density at latents, in nats.

        Args:
            latents_NZ: Where.
            owners: The class of each component; None where all are of every class.
            classes_N: The class of each latent, whose components alone count for it. Latents of
                classes that have none count as all components explain them.
        """
        shared_covariance = self.shared @ self.shared.T
        constant = 0.5 * latents_NZ.shape[1] * math.log(2 * math.pi)
        logs: list[Tensor] = []
        # One after the other: all covariances at once would need gigabytes.
        for weight, mean, own, variances, share in zip(
            self.weights, self.means, self.own, self.variances, self.shares, strict=True
        ):
            covariance = own @ own.T + share * shared_covariance + torch.diag(variances)
            factor = torch.linalg.cholesky(covariance)
            off = torch.linalg.solve_triangular(factor, (latents_NZ - mean).T, upper=False)
            log_volume = factor.diagonal().log().sum()
            logs.append(weight.log() - 0.5 * off.square().sum(0) - log_volume - constant)
        stacked = torch.stack(logs)
        if owners is not None and classes_N is not None:
            is_own = owners[:, None] == classes_N
            is_own |= ~is_own.any(0)
            weights = self.weights[:, None] * is_own
            # Of the class alone: how frequent it is says nothing about where it lies.
            stacked = stacked.masked_fill(~is_own, -math.inf) - weights.sum(0).log()
        return stacked.logsumexp(0).mean().item()


class MixturePrior(nn.Module):
    """What latents are drawn from; the standard normal until something was fitted.

    Args:
        latent_size: Numbers in a latent.
        num_classes: Classes of pictures; may be 0.
    """

    def __init__(self, latent_size: int, num_classes: int = 0) -> None:
        super().__init__()
        self.weights: Tensor
        self.means: Tensor
        self.own: Tensor
        self.variances: Tensor
        self.shares: Tensor
        self.shared: Tensor
        self.class_counts: Tensor
        # Of fixed shapes, so that every checkpoint fits; components that are not used weigh
        # nothing.
        self.register_buffer("weights", torch.zeros(MOST_COMPONENTS))
        self.register_buffer("means", torch.zeros(MOST_COMPONENTS, latent_size))
        self.register_buffer("own", torch.zeros(MOST_COMPONENTS, latent_size, _DIRECTIONS))
        self.register_buffer("variances", torch.zeros(MOST_COMPONENTS, latent_size))
        self.register_buffer("shares", torch.zeros(MOST_COMPONENTS))
        self.register_buffer("shared", torch.zeros(latent_size, latent_size))
        # How many of each component's latents are of each class.
        self.register_buffer("class_counts", torch.ones(MOST_COMPONENTS, num_classes))
        self._take(_standard_normal(latent_size))

    @torch.no_grad()
    def fit(self, means_NZ: Tensor, variances_NZ: Tensor, labels_N: Tensor | None = None) -> None:
        """Fit to the posteriors of pictures; the same ones always give the same prior.

        The number of components is what explains left-out latents best, each by its class's
        components. Of one class, if none does better than the standard normal, that stays.

        Args:
            means_NZ: Mean of each picture's posterior.
            variances_NZ: Its variance.
            labels_N: Its class label, int64; None where there are no classes.
        """
        means = means_NZ.double().cpu()
        spread = variances_NZ.double().cpu().mean(0)
        if not (means.isfinite().all() and spread.isfinite().all()):
            # Weights that ran away describe nothing; whoever saves them notices.
            return
        num_classes = self.class_counts.shape[1]
        classes_N = torch.zeros(len(means), dtype=torch.long)
        if labels_N is not None:
            count = len(labels_N.unique())
            # With more classes than there is room for, all are fitted as one.
            if count <= MOST_COMPONENTS and count * means.shape[1] ** 2 <= _MOST_NUMBERS:
                classes_N = labels_N.cpu()
        left_out = torch.arange(len(means)) % _EVERY_LEFT_OUT == 0
        fitted_to, tried_on = means[~left_out], means[left_out]
        chosen = _standard_normal(means.shape[1])
        best, number = chosen.score(tried_on), 0
        if len(classes_N.unique()) > 1:
            # It knows no classes: where most latents lie like it, it would hide the rare ones.
            best = -math.inf
        for tried in _COMPONENT_NUMBERS:
            few = tried * _FEWEST_PER_COMPONENT > len(fitted_to)
            if few or tried * means.shape[1] ** 2 > _MOST_NUMBERS:
                break
            belongs_N = _clusters_of_classes(fitted_to, classes_N[~left_out], tried)
            mixture = _fitted(fitted_to, spread, belongs_N)
            owners = _owners(belongs_N, classes_N[~left_out])
            score = mixture.score(tried_on, owners, classes_N[left_out])
            if score > best:
                best, number = score, tried
        self.class_counts.fill_(1)
        if number:
            belongs_N = _clusters_of_classes(means, classes_N, number)
            chosen = _fitted(means, spread, belongs_N)
            if labels_N is not None:
                used = len(chosen.weights)
                pairs = belongs_N * num_classes + labels_N.cpu()
                counts = torch.bincount(pairs, minlength=used * num_classes)
                self.class_counts[:used] = counts.reshape(used, -1).to(self.class_counts)
        self._take(chosen)

    def _take(self, mixture: _Mixture) -> None:
        used = len(mixture.weights)
        self.weights.zero_()[:used] = mixture.weights
        self.means[:used] = mixture.means
        self.own[:used] = mixture.own
        self.variances[:used] = mixture.variances
        self.shares[:used] = mixture.shares
        self.shared.copy_(mixture.shared)

    def draw_any(self, count: int, labels: Tensor | None) -> Tensor:
        """Latents (count, Z) by seeds from torch's global generator, of classes (count, K)."""
        seeds = torch.randint(2**31, (count,)).tolist()
        wanted = torch.zeros(count, 0) if labels is None else labels.cpu()
        return self.draw(seeds, 1.0, wanted).to(self.means.device)

    def draw(
        self, seeds: Sequence[int], temperature: float, labels_NK: Tensor | None = None
    ) -> Tensor:
        """One latent for each seed, whoever else is drawn: (number of seeds, Z), on the CPU.

        Args:
            seeds: From 0 on.
            temperature: Scales how far latents are from the mean of their component.
            labels_NK: A one-hot row for each seed, or all 0; components are taken as often as their
                latents are of that class, where there are such.
        """
        weights, shared, counts = (
            it.float().cpu() for it in (self.weights, self.shared, self.class_counts)
        )
        classes_of_components = counts / counts.sum(1, keepdim=True).clamp_min(1)
        latent_size = len(shared)
        rows: list[Tensor] = []
        for row, seed in enumerate(seeds):
            generator = torch.Generator().manual_seed(seed)
            noise = torch.randn(2 * latent_size + _DIRECTIONS, generator=generator)
            shared_noise, diagonal_noise, subspace_noise = noise.split(
                [latent_size, latent_size, _DIRECTIONS]
            )
            likely = weights
            if labels_NK is not None:
                likely = weights * (classes_of_components @ labels_NK[row].float().cpu())
            which = int(
                torch.multinomial(likely if likely.any() else weights, 1, generator=generator)
            )
            own, variances, share, mean = (
                it[which].float().cpu()
                for it in (self.own, self.variances, self.shares, self.means)
            )
            off = (
                own @ subspace_noise
                + share.sqrt() * (shared @ shared_noise)
                + variances.sqrt() * diagonal_noise
            )
            rows.append(mean + temperature * off)
        return torch.stack(rows)

    def draw_rest(self, given_NG: Tensor, seeds: Sequence[int], temperature: float) -> Tensor:
        """The rest of latents whose first numbers are known: (N, Z - G), on the CPU.

        A component is taken as often as the known numbers are its, and the rest is drawn from its
        conditional Gaussian (Bishop 2006, Pattern Recognition and Machine Learning, section 2.3.1).

        Args:
            given_NG: What is known of each.
            seeds: One for each.
            temperature: Scales how far the rest is from its mean.
        """
        used = int((self.weights > 0).sum())
        weights, means, own, variances, shares, shared = (
            it.double().cpu()
            for it in (
                self.weights[:used],
                self.means[:used],
                self.own[:used],
                self.variances[:used],
                self.shares[:used],
                self.shared,
            )
        )
        covariances = own @ own.mT + shares[:, None, None] * (shared @ shared.T)
        covariances = covariances + torch.diag_embed(variances)
        known = given_NG.shape[1]
        factors = torch.linalg.cholesky(covariances[:, :known, :known])
        log_volumes = factors.diagonal(dim1=1, dim2=2).log().sum(1)
        rows: list[Tensor] = []
        for given, seed in zip(given_NG.double().cpu(), seeds, strict=True):
            generator = torch.Generator().manual_seed(seed)
            off = given - means[:, :known]
            white = torch.linalg.solve_triangular(factors, off[..., None], upper=False)[..., 0]
            logs = weights.log() - log_volumes - 0.5 * white.square().sum(1)
            which = int(torch.multinomial(logs.softmax(0), 1, generator=generator))
            across = covariances[which, known:, :known]
            solved = torch.cholesky_solve(torch.stack([off[which], *across], dim=1), factors[which])
            mean = means[which, known:] + across @ solved[:, 0]
            left = covariances[which, known:, known:] - across @ solved[:, 1:]
            factor = torch.linalg.cholesky((left + left.T) / 2)
            noise = torch.randn(len(mean), generator=generator).double()
            rows.append((mean + temperature * (factor @ noise)).float())
        return torch.stack(rows)


def _standard_normal(latent_size: int) -> _Mixture:
    zero = torch.zeros(1, latent_size, dtype=torch.float64)
    one = torch.ones(1, dtype=torch.float64)
    eye = torch.eye(latent_size, dtype=torch.float64)
    return _Mixture(one, zero, zero[..., None].expand(-1, -1, _DIRECTIONS), zero, one, eye)


def _fitted(latents_NZ: Tensor, spread_Z: Tensor, belongs_N: Tensor) -> _Mixture:
    """A Gaussian for each cluster.

    Args:
        latents_NZ: Means of posteriors.
        spread_Z: Mean variance of a posterior: pictures are no points, they lie in all of it.
        belongs_N: Number of each latent's cluster; every cluster has some.
    """
    number = int(belongs_N.max()) + 1
    counts = torch.bincount(belongs_N, minlength=number)
    means = torch.stack([latents_NZ[belongs_N == which].mean(0) for which in range(number)])
    off_NZ = latents_NZ - means[belongs_N]
    covariance = off_NZ.T @ off_NZ / len(latents_NZ)
    jitter = _JITTER * covariance.diagonal().mean().clamp_min(1)
    # One alone has the whole covariance, and no directions of its own.
    own_weights = counts / (counts + _SHRINKAGE) if number > 1 else torch.zeros(1)
    own = latents_NZ.new_zeros(number, latents_NZ.shape[1], _DIRECTIONS)
    variances = (spread_Z + jitter).repeat(number, 1)
    for which, (count, weight) in enumerate(zip(counts, own_weights, strict=True)):
        scaled = off_NZ[belongs_N == which].T * (weight / count).sqrt()
        directions, sizes, _ = torch.linalg.svd(scaled, full_matrices=False)
        kept = (directions * sizes)[:, :_DIRECTIONS]
        own[which, :, : kept.shape[1]] = kept
        # What lies along further ones is kept as if it had no direction.
        variances[which] += (scaled.square().sum(1) - kept.square().sum(1)).clamp_min(0)
    return _Mixture(
        weights=counts.double() / len(latents_NZ),
        means=means,
        own=own,
        variances=variances,
        shares=1 - own_weights.double(),
        shared=torch.linalg.cholesky(covariance + jitter * torch.eye(len(covariance))),
    )


def _clusters_of_classes(latents_NZ: Tensor, classes_N: Tensor, number: int) -> Tensor:
    """Number of each latent's cluster, none of which has latents of two classes: (N,).

    Each class has at least one, and more as it has more latents; about ``number`` together, and
    never more than there is room for.
    """
    room = MOST_COMPONENTS - len(classes_N.unique())
    belongs_N = torch.zeros_like(classes_N)
    begin = 0
    for which in classes_N.unique().tolist():
        is_own_N = classes_N == which
        count = int(is_own_N.sum())
        share = number * count // len(classes_N)
        own = min(max(1, min(share, count // _FEWEST_PER_COMPONENT)), 1 + room)
        room -= own - 1
        within = _clusters(latents_NZ[is_own_N], own)
        belongs_N[is_own_N] = begin + within
        begin += int(within.max()) + 1
    return belongs_N


def _owners(belongs_N: Tensor, classes_N: Tensor) -> Tensor:
    """The class of each cluster: (K,)."""
    owners = torch.zeros(int(belongs_N.max()) + 1, dtype=torch.long)
    owners[belongs_N] = classes_N
    return owners


def _clusters(latents_NZ: Tensor, number: int) -> Tensor:
    """Number of each latent's cluster by k-means, at most so many and none of them empty: (N,)."""
    belongs_N = _nearest_of_scattered(latents_NZ, number)
    for _ in range(_NUM_ITERATIONS if number > 1 else 0):
        members_NK = functional.one_hot(belongs_N).to(latents_NZ)
        centres = members_NK.T @ latents_NZ / members_NK.sum(0)[:, None]
        nearest_N = torch.cdist(latents_NZ, centres).argmin(1)
        belongs_N = nearest_N.unique(return_inverse=True)[1]
    return belongs_N


def _nearest_of_scattered(latents_NZ: Tensor, number: int) -> Tensor:
    """Number of the nearest of some centres for each latent, chosen as k-means++ does."""
    generator = torch.Generator().manual_seed(_SEED)
    first = int(torch.randint(len(latents_NZ), (1,), generator=generator))
    distances = (latents_NZ - latents_NZ[first]).square().sum(1, keepdim=True)
    while distances.shape[1] < number:
        nearest = distances.min(1).values
        following = int(torch.multinomial(nearest.clamp_min(1e-12), 1, generator=generator))
        further = (latents_NZ - latents_NZ[following]).square().sum(1, keepdim=True)
        distances = torch.cat([distances, further], dim=1)
    return distances.argmin(1).unique(return_inverse=True)[1]
