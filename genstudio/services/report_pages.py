"""Pages that are written beside results: one look, open in any browser, need no network.

Words for people stand in the pages as ``[[English words]]`` and are said in the language of the
program; names behind a dollar sign are filled in afterwards.
"""

import html
import re
from string import Template

from genstudio.domain.language import language, tr
from genstudio.domain.resources import resource

_WORDS = re.compile(r"\[\[(.+?)\]\]", re.DOTALL)


def report_page(body: str, *, title: str, **values: object) -> bytes:
    """Fill a page.

    Args:
        body: Name of what stands in it, under ``resources/web``.
        title: Plain text.
        values: Of the body's placeholders, as HTML.
    """
    told = html.escape(title)
    filled = page_template(body).substitute(title=told, **values)
    page = page_template("report.html").substitute(title=told, body=filled, language=language())
    return page.encode()


def page_template(name: str) -> Template:
    """A page under ``resources/web``, its words in the language of the program."""
    text = resource(f"web/{name}").read_text(encoding="utf-8")
    return Template(_WORDS.sub(lambda words: html.escape(tr(_joined(words[1]))), text))


def _joined(words: str) -> str:
    return " ".join(words.split())
