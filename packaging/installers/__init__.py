"""Installers: the program as one folder, and that folder as packages that people can install."""
