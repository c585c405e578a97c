#!/bin/sh
# PySide6 6.11.3 (Qt 6.11) on Linux: the accessible name of a combo box is the text that is chosen in it,
# not what setAccessibleName says.
#
# Guess before running: setAccessibleName("Size of the pictures") is what a screen reader says; the chosen
# text is the value. So it is for spin boxes and sliders.
# Seen: Name and Value are both “64 px”, whatever name was set: somebody who hears it knows what is
# chosen and not of what. A label that has the box as its buddy is related to it (Label), and the
# description is handed on as it was set.
# What we do: every combo box has a buddy, or says in its description what is chosen (ui/widgets/small.py);
# a test walks all of them.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet PySide6-Essentials==6.11.3
QT_QPA_PLATFORM=offscreen "$place/env/bin/python" - <<'PYTHON'
import PySide6
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QComboBox, QSpinBox

app = QApplication([])
box, number = QComboBox(), QSpinBox()
box.addItems(["64 px", "128 px"])
for widget in (box, number):
    widget.setAccessibleName("Size of the pictures")
    widget.setAccessibleDescription("How large they are")
said = QAccessible.queryAccessibleInterface(box)
name, value = said.text(QAccessible.Text.Name), said.text(QAccessible.Text.Value)
description = said.text(QAccessible.Text.Description)
other = QAccessible.queryAccessibleInterface(number).text(QAccessible.Text.Name)
print("PySide6", PySide6.__version__, [name, value, description], "spin box:", other)
assert (name, value, description) == ("64 px", "64 px", "How large they are")
assert other == "Size of the pictures"
PYTHON
echo "as described"
