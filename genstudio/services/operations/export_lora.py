"""Operation "export-lora": what a run learned, as a file that other programs use."""

from collections.abc import Generator
from typing import ClassVar, Final

from genstudio.domain.artifacts import LORA, Artifact
from genstudio.domain.cards import HAS_LORA
from genstudio.domain.language import tr
from genstudio.domain.operations import EXPORT_LORA, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.capabilities import HasLora
from genstudio.models.protocol import TrainableModel
from genstudio.models.stable_diffusion.lora_files import Layout, lora_tensors
from genstudio.services.generation import load_model
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run


class ExportLoraSettings(Settings):
    """What a person chooses."""

    layout: Layout = setting(
        "kohya",
        title="For which programs — layout",
        help="“kohya” is read by ComfyUI, AUTOMATIC1111, diffusers and GenStudio; “diffusers” is "
        "the layout of diffusers itself. The effect is the same.",
    )


class ExportLora:
    """One file for a run."""

    card: ClassVar[OperationCard] = OperationCard(
        key=EXPORT_LORA,
        title="Save a LoRA",
        summary="Saves what a LoRA run learned as a file for this program, ComfyUI, "
        "AUTOMATIC1111 and others.",
        output=LORA,
        needs_model=True,
        capability=HAS_LORA,
        icon="package",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """The same always."""
        del model
        return ExportLoraSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Save it."""
        settings, run = request.settings, request.run
        assert isinstance(settings, ExportLoraSettings)
        assert run is not None
        checkpoint = run.checkpoint(request.checkpoint)
        model = load_model(run, checkpoint)
        assert isinstance(model, HasLora)
        name = run.project().name
        yield Made(
            artifact=Artifact(kind=LORA, data=lora_tensors(model.lora(name), settings.layout)),
            recipe=made_by_run(self.card.key, request, checkpoint, files=[]),
            name=f"{name}-{checkpoint.state.step}",
        )
        yield Progress(tr("Saving"), 1, 1)


OPERATION: Final[Operation] = ExportLora()
