"""Where a network's gain comes from: the same network on other sources, compared on the same documents.

`pretraining` asks what the vectors' meaning adds, `fine-tuning` what training them with the network adds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MODES = ("frozen", "tuned", "frozen-then-tuned", "shuffled-rows")
_RANDOM, _LEARNED = "random", "learned"  # sources that know nothing of words before the network is trained
_TUNED = ("tuned", "frozen-then-tuned")
_SHUFFLED = "shuffled-rows"

EFFECT_KEYS = (  # of a row of `comparisons`
    *("a", "b", "difference", "ci95", "p_adjusted", "decision", "by"),
    "minimum_detectable_difference",
)


@dataclass(frozen=True)
class NamedSource:
    """A source as it was asked for, such as `word2vec:tuned`, taken apart."""

    base: str
    modes: tuple[str, ...]

    @property
    def parts(self) -> set[str]:
        """The sources that stand side by side."""
        return set(self.base.split("+"))

    @property
    def shuffled(self) -> bool:
        """Whether its rows are exchanged among the words."""
        return _SHUFFLED in self.modes

    @property
    def pretrained(self) -> bool:
        """Whether its vectors mean something before the network is trained, rows in their own order."""
        return not self.parts <= {_RANDOM, _LEARNED} and not self.shuffled

    @property
    def tuned(self) -> bool:
        """Whether its vectors are trained with the network; `learned` is unless told, with all beside it."""
        return any(mode in _TUNED for mode in self.modes) or (
            _LEARNED in self.parts and "frozen" not in self.modes
        )


@dataclass(frozen=True)
class Partner:
    """What a source is compared with, however its modes are written."""

    base: str  # {base} is the source's own name
    tuned: bool = False
    shuffled: bool | None = False  # None: as the source is

    def fits(self, source: NamedSource, other: NamedSource) -> bool:
        """Whether `other` is this partner of `source`."""
        shuffled = source.shuffled if self.shuffled is None else self.shuffled
        wanted = (self.base.format(base=source.base), self.tuned, shuffled)
        return (other.base, other.tuned, other.shuffled) == wanted


@dataclass(frozen=True)
class Contrast:
    """An entry of the table: which sources it asks about, and what each is compared with, the best choice first."""

    effect: str
    asks: Callable[[NamedSource], bool]
    partners: tuple[Partner, ...]


CONTRASTS = (
    Contrast(
        "pretraining",
        lambda source: source.pretrained and not source.tuned,
        (Partner(_RANDOM), Partner("{base}", shuffled=True)),
    ),
    Contrast(
        "fine-tuning",
        lambda source: source.tuned and source.base != _LEARNED,
        (Partner("{base}", shuffled=None),),
    ),
    Contrast("fine-tuning", lambda source: source.tuned and source.base == _LEARNED, (Partner(_RANDOM),)),
    Contrast("against learned", lambda source: source.pretrained, (Partner(_LEARNED, tuned=True),)),
)


def parse_named(source: str) -> NamedSource:
    """Return the source and its modes.

    >>> parse_named("a.vec+word2vec:tuned")
    NamedSource(base='a.vec+word2vec', modes=('tuned',))
    """
    base, modes = source, tuple[str, ...]()
    while base.rpartition(":")[2] in MODES:
        base, _, mode = base.rpartition(":")
        modes = (mode, *modes)
    return NamedSource(base, modes)


def source_pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pairs (a, b) of one network on two sources that `CONTRASTS` asks for, where both were run.

    >>> source_pairs(["bow", "lstm@word2vec", "lstm@random", "rnn@random"])
    [('lstm@word2vec', 'lstm@random')]
    """
    names = list(names)
    pairs = [
        (name, partner)
        for contrast in CONTRASTS
        for name in names
        for partner in _partners(name, contrast, names)
    ]
    return list(dict.fromkeys(pairs))


def _partners(name: str, contrast: Contrast, names: Iterable[str]) -> list[str]:
    """Return those of `names` that a network is compared with; none for a model without a source."""
    model, at, source = name.partition("@")
    named = parse_named(source)
    if not at or not contrast.asks(named):
        return []
    others = {other: parse_named(other.partition("@")[2]) for other in names if other.startswith(f"{model}@")}
    return [other for partner in contrast.partners for other in others if partner.fits(named, others[other])]


def find_gains(
    comparisons: Sequence[Mapping[str, Any]],
    merits: Mapping[str, float],
    trained: Mapping[str, bool],
) -> list[dict[str, Any]]:
    """Return `gains` of metrics.json: for each network model what pretraining and fine-tuning add.

    Parameters
    ----------
    comparisons : the rows of `compare`
    merits : mapping of model name to its mean validation score, higher is better
        Chooses, of several sources, the one that the effect is read from: test documents choose nothing. Where all
        merits are the same, as with folds, it is the source that was asked for first.
    trained : mapping of model name to whether its training worked; models that are absent count as trained

    Returns
    -------
    list of dict
        model, and effects: effect ("pretraining" or "fine-tuning") with the row of `comparisons` it is read
        from (`EFFECT_KEYS`). An effect without a pair is left out; where a side
        of every pair did not train, the decision is "withheld".
    """
    rows = {(row["a"], row["b"]): row for row in comparisons}
    usable = {pair: row for pair, row in rows.items() if all(trained.get(name, True) for name in pair)}
    models = dict.fromkeys(a.partition("@")[0] for a, _ in rows if "@" in a)
    found = []
    for model in models:
        names = dict.fromkeys(a for a, _ in rows if a.partition("@")[0] == model)
        effects = [
            _effect(effect, names, usable, merits) or _withheld(_effect(effect, names, rows, merits))
            for effect in ("pretraining", "fine-tuning")
        ]
        if any(effects):
            found.append({"model": model, "effects": [effect for effect in effects if effect]})
    return found


def _withheld(effect: dict[str, Any] | None) -> dict[str, Any] | None:
    return effect and effect | {"decision": "withheld", "by": None}


def _effect(
    effect: str,
    names: Iterable[str],
    rows: Mapping[tuple[str, str], Mapping[str, Any]],
    merits: Mapping[str, float],
) -> dict[str, Any] | None:
    """Return the comparison that an effect is read from: the first contrast, the best source, the first partner."""
    for contrast in CONTRASTS:
        if contrast.effect != effect:
            continue
        pairs: dict[str, tuple[str, str]] = {}
        for name in names:
            compared = _partners(name, contrast, [b for a, b in rows if a == name])
            pairs |= {name: (name, compared[0])} if compared else {}
        if pairs:
            best = max(pairs, key=lambda name: merits.get(name, -math.inf))
            row = rows[pairs[best]]
            return {"effect": effect} | {key: row[key] for key in EFFECT_KEYS}
    return None
