"""What every modality, artifact kind and operation keeps to; a new one is tested unasked."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import tiny_studio
from PIL import Image
from tiny_studio import dataset_for, folder_for, save_film, small_settings

from genstudio.artifacts.catalog import ARTIFACTS, kind_of_file
from genstudio.data.modalities.catalog import MODALITIES, recognise
from genstudio.data.modalities.scanning import scan_material
from genstudio.data.sounds import Sound, from_int16, to_int16
from genstudio.domain.artifacts import Artifact
from genstudio.domain.cards import CROSS, KINDS
from genstudio.domain.datasets import ScanReport
from genstudio.domain.errors import DatasetError, GenStudioError, SettingsError
from genstudio.domain.modalities import ModalityCard
from genstudio.domain.operations import OperationCard
from genstudio.domain.progress import Progress, drain, with_result
from genstudio.domain.recipes import Recipe
from genstudio.domain.settings import parse_settings, setting_fields
from genstudio.domain.training import DataOptions
from genstudio.engine.trainer import NoCommands
from genstudio.models.catalog import model_class, model_keys
from genstudio.models.tasks import task_of
from genstudio.services.decoding import dataset_of, decoded
from genstudio.services.export import export_gallery
from genstudio.services.exporters.catalog import EXPORTERS
from genstudio.services.exporters.protocol import ExportDone
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.materials import freeze, vocabulary_of
from genstudio.services.operations.catalog import OPERATIONS
from genstudio.services.operations.perform import can_be_done_with, perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import save_made
from genstudio.services.remaking import remake
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

RECIPE = Recipe(
    software="GenStudio", model_key="toy", run="r", project="p", step=2, weights_sha256="ab" * 32,
    seed=7, size=32, sampling={"a": 1.5, "b": "lines → paint"},
    created=datetime(2026, 1, 31, tzinfo=UTC),
)  # fmt: skip
# A sample of each kind's data; a new kind brings its own.
MARK = b"trainedAlgorithmicMedia"
SAMPLES: dict[str, Any] = {
    "image": np.random.default_rng(0).integers(0, 256, (20, 30, 4), dtype=np.uint8),
    "clip": Path("clip.mp4"),
    "lora": {"lora_unet_a.lora_down.weight": np.ones((2, 3), np.float16)},
    "molecule": "CC(=O)Nc1ccc(O)cc1",
    "notes": tiny_studio.scale_score(3),
    "text": "A fox went out.\n\nIt was late, and “cold” besides.",
    "sound": Sound(
        from_int16(to_int16(np.sin(np.arange(4000) / 7) * np.linspace(0.9, 0, 4000))), 8000
    ),
}


@pytest.fixture(scope="module", autouse=True)
def samples(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Those samples that are files."""
    SAMPLES["clip"] = tmp_path_factory.mktemp("samples") / "clip.mp4"
    save_film(SAMPLES["clip"])


# Modalities


