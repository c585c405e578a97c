"""What a language model is, is told before it is loaded; what cannot be used says why."""

import json
import random
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from gguf_files import USUAL, write_gguf

from genstudio.domain.errors import SettingsError
from genstudio.models.local_language.gguf import read_header
from genstudio.models.local_language.places import LanguageModel, language_model_at
from genstudio.models.local_language.writers import refuse_too_large


def test_a_gguf_says_what_it_is(tmp_path: Path) -> None:
    model = language_model_at(write_gguf(tmp_path / "a.gguf"))
    assert (model.name, model.architecture, model.licence) == ("Little Llama", "llama", "mit")
    assert model.context == 4096
    assert model.num_parameters == 256 * 32
    # Keys and values of ten layers, of two heads of 16 numbers, of two bytes each.
    assert model.bytes_per_token == 10 * 2 * (16 + 16) * 2
    assert "no chat template" in model.title
    assert "mit" in model.title


def test_its_chat_template_is_found(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", {**USUAL, "tokenizer.chat_template": "{{ messages }}"})
    model = language_model_at(path)
    assert model.chat_template == "{{ messages }}"
    assert "chat template" not in model.title


@pytest.mark.parametrize("cut", [1, 1000, 16384, 16500, 16700])
def test_one_that_is_cut_short_is_told(cut: int, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cut short"):
        language_model_at(write_gguf(tmp_path / "a.gguf", cut=cut))


def test_other_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"PK\3\4 something else")
    with pytest.raises(SettingsError, match="no GGUF file"):
        language_model_at(path)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 1, 1, 1))
    with pytest.raises(SettingsError, match="version 1"):
        language_model_at(path)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 2**60, 1))
    with pytest.raises(SettingsError, match="damaged"):
        language_model_at(path)
    with pytest.raises(SettingsError, match="no such language model"):
        language_model_at(tmp_path / "missing.gguf")


def test_whatever_bytes_are_changed_it_is_read_or_refused(tmp_path: Path) -> None:
    good = write_gguf(tmp_path / "a.gguf").read_bytes()
    chance = random.Random(0)
    path = tmp_path / "b.gguf"
    for _ in range(300):
        content = bytearray(good[:700])
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(4, 500)] = chance.randrange(256)
        path.write_bytes(bytes(content) + good[700:])
        # Any other error would end the test.
        with suppress(SettingsError):
            read_header(path)


def folder(place: Path, **changes: object) -> Path:
    place.mkdir()
    said = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", **changes}
    (place / "config.json").write_text(json.dumps(said))
    (place / "tokenizer.json").write_text("{}")
    (place / "model.safetensors").write_bytes(bytes(1000))
    return place


def test_a_folder_says_what_it_is(tmp_path: Path) -> None:
    place = folder(tmp_path / "tiny", max_position_embeddings=512)
    (place / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ 1 }}"}))
    (place / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    model = language_model_at(place)
    assert (model.name, model.architecture, model.context) == ("tiny", "llama", 512)
    assert (model.chat_template, model.licence) == ("{{ 1 }}", "apache-2.0")


def test_folders_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match=r"config\.json"):
        language_model_at(tmp_path / "empty")
    place = folder(tmp_path / "bert", architectures=["BertModel"])
    with pytest.raises(SettingsError, match="no model that writes"):
        language_model_at(place)
    place = folder(tmp_path / "pickled")
    (place / "model.safetensors").rename(place / "pytorch_model.bin")
    with pytest.raises(SettingsError, match="pickled"):
        language_model_at(place)
    place = folder(tmp_path / "part")
    (place / "tokenizer.json").unlink()
    with pytest.raises(SettingsError, match="tokenizer is missing"):
        language_model_at(place)


def test_what_does_not_fit_is_told_before_with_what_would() -> None:
    model = LanguageModel(
        path=Path("a.gguf"),
        kind="GGUF",
        name="Large",
        architecture="llama",
        bytes_per_token=2**20,
        bytes_at_least=4 * 2**30,
    )
    refuse_too_large(model, 2048, 7 * 2**30)
    with pytest.raises(SettingsError, match="does not fit") as caught:
        refuse_too_large(model, 8192, 7 * 2**30)
    assert "12.0 GB" in str(caught.value)
    assert "context of 3,072 tokens it would fit" in caught.value.hint
    with pytest.raises(SettingsError, match="does not fit") as caught:
        refuse_too_large(model, 512, 2 * 2**30)
    assert "smaller model" in caught.value.hint
