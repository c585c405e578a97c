"""What the packed program starts with."""

import sys

import pack_folders

from genstudio import __version__

# Before anything looks which packs there are.
sys.path += pack_folders.beside(sys.executable, __version__)

from genstudio.__main__ import main

main()
