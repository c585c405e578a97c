"""The catalogue of operations: a line each."""

from typing import Final

from genstudio.domain.registry import Registry
from genstudio.services.operations.protocol import Operation

OPERATIONS: Final[Registry[Operation]] = Registry(
    "operation",
    "genstudio.jobs",
    {
        "generate": "genstudio.services.operations.generate:OPERATION",
        "explore": "genstudio.services.operations.explore:OPERATION",
        "more-like-these": "genstudio.services.operations.more_like_these:OPERATION",
        "blend": "genstudio.services.operations.blend:OPERATION",
        "translate": "genstudio.services.operations.translate:OPERATION",
        "generate-pairs": "genstudio.services.operations.cross:PAIRS",
        "picture-to-sound": "genstudio.services.operations.cross:PICTURE_TO_SOUND",
        "sound-to-picture": "genstudio.services.operations.cross:SOUND_TO_PICTURE",
        "blend-sounds": "genstudio.services.operations.described:BLEND_SOUNDS",
        "vary-sounds": "genstudio.services.operations.described:VARY_SOUNDS",
        "blend-music": "genstudio.services.operations.described:BLEND_MUSIC",
        "vary-music": "genstudio.services.operations.described:VARY_MUSIC",
        "continue-music": "genstudio.services.operations.continue_music:OPERATION",
        "render-music": "genstudio.services.operations.render_music:OPERATION",
        "picture-to-music": "genstudio.services.operations.picture_to_music:PICTURES",
        "clip-to-music": "genstudio.services.operations.picture_to_music:CLIPS",
        "style-transfer": "genstudio.services.operations.style_transfer:OPERATION",
        "upscale": "genstudio.services.operations.upscale:OPERATION",
        "texture": "genstudio.services.operations.texture:OPERATION",
        "tileset": "genstudio.services.operations.tileset:OPERATION",
        "animate": "genstudio.services.operations.animate:OPERATION",
        "restyle-video": "genstudio.services.operations.restyle_video:OPERATION",
        "translate-video": "genstudio.services.operations.translate_video:OPERATION",
        "clip-frames": "genstudio.services.operations.clip_frames:OPERATION",
        "text-to-image": "genstudio.services.operations.diffusion:FROM_WORDS",
        "image-to-image": "genstudio.services.operations.diffusion:FROM_PICTURES",
        "inpaint": "genstudio.services.operations.diffusion:IN_MASK",
        "export-lora": "genstudio.services.operations.export_lora:OPERATION",
        "augment": "genstudio.services.operations.augment:OPERATION",
        "blend-molecules": "genstudio.services.operations.molecules:BLEND_OPERATION",
        "optimise-molecules": "genstudio.services.operations.molecules:OPTIMISE_OPERATION",
        "game-characters": "genstudio.services.operations.characters:OPERATION",
        "narrate": "genstudio.services.operations.narrate:PICTURES",
        "narrate-clip": "genstudio.services.operations.narrate:CLIPS",
        "write-text": "genstudio.services.operations.write:OPERATION",
        "continue-text": "genstudio.services.operations.texts:CONTINUE_OPERATION",
        "vary-text": "genstudio.services.operations.texts:VARY_OPERATION",
        "title-text": "genstudio.services.operations.texts:TITLE_OPERATION",
        "detect-anomalies": "genstudio.services.operations.detect:OPERATION",
    },
)
