"""GenStudio: train generative models on your own pictures, on your own machine."""

import os

__version__ = "0.1.0"

# Libraries that would call home, or fetch what is missing, ask the environment when they are
# imported: so before any of them. Subprocesses inherit it.
os.environ.update(
    # onnxruntime, from 1.29 on: else the import writes a device id at home, and sends it.
    ORT_DISABLE_TELEMETRY="1",
    # huggingface_hub, which transformers and diffusers import.
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    DISABLE_TELEMETRY="1",
)