@pytest.mark.parametrize("key", MODALITIES.keys())
class TestModality:
    def test_its_card_says_what_a_folder_must_look_like(self, key: str) -> None:
        card = MODALITIES.get(key).card
        assert card.key == key
        assert card.title
        assert card.folder.endswith(".")
        assert len(set(card.roles)) == len(card.roles) > 0
        assert ModalityCard.model_validate_json(card.model_dump_json()) == card

    def test_examples_are_what_its_spec_says(self, key: str, flowers: Path, tmp_path: Path) -> None:
        modality = MODALITIES.get(key)
        model = next(it for it in model_keys() if key in model_class(it).card.modalities)
        report = drain(scan_material(folder_for(model, flowers, tmp_path / "pictures")))
        assert isinstance(report, ScanReport)
        assert key in recognise(report)
        manifest, arrangement = freeze(report, (), key)
        assert not arrangement.fault
        assert {name for name, _ in manifest.pictures} == arrangement.used
        options = DataOptions(size=32, modality=key)
        cache = drain(decoded(manifest, options, tmp_path / "cache"))
        first = modality.held_out_from(manifest).pictures[0][0]
        words = vocabulary_of(manifest, [first])
        data = dataset_of(manifest, cache, [first], {}, is_reversed=False, words=words)

        assert data.spec == modality.spec(32, 3, {}, words, layout=manifest.layout)
        # A file may hold several examples.
        assert sum(len(data.held_out_of(group)) for group in data.groups) >= 1
        again = drain(decoded(manifest, options, tmp_path / "cache"))
        assert again.names == cache.names
        for own in data.fields.values():
            assert own.take(np.arange(2)).shape == (2, *own.spec.shape)
            assert len(own) == data.count(own.spec.group) >= arrangement.num_examples

    def test_a_folder_of_one_picture_is_no_accident(self, key: str, tmp_path: Path) -> None:
        Image.new("RGB", (40, 40)).save(tmp_path / "only.png")
        modality = MODALITIES.get(key)
        report = drain(scan_material(tmp_path, key))
        arrangement = modality.arrange(report)
        assert arrangement.num_examples <= 1
        assert not arrangement.fault or arrangement.hint


def test_what_nobody_knows_is_told_with_what_is_known() -> None:
    for registry in (MODALITIES, ARTIFACTS, OPERATIONS):
        with pytest.raises(GenStudioError) as caught:
            registry.get("nothing")
        known: list[str] = registry.keys()
        assert all(key in caught.value.hint for key in known)


# Artifact kinds


