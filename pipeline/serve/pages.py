"""The pages of the service: each one file with its style and script in it, which asks nobody but the service."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.files import Json

HERE = Path(__file__).parent / "page"


@dataclass(frozen=True)
class Page:
    """A page, and the Content-Security-Policy that it is sent with (CSP level 3)."""

    html: str
    policy: str


def draw_page(name: str, script_name: str, **given: Json) -> Page:
    """Return the page of a template; every string that is given is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    templates = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style, script = (_read(f"{kind}") for kind in ("page.css", script_name))
    html = templates.get_template(name).render(style=Markup(style), script=Markup(script), **given)
    allowed = f"style-src {_hash(style)}; script-src {_hash(script)}; connect-src 'self'; img-src data:"
    never = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return Page(html, f"default-src 'none'; {allowed}; {never}")


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8").strip()


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
