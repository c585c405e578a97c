"""Other words in a text, and titles of it: both chosen by what a language model finds likely."""

from genstudio.domain.byte_pairs import Tokeniser
from genstudio.services.titles import titles_for
from genstudio.services.varying import varied

TEXT = "The fox went down to the river. The river was cold, and the fox was cold."


class Counting:
    """Finds texts likely that stand behind “river”, and knows two words."""

    tokeniser = Tokeniser([])

    def nats(self, fields: object) -> object:
        raise AssertionError(fields)

    def nats_of_text(self, text: str, *, after: str = "") -> float:
        likely = 3.0 * ("River" in after) - 2.0 * after.casefold().endswith("lake")
        return len(text) / 10 - likely

    def next_words(self, before: str, seed: int, count: int, temperature: float) -> list[str]:
        del before, temperature
        return [("lake", "pond")[(seed + at) % 2] for at in range(count)]


def test_the_share_of_words_decides_how_many_are_looked_at() -> None:
    assert varied(Counting(), TEXT, amount=0.0, temperature=1.0, seed=1).text == TEXT
    much = varied(Counting(), TEXT, amount=1.0, temperature=1.0, seed=1)
    assert much.num_changed > 8
    # Signs and spaces stay, and capitals where they were.
    assert [it for it in much.text if not it.isalpha()] == [it for it in TEXT if not it.isalpha()]
    assert much.text[0].isupper()
    assert much == varied(Counting(), TEXT, amount=1.0, temperature=1.0, seed=1)
    assert much != varied(Counting(), TEXT, amount=1.0, temperature=1.0, seed=2)


def test_words_that_spoil_what_follows_are_hardly_taken() -> None:
    found = varied(Counting(), TEXT, amount=1.0, temperature=0.1, seed=3)
    assert found.text.lower().count("lake") == 0
    assert found.text.lower().count("pond") > 2


def test_titles_are_words_of_the_text_that_make_it_likelier() -> None:
    titles = titles_for(Counting(), TEXT, 3, 4)
    assert "River" in titles[0].text
    assert [it.fit for it in titles] == sorted((it.fit for it in titles), reverse=True)
    assert all(it.text.casefold() in TEXT.casefold() for it in titles)
    # None says again what another one says.
    assert sum("River" in it.text for it in titles) == 1
