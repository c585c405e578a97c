"""How much pictures of a set differ from each other."""

import torch
from torch import Tensor


def mean_distance(features_NC: Tensor) -> float:
    """Mean distance between two different pictures of a set, (N, D); 0 if all are the same."""
    count = len(features_NC)
    assert count > 1, "a distance needs two pictures"
    return (torch.cdist(features_NC, features_NC).double().sum() / (count * (count - 1))).item()


def relative_diversity(made_NC: Tensor, real_mean_distance: float) -> float:
    """Mean distance of generated images, (N, D), where that of the real ones is 1.

    Args:
        made_NC: Features of the generated images.
        real_mean_distance: What :func:`mean_distance` gives for the real ones.
    """
    return mean_distance(made_NC) / max(real_mean_distance, 1e-6)
