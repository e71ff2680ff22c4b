"""Name every host that a built page would ask: python docs/asked_hosts.py FOLDER (status 1 if there is one)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

LOADED = {"src", "srcset", "poster", "data", "background", "xlink:href"}  # a browser fetches what these name
LINKS = {
    "stylesheet",
    "preload",
    "preconnect",
    "icon",
    "shortcut icon",
    "modulepreload",
    "dns-prefetch",
    "manifest",
}
IN_STYLES = re.compile(r"(?:url\(\s*[\"']?|@import\s+[\"'])((?:https?:)?//[^\"')\s]+)")
IN_SCRIPTS = re.compile(
    r"(?:import\(|fetch\(|\.src\s*=\s*|importScripts\()\s*[\"'`]((?:https?:)?//[^\"'`\s]+)"
)


class Loads(HTMLParser):
    """The addresses that a browser would fetch for a page without a click."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what the element loads."""
        given = {name: value or "" for name, value in attrs}
        values = [value for name, value in given.items() if name in LOADED]
        if tag == "link" and given.get("rel", "").lower() in LINKS:
            values.append(given.get("href", ""))
        self.found += [value for value in values if re.match(r"(?:https?:)?//", value.strip())]
        self.found += IN_STYLES.findall(given.get("style", ""))


def loads_of(text: str, kind: str) -> list[str]:
    """Return the addresses on other hosts that a file loads; `kind` is its ending.

    >>> loads_of('<a href="https://a.org">a</a><img src="https://b.org/x.png">', ".html")
    ['https://b.org/x.png']
    >>> loads_of("body { background: url(//c.org/y.png) }", ".css")
    ['//c.org/y.png']
    """
    if kind == ".css":
        return IN_STYLES.findall(text)
    if kind == ".js":
        return IN_SCRIPTS.findall(text)
    page = Loads()
    page.feed(text)
    return [*page.found, *IN_STYLES.findall(text), *IN_SCRIPTS.findall(text)]


def asked(folder: Path) -> Iterator[str]:
    """Yield file and address for each load of a built site that leaves it."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".html", ".css", ".js"):
            for address in loads_of(path.read_text(encoding="utf-8", errors="replace"), path.suffix):
                yield f"{path.relative_to(folder)}: {address}"


if __name__ == "__main__":
    found = list(asked(Path(sys.argv[1])))
    print("\n".join(found) or "no page asks a host")
    sys.exit(bool(found))
