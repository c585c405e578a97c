"""Quality of translations is measured on what the network does, not on steps after it."""

from unittest import mock

from tiny_studio import dataset_for, flowers_NHWC

from genstudio.domain import metric_names
from genstudio.domain.operations import TRANSLATE
from genstudio.engine.translation_quality import TranslationMeter
from genstudio.models.catalog import model_class
from genstudio.models.tasks import task_of


def test_a_learned_style_is_measured_as_it_paints_in_bulk() -> None:
    dataset = dataset_for("fast-style", flowers_NHWC(6))
    kind = model_class("fast-style")
    model = kind(kind.Config(), dataset.spec)
    task = task_of(model, TRANSLATE)
    with mock.patch.object(model, "run", wraps=model.run) as run:
        figures = TranslationMeter(dataset).measure(model, lambda: False)
    ((_, request), _) = run.call_args
    assert request.settings == task.settings.model_validate(task.in_bulk)
    assert request.settings != task.settings()
    # It is next to the identity before it learned.
    assert figures[metric_names.LUMINANCE_CORRELATION] > 0.9
