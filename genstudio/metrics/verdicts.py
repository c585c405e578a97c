"""What figures mean, in words for people who make pictures."""

from genstudio.domain.language import tr

# As far from the floor as chance alone seldom goes: real pictures lie within it 19 times of 20.
_CHANCE_SDS = 2.0
_FAR_SDS = 10.0
# Alarm of genstudio's recipes: up to here, chance and near-duplicates explain it.
_MANY_COPIES = 0.03


def standing(value: float, floor: float, floor_sd: float) -> float:
    """How far a figure is above its floor, in standard deviations of the floor."""
    return (value - floor) / max(floor_sd, 1e-9)


def on_swd(sds: float) -> str:
    """On the sliced Wasserstein distance: how the surface looks."""
    if sds <= _CHANCE_SDS:
        return tr("Colours, edges and textures are those of your pictures.")
    how = tr("somewhat") if sds <= _FAR_SDS else tr("clearly")
    return tr("Colours, edges or textures differ {how} from those of your pictures.", how=how)


def on_kid(sds: float) -> str:
    """On the kernel distance: whether they could be told apart as a whole."""
    if sds <= _CHANCE_SDS:
        return tr("As a whole, they cannot be told from your pictures.")
    how = tr("can be told") if sds <= _FAR_SDS else tr("can easily be told")
    return tr("As a whole, they {how} from your pictures.", how=how)


def on_density(sds: float) -> str:
    """On density: how believable single pictures are."""
    if sds >= -_CHANCE_SDS:
        return tr("Single pictures look like pictures of yours.")
    how = tr("Some pictures look") if sds >= -_FAR_SDS else tr("Many pictures look")
    return tr("{how} unlike any of yours: blurred, noisy or misshapen.", how=how)


def on_coverage(value: float, floor: float, sds: float) -> str:
    """On coverage: what was forgotten."""
    if sds >= -_CHANCE_SDS:
        return tr("All kinds of your pictures occur.")
    missing = round(100 * (1 - value / max(floor, 1e-9)))
    return tr("Nothing like {missing} % of your pictures occurs.", missing=missing)


def on_diversity(value: float, sds: float) -> str:
    """On diversity: how much pictures differ from each other."""
    if abs(sds) <= _CHANCE_SDS:
        return tr("They differ from each other as much as your pictures do.")
    more = tr("more") if sds > 0 else tr("less")
    return tr(
        "They differ {more} from each other than your pictures do ({value:.0%} of it).",
        more=more,
        value=value,
    )


def on_copies(share: float, usual: float, sds: float) -> str:
    """On copies: whether it draws or repeats."""
    if share <= max(_MANY_COPIES, usual) or sds <= _CHANCE_SDS:
        return tr("It does not repeat training pictures more than chance explains.")
    return tr(
        "{share:.0%} nearly repeat a training picture: look at the nearest pairs.", share=share
    )
