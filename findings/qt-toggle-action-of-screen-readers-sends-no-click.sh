#!/bin/sh
# PySide6 6.11.3 (Qt 6.11): a screen reader operates a checkable button by the accessible action
# “Toggle”, which changes the button's state and emits toggled, but not clicked.
#
# Guess before running: what a screen reader does to a button is a click for the program, checkable or
# not. A rail of checkable QToolButtons in an exclusive group is often connected by clicked.
# Seen: such a button offers Toggle, Press and SetFocus, in this order; the first, which readers take by
# default, emits toggled(True) and no clicked, so that the button looks pressed and nothing happens.
# Press clicks. The same through AT-SPI (Atspi 2.46, QT_LINUX_ACCESSIBILITY_ALWAYS_ON=1).
# What we do: what a checkable button does hangs on toggled (ui/widgets/rail.py, loss_plot.py); a test
# does to the rail what a screen reader does.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet PySide6-Essentials==6.11.3
QT_QPA_PLATFORM=offscreen "$place/env/bin/python" - <<'PYTHON'
import PySide6
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QToolButton

app = QApplication([])
button = QToolButton(text="Gallery", checkable=True)
seen = []
button.clicked.connect(lambda: seen.append("clicked"))
button.toggled.connect(lambda on: seen.append(f"toggled {on}"))
actions = QAccessible.queryAccessibleInterface(button).actionInterface()
names = list(actions.actionNames())
actions.doAction("Toggle")
app.processEvents()
print("PySide6", PySide6.__version__, names, seen)
assert names == ["Toggle", "Press", "SetFocus"], names
assert seen == ["toggled True"], seen
actions.doAction("Press")
assert seen == ["toggled True", "toggled False", "clicked"], seen
PYTHON
echo "as described"
