"""All that the window knows: the state of each part of the program."""

from PySide6.QtCore import QObject

from genstudio.domain.language import tr
from genstudio.services.projects import Project
from genstudio.ui.bridge import Bridge
from genstudio.ui.state.captions import CaptionsState
from genstudio.ui.state.comparison import ComparisonState
from genstudio.ui.state.create import CreateState
from genstudio.ui.state.crops import CropsState
from genstudio.ui.state.dataset import DatasetState
from genstudio.ui.state.exchange import ExchangeState
from genstudio.ui.state.exploring import ExploringState
from genstudio.ui.state.figures import FiguresState
from genstudio.ui.state.first_pictures import FirstPicturesState
from genstudio.ui.state.fit import FitState
from genstudio.ui.state.gallery import GalleryState
from genstudio.ui.state.key_frames import KeyFramesState
from genstudio.ui.state.materials import MaterialsState
from genstudio.ui.state.project import ProjectState
from genstudio.ui.state.queue import QueueState
from genstudio.ui.state.samples import SamplesState
from genstudio.ui.state.scans import ScansState
from genstudio.ui.state.training import TrainingState


class StudioStates:
    """One state for each part, on one bridge.

    Attributes:
        bridge: What follows all work.
        with_notices: Those that have something to say with ``noticed``.
        with_failures: Those that have something to say with ``failed``.
    """

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        self.bridge = bridge
        self.project = ProjectState(parent)
        self.dataset = DatasetState(bridge, parent)
        self.captions = CaptionsState(self.dataset, self.project, parent)
        self.crops = CropsState(self.dataset, self.project, parent)
        self.figures = FiguresState(bridge, self.dataset, self.project, parent)
        self.materials = MaterialsState(bridge, self.dataset, parent)
        self.samples = SamplesState(bridge, parent)
        self.training = TrainingState(bridge, parent)
        self.first_pictures = FirstPicturesState(bridge, self.training, parent)
        self.queue = QueueState(bridge, self.training, self.first_pictures, parent)
        self.fit = FitState(bridge, parent)
        self.create = CreateState(bridge, parent)
        self.scans = ScansState(bridge, parent)
        self.exploring = ExploringState(bridge, parent)
        self.key_frames = KeyFramesState(bridge, parent)
        self.gallery = GalleryState(bridge, parent)
        self.comparison = ComparisonState(bridge, parent)
        self.exchange = ExchangeState(bridge, parent)
        self.with_notices = (
            self.dataset, self.captions, self.materials, self.training, self.first_pictures,
            self.create, self.exploring, self.key_frames, self.gallery, self.comparison,
            self.scans, self.queue, self.fit, self.crops, self.figures, self.exchange,
        )  # fmt: skip
        self.with_failures = (self.dataset, self.samples, self.project)
        self.training.catalogue_loaded.connect(self.create.load)
        self.create.project_wanted.connect(lambda: self.project.make_now(tr("Results")))
        self.create.hung_now.connect(self.gallery.take_in)
        self.first_pictures.hung_now.connect(self.gallery.take_in)

    def set_project(self, project: Project | None) -> None:
        """Show what belongs to another project."""
        self.exploring.open(None, {})
        for state in (
            self.training,
            self.figures,
            self.first_pictures,
            self.queue,
            self.create,
            self.gallery,
            self.comparison,
        ):
            state.set_project(project)

    def is_busy(self) -> bool:
        """Whether something is being made or measured that would be lost with the window."""
        busy = (
            self.create,
            self.gallery,
            self.comparison,
            self.first_pictures,
            self.fit,
            self.exchange,
        )
        return any(state.is_busy for state in busy) or self.queue.is_going

    def close(self, longest_wait_s: float) -> None:
        """Stop everything before the window closes."""
        self.bridge.stop()
        self.captions.shutdown()
        self.crops.shutdown()
        self.figures.close()
        self.dataset.shutdown()
        self.materials.shutdown()
        self.samples.shutdown()
        self.queue.close()
        self.fit.close()
        self.first_pictures.close()
        self.create.close()
        self.scans.close()
        self.exchange.close()
        self.exploring.close()
        self.key_frames.close()
        self.gallery.close()
        self.comparison.close()
        self.training.wait(longest_wait_s)
        self.project.close()
