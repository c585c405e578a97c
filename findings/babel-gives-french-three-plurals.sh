#!/bin/sh
# Babel 2.19.0: a catalogue for French has three plural forms (CLDR's one, many, other), where GNU gettext and
# most catalogues of programs have two.
#
# Guess before running: nplurals=2; plural=(n > 1), as gettext's manual lists French. Translations made as
# pairs are whole.
# Seen: Catalog(locale="fr") writes nplurals=3, with a form of its own for multiples of a million; a pair as
# translation leaves the third msgstr empty, and gettext then gives the empty or the English text for 2,
# 3, 4 …, the commonest numbers of all: “2 pictures” in a French window. German has two, as guessed.
# What we do: French has three texts for each plural; a test refuses catalogues in which one is empty.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet Babel==2.19.0
"$place/env/bin/python" - <<'PYTHON'
import gettext
import io

import babel
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

french, german = Catalog(locale="fr"), Catalog(locale="de")
french.add(("{n} picture", "{n} pictures"), ("{n} image", "{n} images"))
file = io.BytesIO()
write_mo(file, french)
file.seek(0)
said = gettext.GNUTranslations(file).ngettext("{n} picture", "{n} pictures", 2)
print("Babel", babel.__version__, french.plural_forms, german.plural_forms, repr(said))
assert french.num_plurals == 3, french.plural_forms
assert german.num_plurals == 2, german.plural_forms
assert "image" not in said, said
PYTHON
echo "as described"
