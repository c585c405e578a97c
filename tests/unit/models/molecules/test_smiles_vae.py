"""The model of molecules: what it minimises, and how it writes."""

import pytest
import torch
from torch import Tensor

pytest.importorskip("rdkit", reason="molecules need the extra “molecules”")

from tiny_studio import molecules

from genstudio.data import chemistry
from genstudio.data.modalities.molecules import MODALITY
from genstudio.data.selfies_notation import selfies_of
from genstudio.domain.errors import DatasetError
from genstudio.domain.operations import GENERATE
from genstudio.domain.settings import as_before
from genstudio.domain.smiles import token_counts, token_ids, tokens_in
from genstudio.domain.smiles_rules import breaks_at
from genstudio.models.blocks.causal_text import CausalTransformer
from genstudio.models.blocks.ruled_choice import RuledChoice
from genstudio.models.molecules.smiles_vae import (
    SmilesVAE,
    SmilesVAEConfig,
    SmilesVAESampling,
)
from genstudio.models.protocol import Batch, Request

COUNT = 12
TEXTS = [chemistry.canonical(text) for text in molecules(COUNT)]
WORDS = token_counts(TEXTS)


def model(**config: object) -> SmilesVAE:
    torch.manual_seed(0)
    values = {"width": 64, "depth": 1, "latent_size": 8, "warmup_kimg": 0.0, **config}
    return SmilesVAE(SmilesVAEConfig.model_validate(values), MODALITY.spec(0, 3, {}, WORDS))


def batch(count: int = COUNT) -> Batch:
    ids = torch.tensor([[token_ids(text, WORDS)] * 2 for text in TEXTS[:count]])
    return Batch(fields={"tokens": ids}, images_seen=0)


def trained(steps: int = 250, **config: object) -> SmilesVAE:
    made = model(**config)
    parameters = made.phases()[0].parameters
    optimizer = torch.optim.Adam(parameters, lr=3e-3)
    for step in range(steps):
        loss = made.losses("autoencoder", batch(), step)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
    return made


@pytest.fixture(scope="module")
def learned() -> SmilesVAE:
    made = trained()
    made.finalize(batch().fields)
    return made


def test_it_writes_molecules_like_those_it_learned(learned: SmilesVAE) -> None:
    request = Request(seeds=range(40), settings=SmilesVAESampling())
    made = [str(it.data) for it in learned.run(GENERATE, request)]
    valid = [text for text in made if chemistry.is_valid(text)]
    assert len(valid) > 30
    assert len(set(valid) & set(TEXTS)) >= 3


def test_what_it_describes_it_can_write_again(learned: SmilesVAE) -> None:
    points = [[ord(it) for it in text.ljust(99, "\0")] for text in TEXTS]
    by_text = learned.describe({"smiles": torch.tensor(points)})
    assert torch.allclose(by_text, learned.describe(batch().fields), atol=1e-5)
    again = [str(it.data) for it in learned.remake(by_text, SmilesVAESampling())]
    assert sum(one == other for one, other in zip(again, TEXTS, strict=True)) >= COUNT // 2


def test_values_are_given_of_molecules_only(learned: SmilesVAE) -> None:
    (whole,) = learned.remake(learned.describe(batch(1).fields), SmilesVAESampling())
    assert ("qed" in whole.values) is chemistry.is_valid(str(whole.data))
    (raw,) = model().run(GENERATE, Request(seeds=[1], settings=SmilesVAESampling(valid_only=False)))
    assert ("qed" in raw.values) is chemistry.is_valid(str(raw.data))


def test_what_may_be_said_for_free_costs_nothing() -> None:
    free, dear = model(information=200.0), model(information=0.0)
    torch.manual_seed(1)
    cheap = free.losses("autoencoder", batch(), 0)
    torch.manual_seed(1)
    full = dear.losses("autoencoder", batch(), 0)
    tokens = (cheap.values["bound"] - cheap.values["KL per molecule"]) / cheap.values[
        "nats per token"
    ]
    extra = (full.total - cheap.total).item()
    assert extra == pytest.approx((full.values["KL per molecule"] / tokens).item(), rel=1e-3)


def test_what_stands_behind_the_longest_changes_nothing() -> None:
    made = model(enumeration=0.0)
    torch.manual_seed(1)
    one = made.losses("autoencoder", batch(), 0).total
    ids = batch().fields["tokens"][:, :, :60]
    torch.manual_seed(1)
    other = made.losses("autoencoder", Batch(fields={"tokens": ids}, images_seen=0), 0).total
    assert torch.equal(one, other)


def test_tokens_written_one_by_one_have_the_logits_of_the_whole() -> None:
    torch.manual_seed(0)
    writer = CausalTransformer(9, 7, width=64, depth=2).eval()
    beginning, beside = torch.randn(3, 64), torch.randn(3, 64)
    ids = torch.randint(9, (3, 6))
    with torch.no_grad():
        whole = writer(beginning, ids, beside)
        kept, newest = writer.memory(3), beginning
        rows: list[Tensor] = []
        for place in range(7):
            rows.append(writer.next_logits(newest, kept, place))
            if place < 6:
                newest = writer.embedding(ids[:, place]) + beside
    assert torch.allclose(torch.stack(rows, 1), whole, atol=1e-5)
    with torch.no_grad():
        changed = ids.clone()
        changed[:, 4] = (changed[:, 4] + 1) % 9
        later = writer(beginning, changed, beside)
    assert torch.allclose(later[:, :5], whole[:, :5], atol=1e-6)
    assert not torch.allclose(later[:, 5], whole[:, 5])


