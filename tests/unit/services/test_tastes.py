"""What stars and choices say together, and when they say nothing."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from simulated_artist import Discs, compared, warmth

from genstudio.domain.recipes import Recipe
from genstudio.domain.settings import Settings
from genstudio.services.choices import choose
from genstudio.services.gallery import Gallery
from genstudio.services.projects import Project, open_or_create
from genstudio.services.tastes import learn_project_taste


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return open_or_create(tmp_path / "Meadow")


def pictures(count: int) -> np.ndarray:
    discs = Discs()
    return discs.decode(discs.latents(range(count), Settings()), Settings())


def hang(project: Project, images_NHWC: np.ndarray) -> list[str]:
    names: list[str] = []
    with Gallery(project) as gallery:
        for seed, image in enumerate(images_NHWC):
            recipe = Recipe(
                software="GenStudio", model_key="toy", run="r", step=2, seed=seed,
                weights_sha256="ab" * 32, size=32, created=datetime(2026, 1, 31, tzinfo=UTC),
            )  # fmt: skip
            names.append(gallery.add(image, recipe).name)
    return names


def rate(project: Project, stars: dict[str, int]) -> None:
    with Gallery(project) as gallery:
        for name, given in stars.items():
            gallery.rate(name, given)


def test_stars_that_follow_what_is_seen_are_learned(project: Project) -> None:
    images = pictures(90)
    names = hang(project, images)
    by_warmth = np.argsort([warmth(it) for it in images[:60]])
    rate(project, {names[at]: 1 + rank // 12 for rank, at in enumerate(by_warmth)})

    learned = learn_project_taste(project, 32)
    assert learned.taste is not None
    assert learned.num_ratings == 60
    assert "60 ratings" in learned.words
    scores = learned.scores(images[60:]).numpy()
    truth = [warmth(it) for it in images[60:]]
    assert np.corrcoef(scores, truth)[0, 1] > 0.6


def test_choices_are_learned_and_pictures_that_have_gone_are_passed_over(project: Project) -> None:
    images = pictures(120)
    names = hang(project, images)
    for better, worse in compared(images, warmth, flips=0.0, seed=0):
        choose(project, names[better], names[worse])
    choose(project, "gone.png", names[0])
    choose(project, "../outside.png", names[0])

    learned = learn_project_taste(project, 32)
    assert learned.taste is not None
    assert (learned.num_ratings, learned.num_choices) == (0, 60)


def test_too_few_and_all_alike_are_told(project: Project) -> None:
    names = hang(project, pictures(30))
    rate(project, dict.fromkeys(names[:5], 4))
    learned = learn_project_taste(project, 32)
    assert learned.taste is None
    assert learned.words == "5 ratings so far: from 20 on, your taste can be learned."
    rate(project, dict.fromkeys(names, 4))
    learned = learn_project_taste(project, 32)
    assert learned.taste is None
    assert "all say the same" in learned.words


def test_stars_given_by_chance_steer_nothing(project: Project) -> None:
    names = hang(project, pictures(60))
    stars = np.random.default_rng(3).integers(1, 6, len(names))
    rate(project, {name: int(it) for name, it in zip(names, stars, strict=True)})
    learned = learn_project_taste(project, 32)
    assert learned.taste is None
    assert "do not agree with themselves" in learned.words
