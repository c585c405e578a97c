"""Where a run is computed and with what: device, precision, processes, threads, memory."""

from collections.abc import Callable

from lightning_fabric import Fabric

from genstudio.domain.training import ComputeOptions
from genstudio.engine.device import DevicePlan, plan_device, prefer_fast_kernels
from genstudio.engine.memory import MemoryGuard, keep_freed_memory
from genstudio.engine.process_group import ProcessGroup
from genstudio.engine.threads import Threads


class Compute:
    """What computes a run.

    Args:
        options: Device and precision, as asked for.
        process_group: The processes that take each step together.
        useful_threads: Tells how many threads a step has work for; asked once at most.

    Attributes:
        process_group: The processes that take each step together.
        plan: The device and precision that are used.
        fabric: Autocast, loss scale and gradient clipping.
        threads: Those of the processor that a step takes.
        memory: Does what may need more memory than there is.

    Raises:
        DeviceError: The device or precision is not to be had here.
    """

    def __init__(
        self,
        options: ComputeOptions,
        process_group: ProcessGroup,
        useful_threads: Callable[[], int],
    ) -> None:
        self.process_group = process_group
        self.plan: DevicePlan = plan_device(
            options.device, options.precision, process_group.local_size
        )
        accelerator = self.plan.accelerator
        self.fabric = Fabric(
            accelerator=accelerator,
            devices=[process_group.local_rank] if accelerator == "cuda" else 1,
            precision=self.plan.fabric_precision,
        )
        prefer_fast_kernels(accelerator)
        # Cores are looked at while the models are built.
        self.threads = Threads(useful_threads, steered=accelerator == "cpu")
        self._kept_memory = keep_freed_memory(accelerator)
        self.memory = MemoryGuard(accelerator)

    @property
    def device_name(self) -> str:
        """For people, such as "2 × CPU, 1 thread"."""
        several = f"{self.process_group.size} × " if self.process_group.size > 1 else ""
        return several + self.plan.name

    def loss_scale(self) -> dict[str, int | float]:
        """State of the loss scale of fp16; empty in other precisions."""
        return self.fabric.strategy.precision.state_dict()

    def restore_loss_scale(self, state: dict[str, int | float]) -> None:
        """Put back what :meth:`loss_scale` gave."""
        if state:
            self.fabric.strategy.precision.load_state_dict(state)
