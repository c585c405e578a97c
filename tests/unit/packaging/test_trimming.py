"""What is not shipped, and what must stay."""

import pytest
from installers.trimming import unused


@pytest.mark.parametrize(
    "path",
    [
        "torch/include/ATen/ATen.h",
        "torch/bin/protoc",
        "torch/lib/libjitbackend_test.so",
        "torchvision/_C.so",
        "torchvision.libs/libcudart.faf08d9a.so.13",
        "PySide6/Qt/qml/QtQuick/plugin.so",
        "PySide6/Qt/plugins/tls/libqopensslbackend.so",
        "PySide6/Qt/plugins/platforms/libqvnc.so",
        "PySide6/Qt/translations/assistant_de.qm",
        "sympy/core/tests/test_args.pyc",
        "numpy/tests/train.png",
        "libgtk-3.so.0",
        "libstdc++.so.6",
        "libX11.so.6",
        "libxcb-glx.so.0",
    ],
)
def test_is_not_shipped(path: str) -> None:
    assert unused([path]) == [path]


@pytest.mark.parametrize(
    "path",
    [
        "torch/bin/torch_shm_manager",
        "torch/lib/libtorch_cpu.so",
        "torch/testing/__init__.pyc",
        "torch/_dynamo/test_case.pyc",
        "torchvision/utils.pyc",
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqwayland.so",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so",
        "PySide6/Qt/plugins/platformthemes/libqgtk3.so",
        "PySide6/Qt/plugins/imageformats/libqsvg.so",
        "PySide6/Qt/translations/qtbase_de.qm",
        "genstudio/resources/icons/blend.svg",
        "genstudio/models/gan/self_supervised.pyc",
        "libpython3.11.so.1.0",
        "libxcb-cursor.so.0",
        "libxkbcommon-x11.so.0",
        "libcrypto.so.3",
    ],
)
def test_is_shipped(path: str) -> None:
    assert unused([path]) == []


def test_a_link_to_a_library_of_a_package_is_no_library_of_the_system() -> None:
    assert unused(["libtiff-20b7e810.so.6", "libtiff.so.6"], ["libtiff-20b7e810.so.6"]) == [
        "libtiff.so.6"
    ]
