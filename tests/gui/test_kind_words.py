from collections.abc import Sequence

import pytest

from genstudio.domain.operations import InputSpec, OperationCard
from genstudio.ui.kind_words import counted_files, several, way


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.png"], "1 picture"),
        (["a.png", "b.png"], "2 pictures"),
        (["a.sdf", "b.sdf", "c.sdf"], "3 molecules"),
        (["a.mid"], "1 notes"),
        (["a.png", "b.flac"], "2 results"),
        ([], "0 pictures"),
    ],
)
def test_files_are_counted_by_what_they_are(names: Sequence[str], words: str) -> None:
    assert counted_files(names) == words


def test_what_can_be_left_out_is_not_said_to_go_in() -> None:
    card = OperationCard(
        key="k", title="t", summary="s.", inputs=(InputSpec(name="lora", kind="lora", minimum=0),)
    )

    assert way(card) == "From words of yours → pictures"
    both = OperationCard(key="k", title="t", summary="s.", others=("sound",), task="generate")
    assert way(both) == "From a trained model → pictures and sounds"
    assert several("lora") == "LoRAs"
