"""LoRA files: what is learned here, and what diffusers and kohya's scripts write, read and written.

Three ways of naming the same matrices are in use:

- kohya's (ComfyUI, AUTOMATIC1111): ``lora_unet_down_blocks_0_…_to_q.lora_down.weight``, with an
  ``alpha`` beside each; files for XL name blocks as CompVis does (``input_blocks_4_1``),
- diffusers' and peft's: ``unet.down_blocks.0.….to_q.lora_A.weight``, alpha in the file's
  description, or else equal to the rank,
- the older one of diffusers: ``….to_q.lora.down.weight`` or ``….processor.to_q_lora.down.weight``.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, cast

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from genstudio.domain.errors import SettingsError
from genstudio.domain.files import is_file
from genstudio.domain.language import tr
from genstudio.models.low_rank import Lora, LoraWeights
from genstudio.models.stable_diffusion.adapters import layers_of

Layout = Literal["kohya", "diffusers"]
UNET: Final = "unet"
TEXT: Final = "text_encoder"
TEXT_2: Final = "text_encoder_2"

_DESCRIPTION = "lora_adapter_metadata"
_KOHYA_PARTS: Final = {
    "lora_unet_": UNET,
    "lora_te_": TEXT,
    "lora_te1_": TEXT,
    "lora_te2_": TEXT_2,
}
_DOTTED_PARTS: Final = {
    "unet.": UNET,
    "text_encoder.": TEXT,
    "text_encoder_2.": TEXT_2,
    "base_model.model.": UNET,
    "diffusion_model.": UNET,
}
# What stands at the end of a name => which matrix it is.
_ENDS: Final = (
    (".lora_down.weight", "down"),
    (".lora_up.weight", "up"),
    (".lora_A.weight", "down"),
    (".lora_B.weight", "up"),
    (".lora_A.default.weight", "down"),
    (".lora_B.default.weight", "up"),
    (".lora.down.weight", "down"),
    (".lora.up.weight", "up"),
    ("_lora.down.weight", "down"),
    ("_lora.up.weight", "up"),
    (".alpha", "alpha"),
)
_OTHER_KINDS: Final = {
    "hada_": "LoHa",
    "lokr_": "LoKr",
    "oft_": "OFT",
    "dora_scale": "DoRA",
    "lora_mid": "Tucker-decomposed",
}
_MOST_TENSORS = 20_000
_OF_TEXT_MODEL = "text_model."


def read_lora(path: Path, parts: Mapping[str, nn.Module]) -> Lora:
    """Read a LoRA for a base model.

    Args:
        path: A ``.safetensors`` file; only read.
        parts: Name of a part, such as "unet" => the network, whose layers names are matched with.

    Raises:
        SettingsError: It cannot be read, is of another kind, or was made for another base model.
    """
    if not is_file(path) or path.suffix.lower() != ".safetensors":
        raise SettingsError(
            f"{path.name} is no LoRA that can be read",
            "Only .safetensors files are: others can run programs when they are opened.",
            "Most LoRAs are offered as .safetensors as well.",
        )
    tensors, metadata = _tensors_of(path)
    grouped: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        stem, which = _split(name, path)
        grouped.setdefault(stem, {})[which] = tensor
    known = dict(_known_names(parts))
    alphas = _described_alphas(metadata)
    layers: dict[str, LoraWeights] = {}
    strange: list[str] = []
    for stem, its in grouped.items():
        name = known.get(_plain(stem))
        if name is None:
            strange.append(stem)
            continue
        layers[name] = _weights(path, stem, its, alphas)
    if strange:
        raise SettingsError(
            f"The LoRA “{path.name}” was made for another base model",
            f"{len(strange)} of its {len(grouped)} layers are not in this one, such as "
            f"{strange[0][:120]}.",
            "Choose the model that it was made for: one for Stable Diffusion 1 fits neither 2 "
            "nor XL.",
        )
    return Lora(name=path.stem, layers=layers)


def lora_tensors(lora: Lora, layout: Layout) -> dict[str, np.ndarray]:
    """A LoRA as float16 arrays by the names that other programs load to the same effect.

    Args:
        lora: What to save.
        layout: "kohya" for ComfyUI and AUTOMATIC1111, "diffusers" for programs in Python.
    """
    tensors: dict[str, Tensor] = {}
    for name, weights in lora.layers.items():
        part, _, layer = name.partition(".")
        if part != UNET and not layer.startswith(_OF_TEXT_MODEL):
            layer = _OF_TEXT_MODEL + layer
        down, up = weights.down.cpu().contiguous(), weights.up.cpu().contiguous()
        if layout == "kohya":
            prefix = _kohya_prefix(part, lora)
            stem = prefix + layer.replace(".", "_")
            tensors[f"{stem}.lora_down.weight"] = down
            tensors[f"{stem}.lora_up.weight"] = up
            tensors[f"{stem}.alpha"] = torch.tensor(weights.alpha)
        else:
            # Read without a description, alpha counts as the rank: so the scale is in B itself.
            scaled = up.float() * (weights.alpha / weights.rank)
            tensors[f"{part}.{layer}.lora_A.weight"] = down
            tensors[f"{part}.{layer}.lora_B.weight"] = scaled
    return {name: tensor.half().numpy() for name, tensor in tensors.items()}


def _kohya_prefix(part: str, lora: Lora) -> str:
    if part == UNET:
        return "lora_unet_"
    has_two = any(name.startswith(TEXT_2 + ".") for name in lora.layers)
    if part == TEXT_2:
        return "lora_te2_"
    return "lora_te1_" if has_two else "lora_te_"


def _tensors_of(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            if not any("lora" in name.lower() or "hada_" in name for name in names):
                raise SettingsError(
                    f"{path.name} is no LoRA",
                    "It holds no matrices of one.",
                    "A whole model is chosen as the base model instead.",
                )
            if len(names) > _MOST_TENSORS:
                raise SettingsError(
                    tr("{name} is no LoRA", name=path.name),
                    tr("It holds {num_names:,} tensors.", num_names=len(names)),
                )
            return {name: file.get_tensor(name) for name in names}, dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise SettingsError(
            f"{path.name} cannot be read", str(error)[:200], "Was it copied to the end?"
        ) from error


def _split(name: str, path: Path) -> tuple[str, str]:
    for sign, kind in _OTHER_KINDS.items():
        if sign in name:
            raise SettingsError(
                f"{path.name} is a {kind} adapter",
                "GenStudio reads plain LoRAs: two matrices for each layer.",
                "Look for a plain LoRA, or convert it with the program that made it.",
            )
    for end, which in _ENDS:
        if name.endswith(end):
            return name.removesuffix(end), which
    raise SettingsError(
        f"{path.name} has a part that is not known",
        f"Nothing is known of {name[:120]}.",
        "Look for a plain LoRA.",
    )


def _weights(path: Path, stem: str, its: Mapping[str, Tensor], alphas: "_Alphas") -> LoraWeights:
    down, up = its.get("down"), its.get("up")
    if down is None or up is None or down.dim() < 2 or up.dim() < 2:
        raise SettingsError(f"{path.name} is not whole", f"Half of {stem[:120]} is missing.")
    if up.shape[1] != down.shape[0]:
        raise SettingsError(
            f"{path.name} is damaged",
            f"The two matrices of {stem[:120]} do not fit each other.",
            "Fetch it once more.",
        )
    if not (bool(down.isfinite().all()) and bool(up.isfinite().all())):
        raise SettingsError(
            f"{path.name} is damaged", f"{stem[:120]} holds values that are no numbers."
        )
    own = its.get("alpha")
    alpha = float(own) if own is not None else alphas.of(stem, down.shape[0])
    return LoraWeights(down=down.float(), up=up.float(), alpha=alpha)


class _Alphas:
    """What a file's description says of alphas."""

    def __init__(self, said: Mapping[str, Mapping[str, Any]]) -> None:
        self._said = said

    def of(self, stem: str, rank: int) -> float:
        """Of one layer; its rank where nothing is said."""
        for prefix, config in self._said.items():
            if not stem.startswith(prefix):
                continue
            layer = stem.removeprefix(prefix).strip(".")
            patterns = cast("Mapping[str, float]", config.get("alpha_pattern") or {})
            for pattern, alpha in patterns.items():
                if re.fullmatch(rf"(.*\.)?{re.escape(pattern)}", layer):
                    return float(alpha)
            if (alpha := config.get("lora_alpha")) is not None:
                return float(alpha)
        return float(rank)


