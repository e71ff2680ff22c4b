"""Make the tables of docs/project/results.md and of the README from the results in benchmarks/results.

python docs/make_results.py published    "Published beside measured" in docs/project/results.md
python docs/make_results.py corpora      whole runs on public corpora: README's table, and verdicts
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

from corpora_tables import write_corpora  # noqa: E402
from published_table import write_published  # noqa: E402

WRITERS = {"published": lambda: [write_published()], "corpora": write_corpora}


def main(arguments: list[str]) -> int:
    """Write the tables that the argument names."""
    if len(arguments) != 1 or arguments[0] not in WRITERS:
        print(__doc__)
        return 2
    for page in WRITERS[arguments[0]]():
        print(f"written: {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
