"""The worked example as one HTML page: no script, no request to any host, every text escaped."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.clean import cell_text, prose
from pipeline.interpret.explain.worked import Table, Worked
from pipeline.interpret.explain.written import Written, shown, shown_difference

HERE = Path(__file__).parent


def write_page(worked: Worked) -> str:
    """Return the worked example as one HTML page; every string is cleaned and escaped by the template."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape

    def breakable(put_in: Written) -> Markup:
        """Return an equation that a narrow screen may break after each product's sign."""
        return escape(str(put_in)).replace("·", Markup("·<wbr>"))

    templates = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(cell=cell_text, prose=prose, number=shown, small=shown_difference)
    templates.filters["breakable"] = breakable
    style = Markup((HERE / "page.css").read_text(encoding="utf-8"))
    return templates.get_template("page.html.j2").render(worked=worked, style=style, share=_share)


def _share(table: Table, row: tuple[str | float, ...], place: int) -> str:
    """Return how long the bar of this row is, as a share of the longest."""
    largest = max(float(each[place]) for each in table.rows)
    return f"{float(row[place]) / largest:.3f}" if largest else "0"
