"""The command of a run, with other options: what a person types to try something else on the same text."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

OF_ONE_RUN = (
    "--out",
    "--protocol",
    "--shard",
    "--minutes",
)  # options with a value that the next run does not keep
RESUME = ("--resume", "--json")
STARTS = ("python run_pipeline.py", "python -m pipeline run", "embedseq run")


def same_command(command: str, changes: Mapping[str, str]) -> str:
    """Return a command with other values; the new options alone where it was no command of this program.

    Parameters
    ----------
    command : as it was typed
    changes : by option (`--models`), or by key (`networks.patience`), which `--set` changes

    >>> same_command("python run_pipeline.py 'my films.csv' --out a --models bow,lstm", {"--models": "tfidf,lstm"})
    "python run_pipeline.py 'my films.csv' --models tfidf,lstm"
    >>> same_command("python run_pipeline.py --set networks.units=8", {"networks.patience": "10"})
    'python run_pipeline.py --set networks.units=8 --set networks.patience=10'
    >>> same_command("pipeline.run('a.csv')", {"--folds": "5"})
    '--folds 5'
    """
    more = [
        word
        for name, value in changes.items()
        for word in ((name, value) if name.startswith("--") else ("--set", f"{name}={value}"))
    ]
    if not command.startswith(STARTS):
        return shlex.join(more)
    return shlex.join([*_kept(shlex.split(command), changes), *more])


def _kept(words: Sequence[str], changes: Mapping[str, str]) -> Iterator[str]:
    """Yield the words of a command without the options that change, or belong to one run."""
    dropped = {*OF_ONE_RUN, *changes}
    place = 0
    while place < len(words):
        word = words[place]
        follows = words[place + 1] if place + 1 < len(words) else ""
        if word in dropped or (word == "--set" and follows.partition("=")[0] in dropped):
            place += 2
        elif word in RESUME or word.partition("=")[0] in dropped:
            place += 1
        else:
            yield word
            place += 1
