"""Gathers the processes that train a run together, on this machine or on several."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path

import torch
from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from torch import distributed
from torch.distributed import (
    FileStore,  # pyright: ignore[reportPrivateImportUsage]  # public, and not declared so
    Store,  # pyright: ignore[reportPrivateImportUsage]
)
from torch.distributed.rendezvous import (
    rendezvous,  # pyright: ignore[reportUnknownVariableType]
)

from genstudio.domain import events
from genstudio.domain.errors import DeviceError, SettingsError, TrainingError
from genstudio.domain.language import tr
from genstudio.domain.training import ComputeOptions
from genstudio.engine.device import plan_device
from genstudio.engine.job import TrainingJob
from genstudio.engine.process_group import ProcessGroup
from genstudio.engine.worker import END, run_worker

# Name of the command that a worker is started with, and of what tells it its place.
WORKER = "worker"
_PLACE = "GENSTUDIO_PROCESS_GROUP"
# What processes tell each other before they train.
_ARRIVED, _ACCELERATOR, _RUN = "arrived", "accelerator", "run"
# A paused run waits for as long as a person likes.
_PATIENCE = timedelta(days=365)
_POLL_S = 0.1
_FAREWELL_S = 10.0
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Which process this is among how many; the ``local`` ones are those of its machine."""

    rank: int
    size: int
    local_rank: int
    local_size: int
    # Where those meet that a main process has started; empty for those of a cluster.
    meeting: str = ""

    def process_group(self) -> ProcessGroup:
        return ProcessGroup(
            self.rank, self.size, local_rank=self.local_rank, local_size=self.local_size
        )

    def meet(self) -> Store:
        """What all processes can read and write."""
        if self.meeting:
            return FileStore(self.meeting, self.size)
        store, _, _ = next(rendezvous("env://", timeout=_PATIENCE))
        return store

    def join(self, store: Store, accelerator: str) -> None:
        """Be one of those that train together; returns when all are there."""
        if accelerator == "cpu":
            torch.set_num_threads(max(1, torch.get_num_threads() // self.local_size))
        if self.meeting and sys.platform != "win32":
            # Nothing of one machine shall listen to the network for this.
            loopback = "lo0" if sys.platform == "darwin" else "lo"
            os.environ["GLOO_SOCKET_IFNAME"] = os.environ["NCCL_SOCKET_IFNAME"] = loopback
        if accelerator == "cuda":
            torch.cuda.set_device(self.local_rank)
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if accelerator == "cuda" else "gloo",
            store=store,
            rank=self.rank,
            world_size=self.size,
            timeout=_PATIENCE,
        )


def check_launch(devices: int, nodes: int) -> None:
    """See that as many processes were started as a person wants devices.

    Args:
        devices: On each machine.
        nodes: Machines; of one, the processes are started by the program itself.

    Raises:
        SettingsError: They do not match.
    """
    place = _place_in_cluster()
    if place is not None and place.size != devices * nodes:
        raise SettingsError(
            tr(
                "{size} processes were started for {nodes} × {devices} devices",
                size=place.size,
                nodes=nodes,
                devices=devices,
            ),
            tr("Each device of each machine takes one process."),
            tr("Give --nodes the number of machines and --devices that of the devices in each."),
        )
    if place is None and nodes > 1:
        raise SettingsError(
            tr("Training on several machines is begun on all of them"),
            tr("This command was started on one."),
            tr(
                "Start it by “torchrun --nnodes {nodes} --nproc-per-node {devices} -m genstudio "
                "train …” on each, or by srun; all must see the project's folder.",
                nodes=nodes,
                devices=devices,
            ),
        )


def is_worker() -> bool:
    """Whether another process leads the run that this one was started for."""
    place = _own_place() or _place_in_cluster()
    return place is not None and place.rank > 0


def _own_place() -> _Place | None:
    told = os.environ.get(_PLACE)
    return _Place(**json.loads(told)) if told else None


def _place_in_cluster() -> _Place | None:
    """Place among the processes that torchrun or SLURM have started; None if they have not."""
    environment: ClusterEnvironment
    if TorchElasticEnvironment.detect():
        environment = TorchElasticEnvironment()
        machines = os.environ.get("GROUP_WORLD_SIZE", "1")
    elif SLURMEnvironment.detect():
        environment = SLURMEnvironment()
        machines = os.environ.get("SLURM_NNODES", "1")
        os.environ["MASTER_ADDR"] = environment.main_address
        os.environ["MASTER_PORT"] = str(environment.main_port)
        os.environ["WORLD_SIZE"] = str(environment.world_size())
        os.environ["RANK"] = str(environment.global_rank())
    else:
        return None
    if environment.world_size() == 1:
        return None
    return _Place(
        rank=environment.global_rank(),
        size=environment.world_size(),
        local_rank=environment.local_rank(),
        local_size=environment.world_size() // int(machines),
    )


class Launcher:
    """The processes that train one run, from the first one's point of view.

    Args:
        options: Device, precision and number of devices.
        run: Its folder, which all of them must see.

    Attributes:
        process_group: This process alone until the others have started.
    """

    def __init__(self, options: ComputeOptions, run: Path) -> None:
        self.process_group = ProcessGroup()
        self._run = run
        self._accelerator = plan_device(options.device, options.precision).accelerator
        count = options.devices
        self._is_in_cluster = (place := _place_in_cluster()) is not None
        self._place = place or _Place(rank=0, size=count, local_rank=0, local_size=count)
        self._folder: Path | None = None
        self._workers: list[subprocess.Popen[bytes]] = []
        self._threads = torch.get_num_threads()

    def start(self) -> Iterator[events.Preparing]:
        """Start the other processes, if nobody has, and wait until all are there.

        Raises:
            DeviceError: One of them ended before it began.
        """
        size = self._place.size
        if size == 1:
            return
        if not self._is_in_cluster:
            self._folder = Path(tempfile.mkdtemp(prefix="genstudio-workers-"))
            self._place = replace(self._place, meeting=str(self._folder / "meeting"))
        store = self._place.meet()
        store.set(_ACCELERATOR, self._accelerator)
        store.set(_RUN, str(self._run))
        if self._folder is not None:
            for rank in range(1, size):
                self._workers.append(self._start_worker(rank, self._folder / f"{rank}.log"))
        while (arrived := store.add(_ARRIVED, 0) + 1) < size:
            yield events.Preparing(what=tr("Waking the other devices"), done=arrived, total=size)
            self._refuse_dead_workers()
            time.sleep(_POLL_S)
        self._place.join(store, self._accelerator)
        self.process_group = self._place.process_group()

    def shutdown(self, *, is_done: bool) -> None:
        """Let the other processes end.

        Args:
            is_done: They wait for a message; otherwise their state is unknown.
        """
        if is_done and self.process_group.size > 1:
            # Who is gone already needs no farewell.
            with suppress(TrainingError, RuntimeError):
                self.process_group.broadcast(END)
                # Without it, some of them abort as they leave.
                distributed.barrier()  # pyright: ignore[reportUnknownMemberType]
        self._end_workers(at_once=not is_done)
        if self.process_group.size > 1:
            distributed.destroy_process_group()
        torch.set_num_threads(self._threads)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _start_worker(self, rank: int, told_in: Path) -> "subprocess.Popen[bytes]":
        place = replace(self._place, rank=rank, local_rank=rank)
        # A packaged program is started as itself, not as a module of an interpreter.
        program = [sys.executable] + ([] if hasattr(sys, "frozen") else ["-m", "genstudio"])
        with told_in.open("wb") as log:
            return subprocess.Popen(
                [*program, WORKER],
                env={**os.environ, _PLACE: json.dumps(asdict(place))},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def _refuse_dead_workers(self) -> None:
        for rank, worker in enumerate(self._workers, start=1):
            if worker.poll() is not None:
                assert self._folder is not None
                told = (self._folder / f"{rank}.log").read_text("utf-8", "replace").strip()
                raise DeviceError(
                    tr("A process for another device could not be started"),
                    told[-_LONGEST_REASON:],
                    tr("Train on one device meanwhile."),
                )

    def _end_workers(self, *, at_once: bool) -> None:
        for worker in self._workers:
            try:
                if at_once:
                    worker.kill()
                worker.wait(_FAREWELL_S)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()


def run_as_worker(job_of: Callable[[Path, ProcessGroup], TrainingJob]) -> None:
    """Help another process to train, from the beginning of its run to the end.

    Args:
        job_of: Gives what is to be known of a run, from its folder.

    Raises:
        GenStudioError: The run cannot be opened here, or the main process is gone.
    """
    place = _own_place() or _place_in_cluster()
    if place is None or place.rank == 0:
        raise SettingsError(
            tr("This command is for the program itself"), tr("It helps another process.")
        )
    store = place.meet()
    run, accelerator = (store.get(key).decode() for key in (_RUN, _ACCELERATOR))
    # From now on the main process, which is asked to end by the same signals, says when: it has
    # to save first.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    store.add(_ARRIVED, 1)
    place.join(store, accelerator)
    try:
        run_worker(job_of(Path(run), place.process_group()))
        distributed.barrier()  # pyright: ignore[reportUnknownMemberType]
    finally:
        distributed.destroy_process_group()
