"""Language models of a person's disk, loaded: they go on with a text, piece by piece.

GGUF files are computed by llama.cpp (through llama-cpp-python), folders by transformers. Both are
optional packs; neither is let near the network.
"""

import atexit
import gc
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, Final, Protocol

import psutil
import torch

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.pack_hints import how_to_get
from genstudio.models.blocks.text_writing import Constraint, chosen_id
from genstudio.models.local_language.json_grammar import JsonConstraint
from genstudio.models.local_language.places import GGUF, LanguageModel

_SEED_BITS = 2**31 - 1
_MOST_THREADS = 8
_MOST_CANDIDATES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the next token is chosen.

    Attributes:
        temperature: 0 takes the likeliest.
        top_p: Share of the probability that may be chosen from.
        repetition: How strongly what was said lately is avoided; 1 for not at all.
        seed: Decides it.
    """

    temperature: float = 0.8
    top_p: float = 0.95
    repetition: float = 1.1
    seed: int = 0


class Writer(Protocol):
    """A language model that is loaded.

    Attributes:
        context: Tokens that it sees at once here.
        chat_template: How a conversation is written for it; empty where it has none.
    """

    context: int
    chat_template: str

    def count(self, text: str) -> int:
        """Tokens of a text."""
        ...

    def write(
        self,
        prompt: str,
        *,
        most: int,
        sampling: Sampling,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str]:
        """Go on with a text: pieces of what was written, as they come.

        Args:
            prompt: What stands before.
            most: Tokens at most.
            sampling: How they are chosen.
            schema: A JSON schema, if what is written shall keep to one.
        """
        ...


class GgufWriter:
    """A GGUF file, by llama.cpp."""

    def __init__(self, model: LanguageModel, context: int) -> None:
        llama_cpp = _llama_cpp()
        self.context = context
        self.chat_template = model.chat_template
        self._grammars = llama_cpp.LlamaGrammar
        try:
            self._llama = llama_cpp.Llama(
                str(model.path),
                n_ctx=context,
                n_threads=_num_threads(),
                n_threads_batch=_num_threads(),
                verbose=False,
            )
        except (ValueError, OSError, RuntimeError) as error:
            raise _cannot_load(model, str(error)) from error

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._llama.tokenize(text.encode(), special=True))

    def write(
        self,
        prompt: str,
        *,
        most: int,
        sampling: Sampling,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str]:
        """Go on with a text."""
        grammar = None
        if schema is not None:
            grammar = self._grammars.from_json_schema(json.dumps(schema), verbose=False)
        # What it remembers of the last text would change sums in their last bits.
        self._llama.reset()
        for piece in self._llama.create_completion(
            prompt,
            max_tokens=most,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            # To sort hundreds of thousands for each token would take longer than to compute it.
            top_k=_MOST_CANDIDATES,
            min_p=0.0,
            repeat_penalty=sampling.repetition,
            # Each call anew: that of the object is not that of a text.
            seed=sampling.seed % _SEED_BITS,
            grammar=grammar,
            stream=True,
        ):
            if text := piece["choices"][0]["text"]:
                yield text


class FolderWriter:
    """A folder with safetensors, by transformers; computed in float32 on the processor."""

    def __init__(self, model: LanguageModel, context: int) -> None:
        transformers = _transformers()
        self.context = context
        self.chat_template = model.chat_template
        options = {"local_files_only": True, "trust_remote_code": False}
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(str(model.path), **options)
            self._network = transformers.AutoModelForCausalLM.from_pretrained(
                str(model.path), use_safetensors=True, dtype=torch.float32, **options
            ).eval()
        except (ValueError, OSError, RuntimeError, KeyError, ImportError) as error:
            raise _cannot_load(model, str(error)) from error

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._tokenizer(text)["input_ids"])

    def write(
        self,
        prompt: str,
        *,
        most: int,
        sampling: Sampling,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str]:
        """Go on with a text."""
        given: list[int] = self._tokenizer(prompt)["input_ids"] or [self._end or 0]
        constraint: Constraint | None = None
        if schema is not None:
            constraint = JsonConstraint(schema, self._contents, self._end)
        generator = torch.Generator().manual_seed(sampling.seed)
        ids: list[int] = []
        told = ""
        newest, kept = given, None
        for _ in range(min(most, self.context - len(given))):
            with torch.inference_mode():
                found = self._network(
                    input_ids=torch.tensor([newest]), past_key_values=kept, use_cache=True
                )
            kept = found.past_key_values
            logits = _without_repeats(found.logits[0, -1].float(), ids, sampling.repetition)
            if constraint is not None:
                logits = constraint(ids, logits)
            id_ = chosen_id(logits, generator, sampling.temperature, sampling.top_p)
            if id_ == self._end:
                break
            ids.append(id_)
            newest = [id_]
            text = self._tokenizer.decode(ids, skip_special_tokens=True)
            if len(text) > len(told) and not text.endswith("�"):
                yield text[len(told) :]
                told = text

    @property
    def _end(self) -> int | None:
        return self._tokenizer.eos_token_id

    @cached_property
    def _contents(self) -> Sequence[str]:
        """What each id adds to a text; empty of those that stand for none."""
        special = set(self._tokenizer.all_special_ids)
        # Decoded behind another one: alone, some tokenisers leave a first space out.
        (anchor,) = self._tokenizer("a", add_special_tokens=False)["input_ids"][-1:]
        before = self._tokenizer.decode([anchor])
        return [
            "" if id_ in special else self._tokenizer.decode([anchor, id_])[len(before) :]
            for id_ in range(len(self._tokenizer))
        ]


def _without_repeats(
    logits: torch.Tensor, ids: Sequence[int], repetition: float, lately: int = 64
) -> torch.Tensor:
    """Make what was said lately less likely (Keskar et al. 2019, arXiv:1909.05858, section 4.1)."""
    if repetition == 1 or not ids:
        return logits
    some = torch.tensor(sorted(set(ids[-lately:])))
    own = logits[some]
    return logits.index_copy(0, some, torch.where(own > 0, own / repetition, own * repetition))


def _num_threads() -> int:
    return min(psutil.cpu_count(logical=False) or os.cpu_count() or 1, _MOST_THREADS)


def _llama_cpp() -> Any:
    try:
        return import_module("llama_cpp")
    except (ImportError, OSError, RuntimeError) as error:
        raise SettingsError(
            tr("GGUF files need the pack “language”"),
            tr("llama.cpp is not installed."),
            tr(
                "{install} A folder with .safetensors needs the pack “diffusion” only, and a "
                "model of your own texts needs none.",
                install=how_to_get("language"),
            ),
        ) from error


def _transformers() -> Any:
    try:
        return import_module("transformers")
    except ImportError as error:
        raise SettingsError(
            tr("Folders with language models need the pack “diffusion”"),
            tr("transformers is not installed."),
            how_to_get("diffusion"),
        ) from error


def _cannot_load(model: LanguageModel, why: str) -> SettingsError:
    return SettingsError(
        tr("{name} cannot be loaded", name=model.name),
        tr(
            "Its architecture is “{architecture}”. {why}",
            architecture=model.architecture,
            why=why[:200],
        ),
        tr("What loads it may not know this architecture yet, or the file is damaged."),
    )


class _Kept:
    """The writer that was loaded last: loading takes longer than a short text."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: tuple[object, ...] = ()
        self._writer: Writer | None = None

    def get(self, key: tuple[object, ...], load: Callable[[], Writer]) -> Writer:
        with self._lock:
            if self._writer is None or self._key != key:
                # Two large ones at once might not fit.
                self._writer = None
                gc.collect()
                self._writer = load()
                self._key = key
            return self._writer

    def drop(self) -> None:
        """Let go of it."""
        with self._lock:
            self._writer, self._key = None, ()
            gc.collect()


