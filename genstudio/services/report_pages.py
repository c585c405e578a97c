"""Pages that operations write beside results: one look, open in any browser, need no network."""

import html
from string import Template

from genstudio.domain.resources import resource


def report_page(body: str, *, title: str, **values: object) -> bytes:
    """Fill a page.

    Args:
        body: Name of what stands in it, under ``resources/web``.
        title: Plain text.
        values: Of the body's placeholders, as HTML.
    """
    told = html.escape(title)
    filled = Template(_text(body)).substitute(title=told, **values)
    return Template(_text("report.html")).substitute(title=told, body=filled).encode()


def _text(name: str) -> str:
    return resource(f"web/{name}").read_text(encoding="utf-8")
