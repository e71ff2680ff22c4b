"""What the tests of the documents read out of a Markdown page."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
FENCED = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def shell_commands(text: str) -> list[str]:
    """Return the commands of every ```sh block, those joined by && apart."""
    blocks = [body for language, body in FENCED.findall(text) if language == "sh"]
    return [command for block in blocks for command in re.split(r"\n| && ", block) if command]


def prose(text: str) -> str:
    """Return the page without its fenced blocks."""
    return FENCED.sub("", text)


def relative_links(text: str) -> list[str]:
    """Return the targets of links and pictures that are neither of another host nor of the page itself."""
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(text))
    return [target.partition("#")[0] for target in targets if not re.match(r"https?:|#", target)]


def first_cells(text: str, heading: str) -> list[str]:
    """Return the names between backticks in the first column of the table below `heading`."""
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| ")]
    return [name for cell in rows for name in re.findall(r"`([^`]+)`", cell)]


def names_after(text: str, start: str) -> set[str]:
    """Return the names between backticks in the list entry that begins with `start`, less its remarks."""
    entry = re.search(rf"^- {re.escape(start)}[^:]*:(.*?)\n(?=- |\n)", text, re.MULTILINE | re.DOTALL)
    assert entry is not None, f'no entry "- {start}"'
    return set(re.findall(r"`([^`]+)`", re.sub(r"\([^)]*\)", "", entry[1])))
