"""How many verdicts this computer has seen on the same test documents: a line a run, in the user's cache folder.

Whoever tries ten settings on one test set and keeps the best has, by chance alone, a good one among them. A count is
no cache: `--no-cache` and `cache --clear` leave it. It ends no run: what cannot be counted is said and left out.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from pipeline.core.store import default_folder
from pipeline.core.values import TEST, Corpus
from pipeline.core.version import __version__
from pipeline.core.warned import Warned, warning
from pipeline.run_folder.metrics.corpus import CorpusRead, Reuse
from pipeline.settings.tables import Config, deciding

FILE = "verdicts.jsonl"


@dataclass(frozen=True)
class Look:
    """A run that gave a verdict.

    Attributes
    ----------
    run : which run: one that is concluded twice counts once
    time : when, UTC, ISO 8601
    tests : sha256 of the test documents and their labels
    settings : sha256 of all that the verdict depends on beside them
    """

    run: str
    time: str
    tests: str
    settings: str


def hash_of_tests(folds: Sequence[Corpus]) -> tuple[str, int]:
    """Return the sha256 of the documents that are tested, folds together, with their labels; and how many.

    Neither order nor training documents count: it is the same test set after a file was sorted, or with other folds.
    """
    tested = np.unique(np.concatenate([fold.positions(TEST) for fold in folds]))
    corpus = folds[0]
    names = corpus.answers(tested)
    documents = (
        hashlib.sha256(f"{len(name)} {name} {text}".encode("utf-8", "surrogatepass")).digest()
        for name, text in zip(names, corpus.texts.gather(tested), strict=True)
    )
    return hashlib.sha256(b"".join(sorted(documents))).hexdigest(), len(tested)


def settings_hash(config: Config, corpus: CorpusRead) -> str:
    """Return the sha256 of what a verdict depends on beside its test documents."""
    hashes = {name: getattr(corpus, name) for name in ("hash", "split_hash", "unlabelled_hash")}
    known = json.dumps([deciding(config), hashes, __version__], sort_keys=True)
    return hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()


def count_verdict(look: Look, n_docs: int, folder: Path | None = None) -> tuple[Reuse, Warned | None]:
    """Add a line for this run and return the count, with a sentence where it cannot be counted.

    Parameters
    ----------
    look : this run
    n_docs : how many test documents there are
    folder : where the file lies; the user's cache folder if absent
    """
    uncounted = Reuse(look.tests, n_docs, verdicts=None, runs=None, repeated=None, first=None)
    folder = folder or default_folder()
    if folder is None:
        return uncounted, _not_counted("there is no home folder")
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _append(path, look)
        looks = read_looks(path)
    except OSError as error:
        return uncounted, _not_counted(f"{path}: {error.strerror or error}")
    return counted(look, n_docs, looks), None


def _not_counted(why: str) -> Warned:
    return warning("verdicts-not-counted", f"verdicts on these test documents are not counted: {why}")


def counted(look: Look, n_docs: int, looks: Iterable[Look]) -> Reuse:
    """Return the count of those looks at the same test documents that came before this one, and of this one."""
    same: list[Look] = []
    for one in looks:
        if one.tests == look.tests and all(one.run != other.run for other in same):
            same.append(one)
        if one.run == look.run:
            break
    before = {one.settings for one in same if one.run != look.run}
    return Reuse(
        look.tests,
        n_docs,
        verdicts=len(before | {look.settings}),
        runs=len({one.run for one in same} | {look.run}),
        repeated=look.settings in before,
        first=min((one.time for one in same), default=look.time),
    )


def read_looks(path: Path) -> list[Look]:
    """Return the lines of the file in their order; one that was cut or is of another kind is passed over."""
    found = []
    for line in path.read_bytes().split(b"\n"):
        try:
            content = json.loads(line)
            found.append(Look(*(str(content[name]) for name in ("run", "time", "tests", "settings"))))
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return found


def _append(path: Path, look: Look) -> None:
    """Write one line in one call: of two runs at once neither loses the other's.

    A line begins with a line break of its own, so that it stays whole after one that a full disk cut.
    """
    line = f"\n{json.dumps(asdict(look))}\n".encode()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        if os.write(handle, line) < len(line):
            raise OSError(None, "there is no room for a line")
    finally:
        os.close(handle)
