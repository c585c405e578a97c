"""Check of texts: a small language model of some writes others, and continues one."""

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.domain.artifacts import TEXT
from genstudio.domain.files import is_file, write_text
from genstudio.domain.operations import Report
from genstudio.engine.trainer import NoCommands
from genstudio.selftest.learning import small_settings, trained
from genstudio.selftest.place import Place, SelfTestError
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import ResultFolder, save_made
from genstudio.services.training import NewRun, start_run

_TALE = (
    "On day {day} the fox came down to the river and found the crow there. “Is the water cold?” "
    "asked the fox. “It is as cold as it was on day {before},” said the crow.\n\n"
)
_NUM_DAYS = 24


def tell_a_story(place: Place) -> str:
    """Outline some pictures, and tell a story of them without a language model."""
    pictures = sorted(place.pictures.iterdir())[:3]
    out = place.folder / "story"
    outlined = perform("narrate", inputs={"input": pictures}, settings={"only_outline": True})
    (outline,) = [save_made(it, out) for it in outlined if isinstance(it, Made)]
    folder = ResultFolder(out)
    told = 0
    for step in perform("narrate", inputs={"input": pictures, "outline": [outline]}):
        if isinstance(step, Made):
            folder.save(step)
            told += 1
        elif isinstance(step.item, Report):
            folder.write(step.item)
    page = out / "storyboard.html"
    if told != 1 or not is_file(page) or not is_file(page.with_suffix(".pdf")):
        raise SelfTestError("A story has no storyboard beside it", str(out))
    return f"a story of {len(pictures)} pictures, with its outline, a page and a PDF"


def write_texts(place: Place) -> str:
    """Train on tales, write one, and go on from it."""
    folder = place.folder / "tales"
    tales = "".join(_TALE.format(day=day, before=day - 1) for day in range(1, _NUM_DAYS))
    write_text(folder / "tales.txt", tales)
    settings = small_settings("text-transformer", 2, width=32, depth=1)
    request = NewRun(folder=folder, project=place.folder / "Tales", settings=settings)
    ending = trained(start_run(request, NoCommands()))
    out = place.folder / "made texts"
    work = perform(
        "generate",
        run=ending.run,
        count=1,
        seed=3,
        checkpoint="last",
        settings={"words": 5, "beginning": "The crow"},
    )
    (path,) = [save_made(it, out) for it in work if isinstance(it, Made)]
    kind = ARTIFACTS.get(TEXT)
    if kind.read_recipe(path) is None or not str(kind.read(path).data).startswith("The crow"):
        raise SelfTestError("A text has no recipe, or begins otherwise than asked", str(path))
    more = perform(
        "continue-text",
        run=ending.run,
        inputs={"input": [path]},
        checkpoint="last",
        settings={"words": 5},
    )
    (made,) = [it for it in more if isinstance(it, Made)]
    if "longest copy" not in made.artifact.values:
        raise SelfTestError("A text does not say what of it was known before", str(made))
    asked = perform(
        "write-text",
        settings={
            "language_model": str(ending.run),
            "request": "The fox",
            "most_tokens": 8,
        },
    )
    if not any(isinstance(it, Made) for it in asked):
        raise SelfTestError("A model of one's own does not write what it is asked for", "")
    return f"a text that was continued; {kind.words(kind.read(path)).partition(' · ')[0]}"
