"""What the engine needs to know of a run that is on disk."""

from pathlib import Path

from genstudio.domain.datasets import Manifest
from genstudio.domain.progress import drain
from genstudio.domain.training import TrainingSettings
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.job import TrainingJob
from genstudio.engine.process_group import ProcessGroup
from genstudio.services.decoding import Decoded, dataset_of, decoded_to_learn
from genstudio.services.lessons import load_lesson
from genstudio.services.runs import Run, as_begun


def job_for(
    run: Run,
    settings: TrainingSettings,
    manifest: Manifest,
    cache: Decoded,
    process_group: ProcessGroup,
    resume_from: Checkpoint | None,
) -> TrainingJob:
    """Put a run's parts together.

    Args:
        run: The run.
        settings: Its settings, which may have got another budget.
        manifest: What it learns from.
        cache: Its decoded files.
        process_group: The processes that train it together.
        resume_from: The checkpoint to continue from; None starts anew.

    Raises:
        GenStudioError: Too few of its examples can be read, or its lesson is damaged.
    """
    # Manifests from before materials were noted in them are of pictures.
    manifest = manifest.model_copy(update={"modality": settings.modality})
    return TrainingJob(
        settings=settings,
        dataset=dataset_of(
            manifest,
            cache,
            run.held_out,
            run.file.kinds,
            is_reversed=settings.reverse,
            words=run.file.words,
        ),
        run=run.path,
        checkpoints=run.store.folder,
        resume_from=resume_from,
        process_group=process_group,
        lesson=load_lesson(run.path, settings.lesson) if settings.lesson else None,
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
    dataset = project.dataset_folder(run.file.dataset)
    cache = drain(decoded_to_learn(manifest, as_begun(run.settings), dataset))
    return job_for(run, as_begun(run.settings), manifest, cache, process_group, None)
