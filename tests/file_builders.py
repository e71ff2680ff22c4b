"""Files that programs write, made by hand: archives, workbooks, databases, Arrow and Parquet files."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import polars as pl
from corpus_builders import LABELS, TEXTS

Cell = str | int | float | bool | None
FRAME = pl.DataFrame({"text": TEXTS, "label": LABELS})
_OFFICE = "http://schemas.openxmlformats.org"
_SHEETS = f"{_OFFICE}/spreadsheetml/2006/main"
_LINKS = f"{_OFFICE}/officeDocument/2006/relationships"


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """Return a .zip of these members."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            plain = name == "mimetype"  # as the format of OpenDocument has it
            archive.writestr(name, content, zipfile.ZIP_STORED if plain else zipfile.ZIP_DEFLATED)
    return data.getvalue()


def workbook(sheets: Mapping[str, Mapping[int, Sequence[Cell]]]) -> bytes:
    """Return an .xlsx: for each sheet its rows by their numbers, from 1; a cell that is None is left out."""
    named = "".join(
        f'<sheet name="{name}" sheetId="{at}" r:id="r{at}"/>' for at, name in enumerate(sheets, 1)
    )
    linked = [_link(at, "worksheet", f"worksheets/sheet{at}.xml") for at, _ in enumerate(sheets, 1)]
    members = {
        "[Content_Types].xml": f'<Types xmlns="{_OFFICE}/package/2006/content-types"/>',
        "_rels/.rels": _links([_link(1, "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{_SHEETS}" xmlns:r="{_LINKS}"><sheets>{named}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _links(linked),
    }
    for at, rows in enumerate(sheets.values(), 1):
        body = "".join(f'<row r="{number}">{_row(number, cells)}</row>' for number, cells in rows.items())
        members[f"xl/worksheets/sheet{at}.xml"] = (
            f'<worksheet xmlns="{_SHEETS}"><sheetData>{body}</sheetData></worksheet>'
        )
    return zipped(members)


def _links(links: list[str]) -> str:
    return f'<Relationships xmlns="{_OFFICE}/package/2006/relationships">{"".join(links)}</Relationships>'


def _link(at: int, kind: str, target: str) -> str:
    return f'<Relationship Id="r{at}" Type="{_LINKS}/{kind}" Target="{target}"/>'


def _row(number: int, cells: Sequence[Cell]) -> str:
    return "".join(
        _cell(f"{column}{number}", cell)
        for column, cell in zip("ABCDEF", cells, strict=False)
        if cell is not None
    )


def _cell(place: str, value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def database(path: Path, tables: Mapping[str, Sequence[tuple[object, ...]]]) -> Path:
    """Write an SQLite database: for each table, such as `reviews (text, label)`, its rows."""
    connection = sqlite3.connect(path)
    for table, rows in tables.items():
        connection.execute(f"CREATE TABLE {table}")
        marks = ", ".join("?" * (table.count(",") + 1))
        connection.executemany(f"INSERT INTO {table.partition(' ')[0]} VALUES ({marks})", rows)
    connection.commit()
    connection.close()
    return path


def parquet(frame: pl.DataFrame = FRAME) -> bytes:
    """Return a table as a Parquet file."""
    data = io.BytesIO()
    frame.write_parquet(data)
    return data.getvalue()


def arrow_file(frame: pl.DataFrame = FRAME) -> bytes:
    """Return a table as an Arrow file, which Feather is too."""
    data = io.BytesIO()
    frame.write_ipc(data)
    return data.getvalue()


def arrow_stream(frame: pl.DataFrame = FRAME) -> bytes:
    """Return a table as an Arrow stream."""
    data = io.BytesIO()
    frame.write_ipc_stream(data)
    return data.getvalue()


def open_document_sheet(rows: Sequence[Sequence[str]]) -> bytes:
    """Return an .ods with one sheet of strings."""
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    body = "".join(
        f"<table:table-row>{''.join(cell.format(escape(text)) for text in row)}</table:table-row>"
        for row in rows
    )
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f"<office:document-content {names}><office:body><office:spreadsheet>"
        f'<table:table table:name="S">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    mimetype = "application/vnd.oasis.opendocument.spreadsheet"
    return zipped({"mimetype": mimetype, "content.xml": content, "META-INF/manifest.xml": "<manifest/>"})
