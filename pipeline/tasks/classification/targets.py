"""Labels of documents as numbers of classes, and what answering with their frequencies alone is worth."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.lists import as_typed
from pipeline.core.values import Float64, Int32
from pipeline.core.warned import Warned, warning
from pipeline.core.wording import quoted

LABELS_SHOWN = 10
LONGEST_NUMBER = 1000  # characters; Python turns no more than 4,300 digits into a number


def class_names(labels: pl.Series, file: str) -> tuple[str, ...]:
    """Return the labels in order: by number where all are whole numbers (of a sane length), else by name.

    Raises
    ------
    PipelineError
        If there is one label only; `file` says where.
    """
    names = labels.unique().to_list()
    if len(names) == 1:
        what = f'every document has the label "{names[0]}"'
        raise PipelineError(
            "one-class", file, what, "a comparison needs two classes: check --label, or add documents"
        )
    numeric = all(_is_whole_number(name) for name in names)
    return tuple(sorted(names, key=lambda name: (int(name), name)) if numeric else sorted(names))


def _is_whole_number(name: str) -> bool:
    return len(name) <= LONGEST_NUMBER and name.isascii() and name.removeprefix("-").isdigit()


def label_numbers(labels: pl.Series, names: Sequence[str]) -> Int32:
    """Return each label's place among the names; int32 (N,). Every label is one of them."""
    label_type = pl.Enum(pl.Series(names, dtype=pl.String))
    return labels.cast(label_type).to_physical().to_numpy().astype(np.int32)


def known_labels(label: str, names: Sequence[str]) -> str:
    """Return in words which labels there are, for a message about one that is unknown: all, or the nearest.

    >>> known_labels("bat", ("cat", "dog"))
    'the labels are "cat", "dog"'
    """
    if len(names) <= LABELS_SHOWN:
        return f"the labels are {quoted(names)}"
    near = get_close_matches(label, names, n=3, cutoff=0.0)
    return f"the nearest of the {len(names)} labels are {quoted(near)}"


def look_alikes(names: Sequence[str]) -> tuple[Warned, ...]:
    """Return a warning for each set of labels that differ only in their writing, with the --map that joins them.

    >>> print(*look_alikes(["A", "b", "a"]))
    labels "A", "a" differ only in case or blanks; they are kept apart; --map "A=a" joins them [labels-alike]
    """
    sets: dict[tuple[str, ...], str] = {}
    for words, form in WRITINGS:
        for alike in _alike(names, form).values():
            if not any({*alike} <= {*found} for found in sets):
                sets = {found: said for found, said in sets.items() if not {*found} < {*alike}}
                sets[tuple(alike)] = words
    return tuple(
        warning(
            "labels-alike",
            f'labels {quoted(found)} differ only in {words}; they are kept apart; --map "{_joining(found)}" joins them',
        )
        for found, words in sets.items()
    )


def _alike(names: Sequence[str], form: Callable[[str], str]) -> dict[str, list[str]]:
    """Return the labels that have the same form, where several have."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[form(name)].append(name)
    return {one: found for one, found in alike.items() if len(found) > 1}


def _without_case(name: str) -> str:
    return "".join(name.split()).casefold()


def _without_hyphens(name: str) -> str:
    folded = "".join(name.split()).replace("-", "").replace("_", "").casefold()
    return folded if any(map(str.isalpha, folded)) else name


def _compatible(name: str) -> str:
    """Return a label with full-width letters and the like as plain ones, an emoji in any of its two styles as one."""
    return _without_case(unicodedata.normalize("NFKC", name).translate(_STYLES))


def _as_number(name: str) -> str:
    return f"{float(name):g}" if len(name) <= LONGEST_WRITTEN and _NUMBER.fullmatch(name) else name


LONGEST_WRITTEN = 15  # characters of a number that is compared by its value
_NUMBER = re.compile(r"[+-]?[0-9]+([.][0-9]+)?")
_STYLES = {0xFE0E: None, 0xFE0F: None}
# In what labels differ that may well be one, and what is the same of them; in the order in which it is said.
WRITINGS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("case or blanks", _without_case),
    ("case, blanks or hyphens", _without_hyphens),
    ("the form of their characters", _compatible),
    ("how a number is written", _as_number),
)


def counterparts(labels: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Return which class each unknown label may well be: one that is only written otherwise, or begins alike.

    >>> counterparts(["Pos", "positive", "1.0", "else"], ["pos", "neg", "1"])
    {'Pos': 'pos', 'positive': 'pos', '1.0': '1'}
    """
    found = {}
    for label in labels:
        forms = (form for _, form in WRITINGS)
        same = (name for form in forms for name in names if form(name) == form(label))
        begins = [name for name in names if _shortens(label, name) or _shortens(name, label)]
        counterpart = next(same, begins[0] if len(begins) == 1 else None)
        if counterpart is not None:
            found[label] = counterpart
    return found


def _shortens(short: str, long: str) -> bool:
    """Whether a word of letters begins with another one of three at least, as positive with pos."""
    return len(short) > 2 and long.isalpha() and long.casefold().startswith(short.casefold())


def as_map(becomes: Mapping[str, str]) -> str:
    """Return the rules of --map by which each label becomes another.

    >>> as_map({"Pos": "pos", "POS": "pos", "Neg": "neg"})
    'Pos,POS=pos;Neg=neg'
    """
    into: dict[str, list[str]] = defaultdict(list)
    for label, name in becomes.items():
        into[name].append(as_typed(label))
    return ";".join(f"{','.join(labels)}={as_typed(name)}" for name, labels in into.items())


def _joining(names: Sequence[str]) -> str:
    """Return the rule of --map that makes one class of these: the one in small letters, the shortest of these."""
    best = min(
        names,
        key=lambda name: (name != name.strip(), name != name.lower(), not name.isascii(), len(name), name),
    )
    return as_map({name: best for name in names if name != best})


def chance_loss(labels: Int32, weights: Float64, n_classes: int) -> float:
    """Return the entropy of the labels' shares in nats: the loss of answering with the frequencies alone.

    Parameters
    ----------
    labels : int32 array, shape (N,)
    weights : float64 array, shape (N,)
        What each document counts in the loss.
    n_classes : int
        The number of classes C.
    """
    shares = np.bincount(labels, weights, n_classes) / weights.sum()  # (C,)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())
