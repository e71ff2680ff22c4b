"""What a page answers, asked of a real browser: headless Chromium, where there is one."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.files import as_json
from pipeline.core.values import Float32
from pipeline.export.html_page import DATA

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OPTIONS = (
    *("--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--dump-dom"),
)
_SECONDS = 180
_ANSWERED = re.compile(r'<pre id="answered">(.*?)</pre>', re.DOTALL)


class NoBrowser(Exception):
    """Why no browser could be asked, in words."""


class Page:
    """A page that `write_page` wrote, answering in Chromium."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def answer(self, texts: pl.Series) -> Float32:
        """Return each text's distribution over the classes; float32 (N, C).

        Raises
        ------
        NoBrowser
            If there is none, or it does not start.
        PipelineError
            If the page gives no answer.
        """
        return _answers(self._path, texts.to_list())


def _answers(page: Path, texts: list[str]) -> Float32:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise NoBrowser(f"none of {', '.join(PROGRAMS[:3])} is on the PATH")
    with tempfile.TemporaryDirectory(prefix="embedseq-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "asked.html"
        asked = f'<script type="application/json" id="asked">{as_json({"texts": texts})}</script>'
        copy.write_text(page.read_text(encoding="utf-8").replace(DATA, asked + DATA, 1), encoding="utf-8")
        shown = _shown(program, copy)
    if "</html>" not in shown:
        raise NoBrowser(f"{Path(program).name} showed no page")
    found = _ANSWERED.search(shown)
    if found is None:
        raise PipelineError(
            "page-without-answer",
            str(page),
            "the page gave no answer in Chromium",
            "report this, with the model's name",
        )
    answers = json.loads(html.unescape(found[1]))
    return np.array(
        [[np.nan if share is None else share for share in one] for one in answers], dtype=np.float32
    )


def _shown(program: str, page: Path) -> str:
    """Return a page as the browser has it once its script has run."""
    own = [f"--user-data-dir={page.parent / 'profile'}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        own.append("--no-sandbox")  # Chromium does not start as root without; the page is this program's own
    command = [program, *_OPTIONS, *own, page.resolve().as_uri()]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoBrowser(f"{Path(program).name} did not end within {_SECONDS} s, or did not start") from error
    return done.stdout.decode(errors="replace")
