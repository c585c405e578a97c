"""What the engine needs to know of a run that is on disk."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil

from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.modalities.catalog import MODALITIES
from genstudio.domain.datasets import Manifest
from genstudio.domain.progress import drain
from genstudio.domain.training import TrainingSettings
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.job import TrainingJob
from genstudio.engine.process_group import ProcessGroup
from genstudio.services.runs import Run

_SMALL_SHARE_OF_MEMORY = 0.125


def job_for(
    run: Run,
    settings: TrainingSettings,
    manifest: Manifest,
    cache: PictureCache,
    process_group: ProcessGroup,
    resume_from: Checkpoint | None,
) -> TrainingJob:
    """Put a run's parts together.

    Args:
        run: The run.
        settings: Its settings, which may have got another budget.
        manifest: What it learns from.
        cache: The decoded pictures.
        process_group: The processes that train it together.
        resume_from: The checkpoint to continue from; None starts anew.

    Raises:
        GenStudioError: Too few of its examples can be read.
    """
    modality = MODALITIES.get(settings.modality)
    return TrainingJob(
        settings=settings,
        dataset=modality.dataset(
            manifest,
            replace(cache, images_NHWC=_in_memory_if_small(cache.images_NHWC)),
            run.held_out,
            run.file.kinds,
            is_reversed=settings.reverse,
            words=run.file.words,
        ),
        run=run.path,
        checkpoints=run.store.folder,
        resume_from=resume_from,
        process_group=process_group,
    )


def workers_job(path: Path, process_group: ProcessGroup) -> TrainingJob:
    """What a process needs to know of a run that another one leads.

    Raises:
        ProjectError: The run or its pictures cannot be opened from here.
    """
    run = Run(path)
    project = run.project()
    manifest = project.load_manifest(run.file.dataset)
    run.held_out_of(manifest)
    # They are decoded already: the main process has them.
    work = build_cache(
        manifest,
        size=run.settings.size,
        cache_dir=project.dataset_folder(run.file.dataset),
        with_opacity=run.settings.transparency,
    )
    cache = drain(work)
    return job_for(run, run.settings, manifest, cache, process_group, None)


def _in_memory_if_small(images_NHWC: np.ndarray) -> np.ndarray:
    """Copy decoded pictures out of their file where that costs little.

    Reading a mapped file whose drive was unplugged kills the process; a copy trains on.
    """
    is_small = images_NHWC.nbytes < psutil.virtual_memory().available * _SMALL_SHARE_OF_MEMORY
    return np.array(images_NHWC) if is_small else images_NHWC
