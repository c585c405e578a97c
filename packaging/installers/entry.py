"""What the packed program starts with."""

from genstudio.__main__ import main

main()
