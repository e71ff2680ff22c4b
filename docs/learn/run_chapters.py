"""Run the Python blocks of the chapters and compare what they print with the page.

    python docs/learn/run_chapters.py              every chapter
    python docs/learn/run_chapters.py 04 05        the chapters whose names begin so
    python docs/learn/run_chapters.py 04 --write   set what was printed into the page; read the diff

A block that prints is followed by a `text` block that shows it. What stands after the word `text` says how the two
are compared: nothing, exactly; `± 0.02`, each number with a point may lie so far away; `words`, half of each
line's words are the same (what was learned here differs a little between machines).

What stands after the word `python` says when a block runs: nothing, always; `aside`, in its own chapter and not where
another chapter fetches this one's names; `needs glove-6b-50d`, where that package of vectors is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[1]))

from pipeline.embeddings.packages import PACKAGES  # noqa: E402

BLOCK = re.compile(r"^```(python|text)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DECIMAL = re.compile(r"-?\d+\.\d+")
SHARE_OF_WORDS = 0.5


@dataclass(frozen=True)
class Block:
    """One Python block of a chapter and what the page says it prints."""

    code: str
    line: int  # of the page, where the code begins
    shown: str | None  # None: the page shows nothing
    rule: str  # how `shown` is compared
    when: str  # "", "aside", or "needs PACKAGE"
    place: tuple[int, int]  # of `shown` in the page's text


def chapters() -> list[Path]:
    """Return the chapters in their order."""
    return sorted(HERE.glob("[0-9][0-9]-*.md"))


def blocks_of(text: str) -> list[Block]:
    """Return the Python blocks of a page, each with the `text` block that follows it.

    Raises
    ------
    ValueError
        If a `text` block follows no Python block: it would be compared with nothing.
    """
    found: list[Block] = []
    waiting: re.Match[str] | None = None
    for match in BLOCK.finditer(text):
        if match[1] == "text":
            if waiting is None:
                raise ValueError(f"line {_line(text, match.start())}: no Python block prints this text")
            found.append(_block(text, waiting, match))
            waiting = None
            continue
        if waiting is not None:
            found.append(_block(text, waiting, None))
        waiting = match
    return found if waiting is None else [*found, _block(text, waiting, None)]


def _block(text: str, code: re.Match[str], shown: re.Match[str] | None) -> Block:
    line = _line(text, code.start(3))
    if shown is None:
        return Block(code[3], line, None, "", code[2].strip(), (code.end(), code.end()))
    return Block(code[3], line, shown[3], shown[2].strip(), code[2].strip(), shown.span(3))


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def printed_by(
    blocks: Sequence[Block], page: Path, names: dict[str, Any] | None = None
) -> Iterator[tuple[Block, str]]:
    """Run the blocks in one namespace, top to bottom; yield each with what it printed.

    A block whose package is not installed is left out.
    """
    names = {"__name__": "chapter"} if names is None else names
    for block in blocks:
        if not _can_run(block):
            continue
        code = compile(
            "\n" * (block.line - 1) + block.code, str(page), "exec"
        )  # tracebacks name the page's line
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(code, names)
        yield block, out.getvalue()


def _can_run(block: Block) -> bool:
    """Whether the package of vectors that a block needs, if any, is installed."""
    kind, _, package = block.when.partition(" ")
    return kind != "needs" or find_spec(PACKAGES[package].module) is not None


def names_of(number: str) -> dict[str, Any]:
    """Return what chapter `number` ("05") defines: its blocks are run but those aside, nothing is printed."""
    return dict(names_of_page(next(page for page in chapters() if page.name.startswith(number))))


@cache
def names_of_page(page: Path) -> dict[str, Any]:
    """Return what a page defines; several chapters ask for one, so its blocks are run once for all."""
    names: dict[str, Any] = {"__name__": "chapter"}
    blocks = [block for block in blocks_of(page.read_text(encoding="utf-8")) if block.when != "aside"]
    for _ in printed_by(blocks, page, names):
        pass
    return names


def difference(shown: str | None, printed: str, rule: str) -> str | None:
    """Return how what was printed differs from what the page shows, or None.

    >>> difference("loss 0.50\\n", "loss 0.51\\n", "± 0.02"), difference(None, "", "")
    (None, None)
    >>> difference("0.50\\n", "0.53\\n", "± 0.02")
    'shown: 0.50, printed: 0.53'
    """
    old, new = (shown or "").splitlines(), printed.splitlines()
    if len(old) != len(new):
        return f"{len(old)} lines are shown, {len(new)} were printed: {printed!r}"
    agree = _rule(rule)
    return next((f"shown: {a}, printed: {b}" for a, b in zip(old, new, strict=True) if not agree(a, b)), None)


def _rule(rule: str) -> Any:
    if rule.startswith("±"):
        return lambda shown, printed: _close(shown, printed, float(rule[1:]))
    return {"": str.__eq__, "words": _alike}[rule]


def _close(shown: str, printed: str, most: float) -> bool:
    """Whether two lines are the same text with decimals at most `most` apart; blanks may differ with signs."""
    texts = [DECIMAL.sub("#", line).split() for line in (shown, printed)]
    numbers = [[float(number) for number in DECIMAL.findall(line)] for line in (shown, printed)]
    return texts[0] == texts[1] and all(abs(a - b) <= most + 1e-9 for a, b in zip(*numbers, strict=True))


def _alike(shown: str, printed: str) -> bool:
    words = Counter(re.findall(r"[^\W\d]+", shown))
    return (words & Counter(re.findall(r"[^\W\d]+", printed))).total() >= SHARE_OF_WORDS * words.total()


def check(page: Path) -> list[str]:
    """Run one chapter; return where it differs from its page, as `file:line: how`."""
    ran = printed_by(blocks_of(page.read_text(encoding="utf-8")), page)
    found = ((block, difference(block.shown, printed, block.rule)) for block, printed in ran)
    return [f"{page.name}:{block.line}: {how}" for block, how in found if how]


def write(page: Path) -> None:
    """Set what each block prints into the page."""
    text = page.read_text(encoding="utf-8")
    ran = [*printed_by(blocks_of(text), page)]
    for block, printed in reversed(ran):
        start, end = block.place
        if block.shown is None and printed:
            text = f"{text[:start]}\n\n```text\n{printed}```{text[end:]}"
        elif block.shown is not None and difference(block.shown, printed, block.rule):
            text = text[:start] + printed + text[end:]
    page.write_text(text, encoding="utf-8")


def main() -> None:
    """Run chapters; exit status 1 if one differs from its page."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("chapters", nargs="*", help="how the names of the chapters begin; none: all of them")
    parser.add_argument("--write", action="store_true", help="set what was printed into the page")
    given = parser.parse_args()
    pages = [page for page in chapters() if page.name.startswith(tuple(given.chapters) or "")]
    if not pages:
        parser.error(f"no chapter begins so; there are {', '.join(page.stem for page in chapters())}")
    differences = []
    for page in pages:
        if given.write:
            write(page)
        else:
            found = check(page)
            differences += found
            print(
                f"{page.stem}: {'as the page shows' if not found else ''}", *found, sep="\n" if found else ""
            )
    sys.exit(bool(differences))


if __name__ == "__main__":
    main()
