"""Sections > report.html: one file with its styles and scripts in it, and no request to any host."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.core.clean import cell_text, code_text, prose
from pipeline.core.files import as_json
from pipeline.report.page.blocks import Answer, Example, Part, Section
from pipeline.report.page.marks import initials, mistake_rows, mistake_scale, mistakes_said, of_hundred, shade
from pipeline.report.page.plots import plot

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
_CODE = re.compile(r"`([^`]+)`")
ASSETS = HERE / "assets"


DOORS = (  # an anchor, who goes there, what they find
    ("answer", "I have to choose", "what to use, what it costs"),
    ("memory", "I want to see why", "the pictures"),
    ("check", "I want to check", "rule, signature, commands"),
)


def write_html(answer: Answer, parts: Sequence[Part], name: str) -> str:
    """Return the whole report as one HTML page; every string is cleaned and escaped by the templates."""
    ids = {section.id for part in parts for section in part.sections} | {part.id for part in parts}
    doors = [door for door in DOORS if door[0] in ids]
    scripts = assets(".js")
    return _rendered(
        "page.html.j2", scripts, answer.kinds, answer=answer, parts=parts, headed=True, name=name, doors=doors
    )


def write_example_page(example: Example) -> str:
    """Return a worked example as one HTML page without a script; every string is cleaned and escaped."""
    parts = [
        Part(f"part-{number}", sections[0].part or "Steps", sections=tuple(sections))
        for number, sections in _by_part(example.sections).items()
    ]
    return _rendered("example.html.j2", (), {}, example=example, parts=parts, headed=False)


def _by_part(sections: Iterable[Section]) -> dict[int, list[Section]]:
    found: dict[int, list[Section]] = {}
    for section in sections:
        found.setdefault(section.part_number, []).append(section)
    return found


def _rendered(template: str, scripts: Sequence[str], kinds: Mapping[str, str], **given: object) -> str:
    from markupsafe import Markup, escape

    names = {str(escape(cell_text(name))): kind for name, kind in kinds.items()}

    return (
        _templates()
        .get_template(template)
        .render(
            styles=[Markup(text) for text in assets(".css")],
            scripts=[Markup(text) for text in scripts],
            policy=Markup(content_policy(scripts)),
            said=lambda text: Markup(marked(str(escape(prose(text))), names)),
            with_commands=lambda text: Markup(marked(str(escape(prose(text))), {})),
            **given,
        )
    )


def marked(text: str, kinds: Mapping[str, str]) -> str:
    """Return an escaped sentence with its commands as code, and the mark of its kind before each model's name.

    >>> marked("Use tfidf. `--seeds 3` tells.", {"tfidf": "base"})
    'Use <span class="m base">tfidf</span>. <code>--seeds 3</code> tells.'
    """
    text = _CODE.sub(r"<code>\1</code>", text)
    if not kinds:
        return text
    names = "|".join(re.escape(name) for name in sorted(kinds, key=len, reverse=True))
    of_model = re.compile(rf"(?<![\w@:&#/<-])({names})(?![\w@:/-])")
    parts = re.split(r"(<code>.*?</code>)", text)
    return "".join(
        part
        if part.startswith("<code>")
        else of_model.sub(lambda found: f'<span class="m {kinds[found[1]]}">{found[1]}</span>', part)
        for part in parts
    )


@functools.cache  # compiling them takes half a second
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(cell=cell_text, prose=prose, code=code_text)
    templates.globals.update(
        plot=plot,
        initials=initials,
        of_hundred=of_hundred,
        shade=shade,
        mistake_rows=mistake_rows,
        mistake_scale=mistake_scale,
        mistakes_said=mistakes_said,
    )
    templates.filters["json"] = lambda data: Markup(as_json(data))
    return templates


def assets(ending: str) -> list[str]:
    """Return the text of every file of `assets/` with this ending, in the order of their names."""
    return [path.read_text(encoding="utf-8").strip() for path in sorted(ASSETS.glob(f"*{ending}"))]


def content_policy(scripts: Sequence[str]) -> str:
    """Return the page's Content-Security-Policy: no request to any host, and these scripts alone run.

    A script is allowed by the hash of its text (CSP level 3, section 2.3.1), so that a script which a text of the
    corpus might bring along would not run even if it were not escaped.
    """
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    allowed = " ".join(f"'sha256-{value}'" for value in hashes) or "'none'"
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src {allowed}; img-src data:"