_KEPT: Final = _Kept()
# llama.cpp cannot be let go of when Python's own modules are gone.
atexit.register(_KEPT.drop)


def load_writer(model: LanguageModel, context: int) -> Writer:
    """Load a language model, or take the one that was loaded last.

    Args:
        model: What lies on the disk.
        context: Tokens that it shall see at once.

    Raises:
        SettingsError: It needs more memory than there is, a pack is missing, or what it is made of
            is not known.
    """
    stamp = [(file, file.stat().st_mtime_ns) for file in model.weights]

    def load() -> Writer:
        refuse_too_large(model, context, psutil.virtual_memory().available)
        return (GgufWriter if model.kind == GGUF else FolderWriter)(model, context)

    return _KEPT.get((model.path, context, *stamp), load)


def refuse_too_large(model: LanguageModel, context: int, available: int) -> None:
    """Say before loading that a model does not fit into the memory, and what would.

    Raises:
        SettingsError: It does not fit.
    """
    needed = model.memory_bytes(context)
    if needed <= available:
        return
    room = (available - model.bytes_at_least) // max(model.bytes_per_token, 1)
    fits = (
        tr("With a context of {room:,} tokens it would fit.", room=room // 256 * 256)
        if room >= 512 and model.bytes_per_token
        else tr(
            "A file of up to about {available:.1f} GB would fit: a smaller model, or the "
            "same with fewer bits (such as Q4_K_M).",
            available=available * 0.7 / 2**30,
        )
    )
    raise SettingsError(
        tr("{name} does not fit into the memory", name=model.name),
        tr(
            "It needs about {needed:.1f} GB with a context of {context:,} tokens; "
            "{available:.1f} GB are free.",
            needed=needed / 2**30,
            context=context,
            available=available / 2**30,
        ),
        fits,
    )
