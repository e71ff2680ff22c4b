"""Where a network's gain comes from: the same network on other sources, compared on the same documents.

`pretraining` asks what the vectors' meaning adds, `fine-tuning` what training them with the network adds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MODES = ("frozen", "tuned", "frozen-then-tuned", "shuffled-rows")
_RANDOM, _LEARNED = "random", "learned"  # sources that know nothing of words before the network is trained
_TUNED = ("tuned", "frozen-then-tuned")

EFFECT_KEYS = ("a", "b", "difference", "ci95", "p_adjusted", "decision")  # of a row of `comparisons`


@dataclass(frozen=True)
class NamedSource:
    """A source as it was asked for, such as `word2vec:tuned`, taken apart."""

    base: str
    modes: tuple[str, ...]

    @property
    def pretrained(self) -> bool:
        """Whether its vectors mean something before the network is trained, rows in their own order."""
        parts = set(self.base.split("+"))
        return not parts <= {_RANDOM, _LEARNED} and "shuffled-rows" not in self.modes

    @property
    def tuned(self) -> bool:
        """Whether its vectors are trained with the network."""
        return any(mode in _TUNED for mode in self.modes) or (self.base == _LEARNED and not self.modes)


@dataclass(frozen=True)
class Contrast:
    """An entry of the table: which sources it asks about, and what each is compared with, the best choice first."""

    effect: str
    asks: Callable[[NamedSource], bool]
    partners: tuple[str, ...]  # {base} is the source's own name


CONTRASTS = (
    Contrast(
        "pretraining",
        lambda source: source.pretrained and not source.tuned,
        ("random", "{base}:shuffled-rows"),
    ),
    Contrast(
        "fine-tuning", lambda source: source.tuned and source.base != _LEARNED, ("{base}", "{base}:frozen")
    ),
    Contrast("fine-tuning", lambda source: source.tuned and source.base == _LEARNED, ("random",)),
    Contrast("against learned", lambda source: source.pretrained, ("learned",)),
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
        (name, partner) for contrast in CONTRASTS for name in names for partner in _partners(name, contrast)
    ]
    return [pair for pair in dict.fromkeys(pairs) if pair[1] in names]


def _partners(name: str, contrast: Contrast) -> list[str]:
    """Return the names that a network is compared with; none for a model without a source."""
    model, at, source = name.partition("@")
    named = parse_named(source)
    if not at or not contrast.asks(named):
        return []
    return [f"{model}@{partner.format(base=named.base)}" for partner in contrast.partners]


def find_gains(
    comparisons: Sequence[Mapping[str, Any]],
    validation_accuracy: Mapping[str, float],
    trained: Mapping[str, bool],
) -> list[dict[str, Any]]:
    """Return `gains` of metrics.json: for each network model what pretraining and fine-tuning add.

    Parameters
    ----------
    comparisons : the rows of `compare`
    validation_accuracy : mapping of model name to mean validation accuracy
        Chooses, of several sources, the one that the effect is read from: test documents choose nothing.
    trained : mapping of model name to whether its training worked; models that are absent count as trained

    Returns
    -------
    list of dict
        model, and effects: effect ("pretraining" or "fine-tuning") with the row of `comparisons` it is read
        from (a, b, difference, ci95, p_adjusted, decision). An effect without a pair is left out; where a side
        of every pair did not train, the decision is "withheld".
    """
    rows = {(row["a"], row["b"]): row for row in comparisons}
    usable = {pair: row for pair, row in rows.items() if all(trained.get(name, True) for name in pair)}
    models = dict.fromkeys(a.partition("@")[0] for a, _ in rows if "@" in a)
    found = []
    for model in models:
        names = dict.fromkeys(a for a, _ in rows if a.partition("@")[0] == model)
        effects = [
            _effect(effect, names, usable, validation_accuracy)
            or _withheld(_effect(effect, names, rows, validation_accuracy))
            for effect in ("pretraining", "fine-tuning")
        ]
        if any(effects):
            found.append({"model": model, "effects": [effect for effect in effects if effect]})
    return found


def _withheld(effect: dict[str, Any] | None) -> dict[str, Any] | None:
    return effect and effect | {"decision": "withheld"}


def _effect(
    effect: str,
    names: Iterable[str],
    rows: Mapping[tuple[str, str], Mapping[str, Any]],
    validation_accuracy: Mapping[str, float],
) -> dict[str, Any] | None:
    """Return the comparison that an effect is read from: the first contrast, the best source, the first partner."""
    for contrast in CONTRASTS:
        if contrast.effect != effect:
            continue
        pairs: dict[str, tuple[str, str]] = {}
        for name in names:
            compared = [(name, partner) for partner in _partners(name, contrast) if (name, partner) in rows]
            pairs |= {name: compared[0]} if compared else {}
        if pairs:
            best = max(pairs, key=lambda name: validation_accuracy.get(name, 0.0))
            row = rows[pairs[best]]
            return {"effect": effect} | {key: row[key] for key in EFFECT_KEYS}
    return None