def _described_alphas(metadata: Mapping[str, str]) -> _Alphas:
    """From what peft writes: names "unet.lora_alpha", "text_encoder.alpha_pattern" and so on."""
    try:
        found: object = json.loads(metadata.get(_DESCRIPTION, "{}"))
    except ValueError:
        found = {}
    said: dict[str, dict[str, Any]] = {}
    if isinstance(found, dict):
        for name, value in cast("dict[str, Any]", found).items():
            prefix, _, key = name.rpartition(".")
            said.setdefault(prefix, {})[key] = value
    return _Alphas(said)


def _plain(stem: str) -> str:
    """A name in any of the layouts => part and layer, all underscores."""
    for prefix, part in _KOHYA_PARTS.items():
        if stem.startswith(prefix):
            return f"{part}/{_without_text_model(stem.removeprefix(prefix))}"
    for prefix, part in _DOTTED_PARTS.items():
        if stem.startswith(prefix):
            layer = stem.removeprefix(prefix).replace(".processor.", ".")
            # The last part of attention was a list of one once.
            layer = re.sub(r"to_out$", "to_out.0", layer)
            return f"{part}/{_without_text_model(layer.replace('.', '_'))}"
    return stem


def _without_text_model(layer: str) -> str:
    return layer.removeprefix("text_model_")


