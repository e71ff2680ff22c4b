"""Debian's package index > debtags.jsonl: short descriptions of packages, with the tags that people gave them.

apt-cache dumpavail | python data/debtags.py debtags.jsonl

Each line is `{"package": .., "text": .., "labels": [..]}`. A package counts once, by its first
entry. The 100 most frequent tags are kept, and the packages that have one of them at least.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

MOST_TAGS = 100


def packages(lines: Iterable[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the name, the description and the tags of each entry that has all three."""
    fields: dict[str, str] = {}
    last = ""
    for line in (*lines, "\n"):
        if not line.strip():
            tags = [tag.strip() for tag in fields.get("Tag", "").split(",") if tag.strip()]
            if tags and "Package" in fields and "Description" in fields:
                yield fields["Package"], fields["Description"].strip(), tags
            fields = {}
        elif line[0].isspace():
            fields[last] += line.rstrip("\n")
        else:
            last, _, value = line.rstrip("\n").partition(":")
            last = "Description" if last == "Description-en" else last
            fields[last] = value.strip()


def main(target: Path) -> None:
    """Write the corpus to a file."""
    found = {name: (text, tags) for name, text, tags in reversed([*packages(sys.stdin)])}
    counts = Counter(tag for _, tags in found.values() for tag in {*tags})
    kept = {tag for tag, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_TAGS]}
    n_docs = 0
    with target.open("w", encoding="utf-8") as file:
        for name, (text, tags) in sorted(found.items()):
            labels = sorted({*tags} & kept)
            if labels:
                record = {"package": name, "text": text, "labels": labels}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
                n_docs += 1
    print(f"{target}: {n_docs:,} packages with some of the {len(kept)} most frequent tags")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
