"""Conversations are written by a model's own template, in a sandbox."""

import pytest

from genstudio.domain.errors import SettingsError
from genstudio.models.local_language.prompts import conversation

pytest.importorskip("jinja2", reason="chat templates need Jinja")

TURNS = (
    "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}</{{ m.role }}>"
    "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)
STRICT = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}" + TURNS
)


def test_the_template_decides() -> None:
    text = conversation(TURNS, system="Be brief.", request="A tale?", bos="<s>")
    assert text == "<s><system>Be brief.</system><user>A tale?</user><assistant>"


def test_where_a_template_knows_no_system_text_it_stands_before_the_request() -> None:
    text = conversation(STRICT, system="Be brief.", request="A tale?")
    assert text == "<user>Be brief.\n\nA tale?</user><assistant>"


def test_without_a_template_the_words_follow_each_other() -> None:
    assert conversation("", system="Be brief.", request="Once upon") == "Be brief.\n\nOnce upon"
    assert conversation("", system="", request="Once upon ") == "Once upon "


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{% for %}",
        "{{ raise_exception('never') }}",
        "x" * (2**20 + 1),
    ],
)
def test_what_reaches_out_or_is_broken_is_refused(template: str) -> None:
    with pytest.raises(SettingsError, match="chat template"):
        conversation(template, system="", request="A tale?")