@pytest.mark.parametrize("key", ARTIFACTS.keys())
class TestArtifactKind:
    def test_what_is_written_is_read_back_with_its_recipe(self, key: str, tmp_path: Path) -> None:
        kind = ARTIFACTS.get(key)
        assert kind.card.key == key
        assert kind.card.suffix.startswith(".")
        artifact = Artifact(kind=key, data=SAMPLES[key], seed=7)
        path = tmp_path / f"one{kind.card.suffix}"
        kind.write(artifact, path, RECIPE)

        assert kind_of_file(path) is kind
        back = kind.read(path)
        assert (back.kind, back.seed) == (key, 7)
        assert kind.is_same(back, artifact)
        assert kind.read_recipe(path) == RECIPE
        small = kind.thumbnail(path, 16)
        assert small.dtype == np.uint8
        assert max(small.shape[:2]) <= 16
        assert kind.words(back)

    def test_what_is_no_such_file_is_refused_in_words(self, key: str, tmp_path: Path) -> None:
        kind = ARTIFACTS.get(key)
        path = tmp_path / f"one{kind.card.suffix}"
        path.write_bytes(b"\xff\xfesomething else")
        for read in (kind.read, kind.read_recipe, lambda it: kind.thumbnail(it, 16)):
            with pytest.raises(DatasetError):
                read(path)
            with pytest.raises(DatasetError):
                read(tmp_path / f"missing{kind.card.suffix}")

    # Operations

    @pytest.mark.parametrize("metadata", ["mark", "nothing"])
    def test_less_is_told_without_a_change_to_what_it_is(
        self, key: str, metadata: Literal["mark", "nothing"], tmp_path: Path
    ) -> None:
        kind = ARTIFACTS.get(key)
        path = tmp_path / f"one{kind.card.suffix}"
        kind.write(Artifact(kind=key, data=SAMPLES[key], seed=7), path, RECIPE)
        content = path.read_bytes()
        assert kind.with_metadata(content, "everything") == content
        less = tmp_path / f"less{kind.card.suffix}"
        less.write_bytes(kind.with_metadata(content, metadata))

        assert kind.read_recipe(less) is None
        assert RECIPE.weights_sha256.encode() not in less.read_bytes()
        assert (MARK in less.read_bytes()) is (metadata == "mark")
        assert kind.is_same(kind.read(less), kind.read(path))
        with pytest.raises(DatasetError):
            kind.with_metadata(content[: len(content) // 2], metadata)


# Exporters


@pytest.mark.parametrize("key", EXPORTERS.keys())
class TestExporter:
    def items(self, gallery: Path) -> list[GalleryItem]:
        made: list[GalleryItem] = []
        for seed in (1, 2, 3):
            recipe = RECIPE.model_copy(update={"seed": seed})
            pixels = np.random.default_rng(seed).integers(0, 256, (20, 30, 3), dtype=np.uint8)
            artifact = Artifact(kind="image", data=pixels, seed=seed)
            ARTIFACTS.get("image").write(artifact, gallery / f"{seed}.png", recipe)
            made.append(GalleryItem(f"{seed}.png", gallery, recipe.model_dump_json(), seed, ()))
        return made

    def test_its_card_is_whole(self, key: str) -> None:
        exporter = EXPORTERS.get(key)
        assert exporter.card.key == key
        assert exporter.card.title.startswith("As ")
        assert exporter.card.summary.endswith(".")
        assert all(suffix.startswith(".") for suffix in exporter.card.suffixes)
        parse_settings(exporter.Options, {})
        assert all(field.help for field in setting_fields(exporter.Options))

    @pytest.mark.parametrize("metadata", ["everything", "mark", "nothing"])
    def test_it_makes_what_it_says_and_overwrites_nothing(
        self, key: str, metadata: str, tmp_path: Path
    ) -> None:
        items = self.items(tmp_path / "Meadow" / "gallery")
        before = {item.name: item.path.read_bytes() for item in items}
        out = tmp_path / "out"
        options = {"metadata": metadata}

        def export() -> list[Progress | ExportDone]:
            work = export_gallery(items, to=out, kind=key, title="Wiese", options=options)
            return list(with_result(work))

        *progress, done = export()
        assert isinstance(done, ExportDone)
        assert [(it.done, it.total) for it in progress if isinstance(it, Progress)] == [
            (1, 3), (2, 3), (3, 3),
        ]  # fmt: skip
        assert (done.count, done.left_out) == (3, ())
        assert done.path.exists()
        assert done.path.suffix in (EXPORTERS.get(key).card.suffixes or ("", ".html"))
        assert {item.name: item.path.read_bytes() for item in items} == before
        files = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
        everything = b"".join(files.values())
        tells = b"weights_sha256" in everything
        assert tells is (metadata == "everything" and key != "sheet")
        if metadata == "nothing":
            assert MARK not in everything
        elif key != "web":
            assert MARK in everything

        export()
        assert {path: path.read_bytes() for path in files} == files

    def test_one_that_is_damaged_is_left_out_and_named(self, key: str, tmp_path: Path) -> None:
        items = self.items(tmp_path / "Meadow" / "gallery")
        items[1].path.unlink()
        done = drain(export_gallery(items, to=tmp_path / "out", kind=key, title="Wiese"))
        assert done.count == 2
        assert [it.name for it in done.left_out] == ["2.png"]


# Operations


@pytest.fixture(scope="module")
def runs(flowers: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run of each architecture, of one step, and of each further kind of pairs."""
    monkey = pytest.MonkeyPatch()
    monkey.setattr("genstudio.engine.preview.sheet_layout", lambda _: (1, 2))
    found = {}
    place = tmp_path_factory.mktemp("runs")
    # As many as what needs most of them asks for.
    most = max(16, *(model_class(key).card.fewest for key in model_keys()))
    pictures_NHWC = tiny_studio.flowers_NHWC(most)
    enough = tiny_studio.save_pictures(place / "enough", pictures_NHWC)
    # One class has fewer pictures than the other.
    classes = place / "classes"
    tiny_studio.save_pictures(classes / "tulip", pictures_NHWC[:4])
    tiny_studio.save_pictures(classes / "rose", pictures_NHWC[4:])
    small = {
        "width": 32,
        "latent_size": 8,
        "flow_width": 128,
        "depth": 1,
        "noise_samples": 1,
        "blocks": 2,
    }
    for key in model_keys():
        config = model_class(key).Config.model_fields
        model = {name: value for name, value in small.items() if name in config}
        model |= tiny_studio.base_for(config)
        tells_classes = (
            KINDS in model_class(key).card.capabilities
            and "images" in model_class(key).card.modalities
        )
        settings = small_settings(
            key, model=model, budget=tiny_studio.steps(1), kinds=tells_classes
        )
        pictures = classes if tells_classes else folder_for(key, enough, place / f"{key} pictures")
        request = NewRun(folder=pictures, project=place / key, settings=settings)
        *_, ended = start_run(request, NoCommands())
        found[key] = ended.run
        # What learns several pairs has a run of each.
        for partner in ("captions", "notes") if CROSS in model_class(key).card.capabilities else ():
            pictures = tiny_studio.save_partners(partner, flowers, place / f"{partner} pictures")
            request = NewRun(folder=pictures, project=place / partner, settings=settings)
            *_, ended = start_run(request, NoCommands())
            found[f"{key} {partner}"] = ended.run
    monkey.undo()
    return found


@pytest.fixture(scope="module")
def material(flowers: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Files of each kind that operations take, by kind."""
    film = tmp_path_factory.mktemp("films") / "film.mp4"
    save_film(film)
    lists = tmp_path_factory.mktemp("molecules")
    molecules = [lists / "one.smi", lists / "other.smi"]
    for path, smiles in zip(molecules, ("CCCc1ccccc1O", "CCCCCC(=O)O"), strict=True):
        path.write_text(smiles, encoding="utf-8")
    sounds = tiny_studio.save_sounds(film.parent / "sounds", 2)
    pieces = tiny_studio.save_pieces(film.parent / "pieces", 2)
    texts = tiny_studio.save_texts(film.parent / "texts", 4)
    return {
        "image": sorted(flowers.iterdir()),
        "clip": [film],
        "sound": sorted(sounds.iterdir()),
        "notes": sorted(pieces.iterdir()),
        "molecule": molecules,
        "text": sorted(texts.iterdir()),
    }


def inputs_of(card: OperationCard, material: dict[str, list[Path]]) -> dict[str, list[Path]]:
    return {
        spec.name: material[spec.kind][: min(max(2, spec.minimum), spec.maximum or 2)]
        for spec in card.inputs
        if spec.minimum
    }


def smallest(key: str, run: Path | None) -> dict[str, Any]:
    """Settings with which an operation has little to do: whole numbers as low as they go."""
    model = None if run is None else model_class(Run(run).settings.model_key)
    fields = setting_fields(OPERATIONS.get(key).settings(model))
    least: dict[str, Any] = {
        it.name: int(it.minimum) for it in fields if it.annotation is int and it.minimum
    }
    if key == "words-to-picture":
        least["prompt"] = "flower"
    return least | tiny_studio.base_for({it.name: it for it in fields})


def output_of(card: OperationCard, run: Path | None) -> str:
    """The kind that comes out: that of the model's task, where one is asked for."""
    if run is None or not card.any_output:
        return card.output
    return task_of(model_class(Run(run).settings.model_key), card.task).output


def able(card: OperationCard, runs: dict[str, Path]) -> list[Path | None]:
    """Runs whose models can do it; None where no run is needed."""
    if not card.needs_run:
        return [None]
    return [
        path
        for path in runs.values()
        if can_be_done_with(card, model_class((own := Run(path).settings).model_key))
        and card.suits(own.modality, own.layout)
    ]


@pytest.mark.parametrize("key", OPERATIONS.keys())
class TestOperation:
    def test_its_card_and_settings_say_what_a_person_needs(self, key: str) -> None:
        operation = OPERATIONS.get(key)
        card = operation.card
        assert card.key == key
        assert card.title
        assert card.summary.endswith(".")
        assert ARTIFACTS.get(card.output)
        models = [model_class(it) for it in model_keys()]
        fitting = [model for model in models if can_be_done_with(card, model)]
        assert not card.needs_run or fitting
        for model in fitting if card.needs_run else [None]:
            settings = operation.settings(model)
            assert parse_settings(settings, {}) == settings()
            assert all(field.help.endswith(".") for field in setting_fields(settings))

    def test_the_same_again_gives_the_same_and_every_result_says_how_it_was_made(
        self, key: str, runs: dict[str, Path], material: dict[str, list[Path]], tmp_path: Path
    ) -> None:
        card = OPERATIONS.get(key).card
        inputs = inputs_of(card, material)
        for run in able(card, runs):

            def done(run: Path | None = run) -> list[Path]:
                settings = smallest(key, run)
                work = perform(key, run=run, inputs=inputs, count=2, seed=5, settings=settings)
                saved: list[Path] = []
                last: Made | Progress | None = None
                for last in work:
                    if isinstance(last, Made):
                        assert last.artifact.kind in (output_of(card, run), *card.others)
                        assert last.recipe.operation == key
                        saved.append(save_made(last, tmp_path))
                        kind = ARTIFACTS.get(last.artifact.kind)
                        assert kind.read_recipe(saved[-1]) == last.recipe
                assert isinstance(last, Progress)
                assert last.done == last.total
                return saved

            first = done()
            assert first
            # The same once more is the same file.
            assert done() == first

    def test_a_model_that_cannot_do_it_is_refused(
        self, key: str, runs: dict[str, Path], material: dict[str, list[Path]]
    ) -> None:
        card = OPERATIONS.get(key).card
        for model_key, run in ((it.split()[0], path) for it, path in runs.items()):
            if not can_be_done_with(card, model_class(model_key)):
                with pytest.raises(SettingsError, match="cannot do"):
                    next(perform(key, run=run, inputs=inputs_of(card, material)))

    def test_every_result_can_be_made_again_from_its_file(
        self, key: str, runs: dict[str, Path], material: dict[str, list[Path]], tmp_path: Path
    ) -> None:
        card = OPERATIONS.get(key).card
        run = able(card, runs)[0]
        settings = smallest(key, run)
        inputs = inputs_of(card, material)
        path, recipe = tmp_path, None
        for step in perform(key, run=run, inputs=inputs, count=2, seed=5, settings=settings):
            if isinstance(step, Made):
                path, recipe = save_made(step, tmp_path), step.recipe

        projects = [] if run is None else [run.parent.parent]
        places = [files[0].parent for files in material.values()]
        again = drain(remake(path, projects=projects, inputs=places))

        assert again.is_same
        assert again.recipe == recipe

    def test_without_what_it_needs_it_says_so(
        self, key: str, material: dict[str, list[Path]]
    ) -> None:
        card = OPERATIONS.get(key).card
        if card.needs_run:
            with pytest.raises(SettingsError, match="needs a trained model") as caught:
                next(perform(key, inputs=inputs_of(card, material)))
            assert "--run" in caught.value.hint

    def test_inputs_that_are_missing_unknown_or_unreadable_are_told(
        self, key: str, runs: dict[str, Path], material: dict[str, list[Path]], tmp_path: Path
    ) -> None:
        card = OPERATIONS.get(key).card
        run = able(card, runs)[0]
        with pytest.raises(SettingsError, match="takes nothing called"):
            next(perform(key, run=run, inputs={**inputs_of(card, material), "nonsense": []}))
        if any(spec.minimum for spec in card.inputs):
            with pytest.raises(SettingsError, match="takes"):
                next(perform(key, run=run, inputs={}))
            broken = tmp_path / "broken.png"
            broken.write_bytes(b"no picture")
            files = {spec.name: [broken] * max(1, spec.minimum) for spec in card.inputs}
            with pytest.raises(DatasetError, match=r"broken\.png"):
                list(perform(key, run=run, inputs=files))


def test_pictures_are_examples_of_every_architecture(pictures_NHWC: np.ndarray) -> None:
    for key in model_keys():
        data = dataset_for(key, pictures_NHWC)
        assert data.num_learned_from >= len(pictures_NHWC) - 1
