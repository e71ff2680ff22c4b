"""Take pictures of reports for docs/gallery/: python docs/make_gallery.py RUN... [--out FOLDER].

Each run folder becomes a heading with its answer, its command and a few small pictures. It needs Chromium, and
Playwright to drive it: python -m pip install -e '.[browser]'.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
)
LARGEST = 250_000  # bytes of a picture
QUALITIES = (80, 60, 40, 25)  # of a JPEG, the first that is small enough


@dataclass(frozen=True)
class View:
    """One picture of a report: its head or the section of an anchor; `width` pixels wide, `most` high at most."""

    name: str
    title: str
    anchor: str = "answer"
    width: int = 1280
    most: int = 1100
    colours: str = "light"
    texts: bool = False  # documents are shown: only of corpora that are this project's own


OWN_CORPORA = {"word-order"}  # a public corpus's texts are not this project's to print
VIEWS = (
    View("answer", "The answer", "body", most=900),
    View("differences", "Paired differences, in dark colours", "differences", colours="dark"),
    View("causes", "Where a difference comes from", "ladder"),
    View("slices", "Where models win and lose", "slices"),
    View("documents", "Documents to look at", "documents", texts=True),
    View("memory", "What the network remembers", "memory"),
    View("phone", "On a phone", "body", width=390, most=844),
)


@dataclass(frozen=True)
class Shown:
    """What the gallery says of a run: its corpus, answer and command, and the pictures as (title, file)."""

    corpus: str
    sentence: str
    command: str
    pictures: tuple[tuple[str, str], ...]


def write_gallery(runs: Sequence[Path], out: Path) -> None:
    """Write README.md and the pictures of the runs into `out`; pictures of an earlier gallery are deleted."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.jpg"):
        old.unlink()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        shown = [_show(browser, run, number, out) for number, run in enumerate(runs, start=1)]
        browser.close()
    (out / "README.md").write_text(page_text(shown), encoding="utf-8")


def _show(browser: Any, run: Path, number: int, out: Path) -> Shown:
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    corpus = str(metrics["corpus"]["name"])
    slug = f"{number}-{re.sub(r'[^a-z0-9]+', '-', corpus.lower()).strip('-')[:40]}"
    pictures = []
    for view in VIEWS:
        if view.texts and corpus not in OWN_CORPORA:
            continue
        picture = _picture(browser, run / "report.html", view)
        if picture is not None:
            file = f"{slug}-{view.name}.jpg"
            (out / file).write_bytes(picture)
            pictures.append((view.title, file))
    command = without_folders(str(metrics["environment"].get("command") or ""))
    return Shown(corpus, str(metrics["verdict"]["sentence"]), command, tuple(pictures))


def without_folders(command: str) -> str:
    """Return a command without --out, its files by their names alone: folders are those of one machine.

    >>> without_folders("python run_pipeline.py /home/me/a.csv --test ../b.csv --out /tmp/x")
    'python run_pipeline.py a.csv --test b.csv'
    """
    words = re.sub(r" --out \S+", "", command).split(" ")
    return " ".join(word.rsplit("/", 1)[-1] for word in words)


def _picture(browser: Any, page_file: Path, view: View) -> bytes | None:
    """Return a JPEG of a view; None where the report has no such section or nothing to show in it."""
    context = browser.new_context(
        viewport={"width": view.width, "height": view.most}, color_scheme=view.colours
    )
    page = context.new_page()
    page.goto(page_file.resolve().as_uri())
    place = page.locator("body" if view.anchor == "body" else f"#{view.anchor}")
    if place.count() == 0:
        context.close()
        return None
    box = place.bounding_box()
    clip = {**box, "height": min(view.most, box["height"])}
    taken = (
        page.screenshot(type="jpeg", quality=quality, clip=clip, full_page=True) for quality in QUALITIES
    )
    small = next((picture for picture in taken if len(picture) < LARGEST), None)
    context.close()
    if small is None:
        raise ValueError(f"{view.name} of {page_file} is over {LARGEST:,} bytes at the lowest quality")
    return small


def page_text(shown: Sequence[Shown]) -> str:
    """Return the gallery as Markdown."""
    return "\n\n".join(["# Reports", INTRODUCTION, *(part for run in shown for part in _parts(run))]) + "\n"


INTRODUCTION = (
    "Pictures of the reports of real runs, one that the network wins, one that it loses, one that cannot tell."
    " `python docs/make_gallery.py RUN...` makes this page from run folders."
)


def _parts(run: Shown) -> Iterator[str]:
    yield f"## {_plain(run.corpus)}"
    yield _plain(run.sentence)
    if run.command:
        yield f"    {run.command}"
    for title, file in run.pictures:
        yield f"{title}:"
        yield f"![{_plain(run.corpus)}: {title[0].lower()}{title[1:]}]({file})"


def _plain(text: str) -> str:
    r"""Return text as Markdown that shows it.

    >>> _plain("lstm@a_b *wins*")
    'lstm@a\\_b \\*wins\\*'
    """
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", text)


def main() -> None:
    """Write the gallery, or say what is missing and end with status 2."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="run folders, in the order of the page"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "gallery")
    given = parser.parse_args()
    for run in given.runs:
        if not (run / "report.html").is_file():
            parser.error(f"there is no report.html in {run}; name the folder of a finished run")
    if not any(map(shutil.which, BROWSERS)):
        parser.error(f"no browser was found; install one of {', '.join(BROWSERS)}")
    try:
        write_gallery(given.runs, given.out)
    except ImportError:
        parser.error("Playwright is not installed; run: python -m pip install -e '.[browser]'")
    print(f"{given.out}: {len(given.runs)} runs", file=sys.stdout)


if __name__ == "__main__":
    main()
