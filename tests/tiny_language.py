"""A tiny language model in a folder, as transformers writes them, with random weights."""

import functools
import json
import os
import tempfile
from pathlib import Path

import pytest
import torch

from genstudio.domain.byte_pairs import _TO_CHARACTER  # pyright: ignore[reportPrivateUsage]


@functools.cache
def shared_folder() -> Path:
    """The folder; skips the test without the packs."""
    transformers = pytest.importorskip("transformers", reason="needs the extra “diffusion”")
    tokenizers = pytest.importorskip("tokenizers", reason="needs the extra “diffusion”")
    # Removed with the temporary folder of the machine; tests of one process share it.
    place = Path(tempfile.mkdtemp(prefix="tiny-language-")) / "tiny"
    state = torch.get_rng_state()
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=260,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=512,
        bos_token_id=256,
        eos_token_id=257,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(place, safe_serialization=True)
    torch.set_rng_state(state)
    vocabulary = {character: id_ for id_, character in enumerate(_TO_CHARACTER.values())}
    vocabulary |= {"<s>": 256, "</s>": 257}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.save(str(place / "tokenizer.json"))
    told = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "chat_template": "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}",
    }
    (place / "tokenizer_config.json").write_text(json.dumps(told))
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    return place
