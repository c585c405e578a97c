"""Check of molecules: a small model of some makes others, and looks for better ones."""

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.data.molecule_files import read_entries
from genstudio.domain.artifacts import MOLECULE
from genstudio.domain.files import write_text
from genstudio.engine.trainer import NoCommands
from genstudio.selftest.learning import small_settings, trained
from genstudio.selftest.place import Place, SelfTestError, missing_pack
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import save_made
from genstudio.services.training import NewRun, start_run

_NUM_CHAINS = 12


def make_molecules(place: Place) -> str:
    """Train on alcohols and acids, make one, and find better ones near them."""
    if without := missing_pack("molecules"):
        return without
    folder = place.folder / "molecules"
    smiles = [
        f"{'C' * (1 + number)}{end}" for number in range(_NUM_CHAINS) for end in ("O", "C(=O)O")
    ]
    write_text(folder / "chains.smi", "\n".join(smiles) + "\n")
    settings = small_settings("smiles-vae", 2, width=32, depth=1, latent_size=8)
    request = NewRun(folder=folder, project=place.folder / "Chains", settings=settings)
    ending = trained(start_run(request, NoCommands()))
    out = place.folder / "made molecules"
    work = perform("generate", run=ending.run, count=1, seed=3, checkpoint="last")
    (path,) = [save_made(it, out) for it in work if isinstance(it, Made)]
    kind = ARTIFACTS.get(MOLECULE)
    if kind.read_recipe(path) is None or kind.thumbnail(path, 32).shape[:2] != (32, 32):
        raise SelfTestError("A made molecule has no recipe, or cannot be drawn", str(path))
    better = perform(
        "optimise-molecules",
        run=ending.run,
        count=2,
        checkpoint="last",
        settings={"rounds": 1, "property": "weight"},
    )
    paths = [save_made(it, out / "better") for it in better if isinstance(it, Made)]
    found = [entry.molecule for it in paths for entry in read_entries(it)]
    if len(found) != 2 or None in found:
        raise SelfTestError("No better molecules were found", str(paths))
    return f"molecules of {max(it.num_atoms for it in found if it)} atoms, drawn, with their recipe"
