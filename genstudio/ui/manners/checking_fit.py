"""Between the Train page and the fit check: asks, shows, and changes what makes a run fit."""

from genstudio.domain.errors import GenStudioError
from genstudio.domain.training import TrainingSettings
from genstudio.services.notices import NoticeBoard, notice_about
from genstudio.ui.state.studio import StudioStates
from genstudio.ui.studio_pages import StudioPages


class CheckingFit:
    """Has tried what is chosen, and mends it.

    Args:
        states: Of the window.
        pages: Of the window.
        notices: Where messages come together.
    """

    def __init__(self, states: StudioStates, pages: StudioPages, notices: NoticeBoard) -> None:
        self._states = states
        self._state = states.fit
        self._controls = pages.train.controls
        self._notices = notices
        panel = self._controls.fit_panel
        panel.check_wanted.connect(self._on_check)
        panel.mend_wanted.connect(self._on_mend)
        self._controls.choices.changed.connect(self._state.forget)
        self._state.changed.connect(self._show)

    def _on_check(self) -> None:
        if self._state.is_busy:
            self._state.cancel()
            return
        try:
            settings = self._controls.settings()
        except GenStudioError as error:
            self._notices.post(notice_about(error))
            return
        self._check(settings)

    def _check(self, settings: TrainingSettings) -> None:
        dataset, project = self._states.dataset, self._states.project
        report, material = dataset.captioned_report(), self._states.materials.current()
        if report is not None and project.path is not None:
            key = material.card.key if material else None
            self._state.check(settings, project.path, report, dataset.excluded, key)

    def _on_mend(self) -> None:
        remedy = self._state.remedy
        if remedy is not None:
            self._controls.choices.apply(dict(remedy.changes))
            self._on_check()

    def _show(self) -> None:
        state = self._state
        self._controls.fit_panel.show_forecast(
            state.forecast, state.words, state.remedy, state.progress, is_busy=state.is_busy
        )
