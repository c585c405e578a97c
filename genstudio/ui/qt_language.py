"""The language of Qt's own words: buttons of dialogs, menus of text fields, numbers in fields."""

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from genstudio.domain.language import ENGLISH, tr, tr_noop

_NAME = "genstudio.qt"
_OWN_NAME = "genstudio.qt.own"
# Of Qt's chooser of files, in languages that Qt itself has only a part of it in.
_OWN_WORDS = {
    ("QFileDialog", "&Look in:"): tr_noop("&Look in:"),
    ("QFileDialog", "Files of &type:"): tr_noop("Files of &type:"),
    ("QAbstractFileIconProvider", "Drive"): tr_noop("Drive"),
    ("QAbstractFileIconProvider", "File"): tr_noop("File"),
    ("QAbstractFileIconProvider", "Folder"): tr_noop("Folder"),
}


def speak_in_qt(app: QApplication, code: str) -> None:
    """Let Qt's own words follow the language; where it has none, ours, or else English ones.

    Args:
        app: The application.
        code: Of a language, as :mod:`genstudio.domain.language` has it.
    """
    for name in (_NAME, _OWN_NAME):
        before = app.findChild(QTranslator, name)
        if before is not None:
            app.removeTranslator(before)
            before.deleteLater()
            before.setObjectName("")
    # Numbers are written as the desktop has them where that fits the language, such as in Austria.
    system = QLocale.system()
    locale = system if system.name().partition("_")[0] == code else QLocale(code)
    QLocale.setDefault(locale)
    # The one that was installed last is asked first.
    if code != ENGLISH:
        own = _OwnWords(app)
        own.setObjectName(_OWN_NAME)
        app.installTranslator(own)
    translator = QTranslator(app)
    translator.setObjectName(_NAME)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(QLocale(code), "qtbase", "_", folder):
        app.installTranslator(translator)


class _OwnWords(QTranslator):
    """Words of Qt's that it has no translation for, in the language that is spoken."""

    def isEmpty(self) -> bool:
        """Else Qt would not install it."""
        return False

    def translate(
        self,
        context: str,
        sourceText: str,
        disambiguation: str | None = None,
        n: int = -1,
    ) -> str:
        """A word, or None for those that are not ours: Qt then looks elsewhere."""
        del disambiguation, n
        own = _OWN_WORDS.get((context, sourceText))
        # An empty text would be shown as it is.
        return tr(own) if own else None  # type: ignore[return-value]
