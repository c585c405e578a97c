"""Checks of the main job: look through pictures, train, go on."""

from collections.abc import Iterable

from genstudio.data.samples import make_sample_folder
from genstudio.data.scan import scan_folder
from genstudio.domain import events
from genstudio.domain.progress import drain
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.trainer import NoCommands
from genstudio.selftest.place import Place, SelfTestError
from genstudio.services.presets import resolve_settings
from genstudio.services.training import NewRun, resume_run, start_run

NUM_PICTURES = 24
_SIDE = 48
_STEPS, _MORE_STEPS = 4, 6


def small_settings(model_key: str, steps: int, **model: object) -> TrainingSettings:
    """Settings of a run of seconds, on the processor."""
    return resolve_settings(
        preset="quick",
        model_key=model_key,
        training={
            "size": 32,
            "batch": 4,
            "seed": 1,
            "device": "cpu",
            "budget": {"unit": "steps", "amount": steps},
        },
        model=model,
    )


def trained(told: Iterable[events.Event]) -> events.Finished:
    """Let a run come to its end.

    Raises:
        SelfTestError: It did not finish.
    """
    last = None
    for event in told:
        last = event
    if isinstance(last, events.Failed):
        raise SelfTestError(last.title, last.message, last.traceback)
    if not isinstance(last, events.Finished):
        raise SelfTestError("The training ended without finishing", f"It said last: {last}")
    return last


def scan(place: Place) -> str:
    """Draw flowers and look through them."""
    for _ in make_sample_folder(place.pictures, count=NUM_PICTURES, size=_SIDE):
        pass
    report = drain(scan_folder(place.pictures))
    if len(report.pictures) != NUM_PICTURES:
        raise SelfTestError("Not all pictures were found", str(report))
    return f"{NUM_PICTURES} flowers drawn, looked through, all usable"


def train(place: Place) -> str:
    """Train a small model for some steps."""
    settings = small_settings("residual-vae", _STEPS, width=32, latent_size=8)
    request = NewRun(folder=place.pictures, project=place.project, settings=settings)
    ending = trained(start_run(request, NoCommands()))
    place.trained = ending.run
    return f"a small model for {ending.step} steps, saved and checked"


def resume(place: Place) -> str:
    """Go on with the trained run from its checkpoint."""
    budget = Budget(unit="steps", amount=_MORE_STEPS)
    ending = trained(resume_run(place.run(), NoCommands(), budget=budget))
    if ending.step != _MORE_STEPS:
        raise SelfTestError("The run did not go on where it was", f"It is at step {ending.step}.")
    return f"from step {_STEPS} to step {ending.step}"