def test_a_text_that_breaks_no_rule_is_the_one_without_rules() -> None:
    made = model()
    free, ruled = (
        list(made.run(GENERATE, Request(seeds=range(64), settings=SmilesVAESampling(
            grammar=grammar, valid_only=False
        ))))
        for grammar in (False, True)
    )  # fmt: skip
    # An untrained one writes at random: hardly any text is a molecule without rules.
    assert sum(chemistry.is_valid(str(it.data)) for it in free) < 8
    pairs = [(str(a.data), str(b.data)) for a, b in zip(free, ruled, strict=True)]
    assert all(a == b for a, b in pairs if breaks_at(tokens_in(a)) == -1)
    assert any(a != b for a, b in pairs)


def test_rules_choose_as_often_as_the_model_wants() -> None:
    vocabulary = ("C", ")", "=", "N")
    logits = torch.tensor([[-2.0, 0.0, 0.0, 1.0, 1.0, 0.5]]).expand(4000, -1)
    draws = torch.rand(4000, generator=torch.Generator().manual_seed(0))
    choice = RuledChoice(vocabulary, 4000)
    first = choice(logits, draws, 1.0)
    # Neither an end, nor a parenthesis, nor a bond may begin.
    assert set(first.tolist()) == {2, 5}
    expected = torch.tensor([0.0, 0.5]).softmax(0)[1].item()
    assert (first == 5).float().mean().item() == pytest.approx(expected, abs=0.03)
    assert RuledChoice(vocabulary, 1)(logits[:1], draws[:1], 0.0).item() == 5


def test_rules_let_the_likeliest_text_be_a_molecule(learned: SmilesVAE) -> None:
    latents = torch.randn(64, 8, generator=torch.Generator().manual_seed(1)) * 2
    shares = [
        sum(chemistry.is_valid(str(it.data)) for it in learned.remake(
            latents, SmilesVAESampling(grammar=grammar, valid_only=False)
        ))
        for grammar in (False, True)
    ]  # fmt: skip
    assert shares[1] > shares[0]


def test_who_writes_much_longer_than_what_was_learned_is_brought_to_an_end(
    learned: SmilesVAE,
) -> None:
    longest = max(len(tokens_in(text)) for text in TEXTS)
    assert learned.network["longest"].tokens.item() == longest
    settings = SmilesVAESampling(temperature=1.5, valid_only=False, grammar=False)
    made = [
        str(it.data) for it in learned.run(GENERATE, Request(seeds=range(64), settings=settings))
    ]
    assert max(len(tokens_in(text)) for text in made) <= longest + 8


def test_what_is_open_is_closed_while_there_is_room() -> None:
    vocabulary = ("C", "(", ")", "1", "N")
    # Nobody wants to close anything, or to come to an end.
    logits = torch.tensor([[-30.0, -30.0, 1.0, 1.0, -9.0, -9.0, 1.0]]).expand(200, -1)
    random = torch.Generator().manual_seed(0)
    choice = RuledChoice(vocabulary, 200, most=40)
    texts = [""] * 200
    for _ in range(40):
        chosen = choice(logits, torch.rand(200, generator=random), 1.0)
        for row, id_ in enumerate(chosen.tolist()):
            texts[row] += vocabulary[id_ - 2] if id_ >= 2 else ""
    assert all(chemistry.is_valid(text) for text in texts)
    assert any("(" in text for text in texts)
    assert max(map(len, texts)) <= 40


def test_recipes_from_before_there_were_rules_know_none() -> None:
    assert as_before(SmilesVAESampling, {"temperature": 0.9})["grammar"] is False


@pytest.fixture(scope="module")
def learned_selfies() -> SmilesVAE:
    pytest.importorskip("selfies", reason="molecules need the extra “molecules”")
    torch.manual_seed(0)
    texts = [selfies_of(it) for it in TEXTS]
    words = token_counts(texts, is_selfies=True)
    config = SmilesVAEConfig(width=64, depth=1, latent_size=8, warmup_kimg=0.0)
    made = SmilesVAE(config, MODALITY.spec(0, 3, {}, words, layout="SELFIES:"))
    fields = {"tokens": torch.tensor([[token_ids(it, words)] * 2 for it in texts])}
    optimizer = torch.optim.Adam(made.phases()[0].parameters, lr=3e-3)
    for step in range(200):
        loss = made.losses("autoencoder", Batch(fields=fields, images_seen=0), step)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
    made.finalize(fields)
    return made


def test_selfies_are_learned_and_come_out_as_smiles(learned_selfies: SmilesVAE) -> None:
    settings = SmilesVAESampling(valid_only=False)
    request = Request(seeds=range(40), settings=settings)
    made = [str(it.data) for it in learned_selfies.run(GENERATE, request)]
    assert all(map(chemistry.is_valid, made))
    assert not any("[Branch1]" in it for it in made)
    points = [[ord(it) for it in text.ljust(99, "\0")] for text in TEXTS]
    latents = learned_selfies.describe({"smiles": torch.tensor(points)})
    again = [str(it.data) for it in learned_selfies.remake(latents, settings)]
    assert sum(one == other for one, other in zip(again, TEXTS, strict=True)) >= COUNT // 2


def test_what_selfies_cannot_describe_is_said(learned_selfies: SmilesVAE) -> None:
    text = "FI(F)(F)(F)F"
    with pytest.raises(DatasetError, match="SELFIES"):
        learned_selfies.describe({"smiles": torch.tensor([[ord(it) for it in text]])})
