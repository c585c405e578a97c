"""The list of checks, in their order: a line each. What the program learns to do adds one."""

from collections.abc import Callable
from typing import Final

from genstudio.domain.registry import Registry
from genstudio.selftest.place import Place

# Does something, and says in a few words what it did.
Check = Callable[[Place], str]

CHECKS: Final[Registry[Check]] = Registry(
    "check",
    "genstudio.checks",
    {
        "own files": "genstudio.selftest.machine:look_at_own_files",
        "catalogues": "genstudio.selftest.machine:import_everything",
        "scan": "genstudio.selftest.learning:scan",
        "train": "genstudio.selftest.learning:train",
        "resume": "genstudio.selftest.learning:resume",
        "generate": "genstudio.selftest.making:generate_pictures",
        "blend": "genstudio.selftest.making:blend_pictures",
        "translate": "genstudio.selftest.making:translate_pictures",
        "words": "genstudio.selftest.making:draw_what_is_asked_for",
        "detect": "genstudio.selftest.detecting:find_what_does_not_belong",
        "augment": "genstudio.selftest.augmenting:make_more_of_the_rare",
        "scans": "genstudio.selftest.augmenting:import_a_deep_picture",
        "sound": "genstudio.selftest.sounding:make_sounds",
        "diffusion": "genstudio.selftest.diffusing:draw_with_a_folder",
        "music": "genstudio.selftest.sounding:make_music",
        "molecules": "genstudio.selftest.chemistry:make_molecules",
        "texts": "genstudio.selftest.writing:write_texts",
        "stories": "genstudio.selftest.writing:tell_a_story",
        "style": "genstudio.selftest.making:paint_in_a_style",
        "films": "genstudio.selftest.making:paint_a_film",
        "explore": "genstudio.selftest.making:explore_and_make_again",
        "taste": "genstudio.selftest.making:follow_a_taste",
        "games": "genstudio.selftest.making:make_for_a_game",
        "export": "genstudio.selftest.making:export_gallery_everyhow",
        "package": "genstudio.selftest.exchanging:pass_a_model_on",
        "signing": "genstudio.selftest.exchanging:sign_an_export",
        "window": "genstudio.selftest.windows:show_every_page",
    },
)
