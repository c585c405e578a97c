"""The catalogue of architectures: a line each, imported only when asked for."""

from typing import Final

from genstudio.domain.cards import ModelCard
from genstudio.domain.errors import GenStudioError, UnknownModelError
from genstudio.domain.language import tr
from genstudio.domain.operations import TaskCard
from genstudio.domain.registry import Registry
from genstudio.domain.settings import Settings
from genstudio.models.protocol import TrainableModel

ENTRY_POINT_GROUP = "genstudio.models"

_BUILT_IN = {
    "self-supervised-gan": "genstudio.models.gan.self_supervised:SelfSupervisedGAN",
    "residual-vae": "genstudio.models.vae.residual:ResidualVAE",
    "token-flow": "genstudio.models.vae.token_flow:TokenFlow",
    "paired-translation": "genstudio.models.translation.paired:PairedTranslation",
    "unpaired-translation": "genstudio.models.translation.unpaired:UnpairedTranslation",
    "word-flow": "genstudio.models.text_to_image.word_flow:WordFlow",
    "stable-diffusion-lora": "genstudio.models.text_to_image.lora:LoraModel",
    "fast-style": "genstudio.models.style.fast:FastStyle",
    "spectrogram-vae": "genstudio.models.sound.spectrogram_vae:SpectrogramVAE",
    "smiles-vae": "genstudio.models.molecules.smiles_vae:SmilesVAE",
    "text-transformer": "genstudio.models.language.text_transformer:TextTransformer",
    "phrase-vae": "genstudio.models.music.phrase_vae:PhraseVAE",
    "repair-autoencoder": "genstudio.models.anomaly.repair:RepairAutoencoder",
}

# What a person means who names only the family.
_DEFAULT_OF_FAMILY = {"gan": "self-supervised-gan", "vae": "residual-vae"}


def _fault(key: str, found: object) -> str:
    """What is wrong with a class that should be an architecture; empty if nothing is."""
    card = getattr(found, "card", None)
    if not isinstance(card, ModelCard):
        return tr("It has no model card.")
    if card.key != key:
        return tr("Its card has another key, “{key}”.", key=card.key)
    settings = getattr(found, "Config", None)
    if not (isinstance(settings, type) and issubclass(settings, Settings)):
        return tr("Its Config is no class of settings.")
    tasks = getattr(found, "tasks", ())
    if not tasks or not all(isinstance(task, TaskCard) for task in tasks):
        return tr("It declares no tasks.")
    return ""


MODELS: Final[Registry[type[TrainableModel]]] = Registry(
    "model",
    ENTRY_POINT_GROUP,
    _BUILT_IN,
    _fault,
    aliases=_DEFAULT_OF_FAMILY,
    error=UnknownModelError,
)


def model_keys() -> list[str]:
    """Keys of all architectures, built-in ones first; some may turn out not to be usable."""
    return MODELS.keys()


def model_class(key: str) -> type[TrainableModel]:
    """Import an architecture.

    Args:
        key: A key of the catalogue, or a family ("gan", "vae") for its default.

    Raises:
        UnknownModelError: No such key, and the hint lists the known ones; or its package is broken.
    """
    return MODELS.get(key)


def usable_models() -> tuple[list[type[TrainableModel]], list[GenStudioError]]:
    """Import all architectures.

    Returns:
        Those that can be used, and what is wrong with the others, which do no harm to them.
    """
    entries = list(MODELS.entries())
    models = [entry.value for entry in entries if entry.value is not None]
    troubles = [entry.error for entry in entries if entry.error is not None]
    return models, troubles + MODELS.duplicates()


def model_cards() -> list[ModelCard]:
    """Cards of all architectures that can be used; imports them all."""
    return [model.card for model in usable_models()[0]]
