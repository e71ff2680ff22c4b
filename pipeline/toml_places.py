"""Where a key stands in a TOML text, so that an error can name the line of the user's own file."""

from __future__ import annotations

import re
from pathlib import Path

_HEADER = re.compile(r"\s*\[{1,2}\s*(?P<name>[^\[\]]+?)\s*\]{1,2}\s*(#.*)?$")
_KEY = re.compile(r"""\s*(?P<name>[A-Za-z0-9_."' \t-]+?)\s*=""")
_TRIPLE = re.compile(r"\"\"\"|'''")


def place(file: Path, text: str, table: str, key: str | None = None) -> str:
    """Return `file:line:column` (from 1) of a table, or of a key in it; the file alone if it is not found.

    A key is found under its header, as `table.key =`, and inside `table = { key = ... }`.
    """
    current, in_string = "", False
    wanted = table if key is None else f"{table}.{key}"
    for number, line in enumerate(text.split("\n"), start=1):
        if not in_string:
            header = _HEADER.match(line)
            if header:
                current = _bare(header["name"])
            column = _column(line, header, current, wanted)
            if column:
                return f"{file}:{number}:{column}"
        in_string ^= len(_TRIPLE.findall(line)) % 2 == 1
    return str(file)


def _column(line: str, header: re.Match[str] | None, current: str, wanted: str) -> int:
    """Return the column (from 1) at which `wanted` is named in a line; 0 if it is not."""
    if header:
        starts = f"{_bare(header['name'])}.".startswith(f"{wanted}.")
        return line.index("[") + 1 if starts else 0
    match = _KEY.match(line)
    if not match:
        return 0
    full = f"{current}.{_bare(match['name'])}" if current else _bare(match["name"])
    if f"{full}.".startswith(f"{wanted}."):
        return match.start("name") + 1
    table, _, key = wanted.partition(".")
    inner = (
        re.search(rf"""[{{,]\s*(["']?{re.escape(key)}["']?)\s*[=.]""", line)
        if full == table and key
        else None
    )
    return inner.start(1) + 1 if inner else 0


def _bare(name: str) -> str:
    """Return a key without quotes and blanks, as in `networks . "units"`."""
    return ".".join(part.strip().strip("\"'") for part in name.split("."))
