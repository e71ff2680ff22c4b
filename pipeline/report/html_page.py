"""Sections > report.html: one file, no script, no request to any host."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.report.blocks import Answer, Chart, Section
from pipeline.report.charts import Picture, draw
from pipeline.report.text import cell_text, code_text, prose

HERE = Path(__file__).parent


def write_html(answer: Answer, sections: Sequence[Section], name: str) -> str:
    """Return the whole report as one HTML page; every string is cleaned and escaped by the templates."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def picture(chart: Chart) -> dict[str, Markup | bool]:
        drawn: Picture = draw(chart.figure)
        return {
            "wide": Markup(drawn.wide),
            "narrow": Markup(drawn.narrow),
            "same": drawn.wide == drawn.narrow,
        }

    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(cell=cell_text, prose=prose, code=code_text)
    style = Markup((HERE / "assets" / "report.css").read_text(encoding="utf-8"))
    page = templates.get_template("page.html.j2")
    return page.render(answer=answer, sections=sections, name=name, style=style, picture=picture)
