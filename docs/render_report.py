"""Take pictures of a report, light and dark, with headless Chromium: docs/render_report.py [RUN] [--out FILE.png]."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
REPORTS = Path("reports")
COLOURS = {"": 1, "-dark": 0}  # what stands behind the file's name, and Chromium's number for the scheme


def newest_run(reports: Path) -> Path | None:
    """Return the run folder whose report was drawn last, or None."""
    pages = sorted(reports.glob("*/report.html"), key=lambda page: page.stat().st_mtime)
    return pages[-1].parent if pages else None


def browser_command(
    browser: str, page: Path, out: Path, size: str, profile: str, scheme: int = 1
) -> list[str]:
    """Return the command that writes a picture of `page`, `size` pixels ("1200,1600"), to `out`."""
    options = ["--headless", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
    options.append(f"--blink-settings=preferredColorScheme={scheme}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium's sandbox refuses to start as root
    return [browser, *options, f"--window-size={size}", f"--screenshot={out}", page.as_uri()]


def main() -> None:
    """Write the picture, or say what is missing and end with status 2."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", nargs="?", type=Path, help="a run folder; the newest in reports/ if absent")
    parser.add_argument("--out", type=Path, default=Path("docs/report.png"))
    parser.add_argument("--size", default="1280,748", help="width,height in pixels")
    given = parser.parse_args()
    run = given.run or newest_run(REPORTS)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if run is None or not (run / "report.html").is_file():
        parser.error(f"there is no report.html in {run or REPORTS}; make a run first")
    if browser is None:
        parser.error(f"no browser was found; install one of {', '.join(BROWSERS)}")
    for name, scheme in COLOURS.items():
        out = given.out.with_stem(given.out.stem + name)
        _take(browser, run / "report.html", out, given.size, scheme)
        print(f"{out} shows {run}")


def _take(browser: str, page: Path, out: Path, size: str, scheme: int) -> None:
    with tempfile.TemporaryDirectory() as profile:
        command = browser_command(browser, page.resolve(), out.resolve(), size, profile, scheme)
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if ended.returncode != 0 or not out.is_file():
        sys.exit(ended.stderr)


if __name__ == "__main__":
    main()
