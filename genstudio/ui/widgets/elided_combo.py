"""A box to choose from that ends with an ellipsis what it has no room for."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent, QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QToolTip

# Between an icon and its words, as Qt leaves it.
_ICON_GAP_PX = 4


class ElidedCombo(QComboBox):
    """Qt's own box cuts a long choice in the middle of a letter; the pointer shows all of it."""

    def shown_text(self) -> str:
        """What is chosen, as much of it as there is room for."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        width_px = room.width()
        if not option.currentIcon.isNull():
            width_px -= option.iconSize.width() + _ICON_GAP_PX
        mode = Qt.TextElideMode.ElideRight
        return self.fontMetrics().elidedText(option.currentText, mode, width_px)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box as Qt does, with the text that has room."""
        if self.isEditable():
            super().paintEvent(event)
            return
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        option.currentText = self.shown_text() or self.placeholderText()
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def event(self, event: QEvent) -> bool:
        """Under the pointer, tell all of a choice that is cut, above what the box is for."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.currentText()
            if not self.isEditable() and self.shown_text() != text:
                words = "\n".join(filter(None, (text, self.toolTip())))
                QToolTip.showText(event.globalPos(), words, self)
                return True
        return super().event(event)