def _known_names(parts: Mapping[str, nn.Module]) -> Iterator[tuple[str, str]]:
    """Plain names => names of layers here: those of diffusers, and those of CompVis."""
    for part, network in parts.items():
        names = layers_of(network, ("",))
        for name in names:
            yield f"{part}/{_without_text_model(name.replace('.', '_'))}", f"{part}.{name}"
        if part == UNET:
            for name in names:
                if compvis := _compvis_name(name, network):
                    yield f"{part}/{compvis}", f"{part}.{name}"


_BLOCK = re.compile(
    r"(?P<where>down|up)_blocks\.(?P<block>\d+)\."
    r"(?P<what>attentions|resnets|downsamplers|upsamplers)\.(?P<at>\d+)\.(?P<rest>.+)"
)
_RESNET: Final = {
    "conv1": "in_layers_2",
    "conv2": "out_layers_3",
    "time_emb_proj": "emb_layers_1",
    "conv_shortcut": "skip_connection",
}


def _compvis_name(name: str, unet: nn.Module) -> str:
    """A layer's name in the layout of CompVis, all underscores; empty where it has none."""
    per_block = int(unet.config["layers_per_block"])  # pyright: ignore
    if found := _BLOCK.fullmatch(name):
        block, at, rest, what = int(found["block"]), int(found["at"]), found["rest"], found["what"]
        if found["where"] == "down":
            number = 1 + block * (per_block + 1) + (per_block if what == "downsamplers" else at)
            if what == "downsamplers":
                return f"input_blocks_{number}_0_op"
            stem = f"input_blocks_{number}"
        else:
            number = block * (per_block + 1) + (per_block if what == "upsamplers" else at)
            stem = f"output_blocks_{number}"
            if what == "upsamplers":
                return f"{stem}_{2 if _has_attention(unet, block) else 1}_conv"
        if what == "attentions":
            return f"{stem}_1_{rest.replace('.', '_')}"
        return f"{stem}_0_{_RESNET[rest]}" if rest in _RESNET else ""
    if name.startswith("mid_block.attentions.0."):
        rest = name.removeprefix("mid_block.attentions.0.")
        return f"middle_block_1_{rest.replace('.', '_')}"
    if name.startswith("mid_block.resnets."):
        at, _, rest = name.removeprefix("mid_block.resnets.").partition(".")
        return f"middle_block_{2 * int(at)}_{_RESNET[rest]}" if rest in _RESNET else ""
    return ""


def _has_attention(unet: nn.Module, block: int) -> bool:
    return "CrossAttn" in str(unet.config["up_block_types"][block])  # pyright: ignore
