"""The language of Qt's own words: buttons of dialogs, menus of text fields, numbers in fields."""

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

_NAME = "genstudio.qt"


def speak_in_qt(app: QApplication, code: str) -> None:
    """Let Qt's own words follow the language; those that it has no translation for stay English.

    Args:
        app: The application.
        code: Of a language, as :mod:`genstudio.domain.language` has it.
    """
    before = app.findChild(QTranslator, _NAME)
    if before is not None:
        app.removeTranslator(before)
        before.deleteLater()
        before.setObjectName("")
    # Numbers are written as the desktop has them where that fits the language, such as in Austria.
    system = QLocale.system()
    locale = system if system.name().partition("_")[0] == code else QLocale(code)
    QLocale.setDefault(locale)
    translator = QTranslator(app)
    translator.setObjectName(_NAME)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(QLocale(code), "qtbase", "_", folder):
        app.installTranslator(translator)
