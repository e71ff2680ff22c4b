"""What is seen in each picture of what a network remembers: a title of few words, and a sentence or three."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from pipeline.core.clean import cell_text, clip
from pipeline.core.wording import in_words, listed
from pipeline.run_folder.details.probes import (
    ByNetwork,
    Gradients,
    MemoryHorizon,
    TimeConstants,
    WordOrder,
)

WORD = 14  # characters of a word in a sentence
TURNS = 2  # changes of the answer that a sentence names
LONG = 100  # words
FEW, MANY = 16, 64  # last words that a sentence names
ALL = 0.995
DROPPED = "dropped"  # the change of the text that is told

Said = tuple[str, str]  # title and sentence
Call = Callable[[str], str]  # how sentences call a network


def reading(name: str, words: Sequence[str], answers: Sequence[str]) -> Said:
    """Return how the answer changes from word to word."""
    changes = [place for place, (one, two) in enumerate(pairwise(answers), 1) if one != two]
    if not changes:
        return "Its answer stands early", f"{name} says {_short(answers[0])} at every word shown."
    start = f"Up to “{_short(words[changes[0] - 1])}” {name} says {_short(answers[0])}."
    turns = [f"“{_short(words[place])}” turns it to {_short(answers[place])}" for place in changes[:TURNS]]
    rest = len(changes) - TURNS
    more = (
        f" It changes {in_words(rest)} times more." if rest > 1 else " It changes once more." if rest else ""
    )
    return "It changes its mind as it reads", f"{start} {listed(turns)}.{more}"


def _short(text: str) -> str:
    return clip(cell_text(text), WORD)


def reach(found: ByNetwork[Gradients], call: Call, tried: Sequence[str]) -> Said:
    """Return from how far back a word still gets a part of the correction."""
    fades = [(name, one.trained) for name, one in found if one.trained.falls_after is not None]
    rest = [call(name) for name, one in found if one.trained.falls_after is None]
    if not fades:
        only = f"In {listed(rest)} no word" if rest else "No word"
        return (
            "Learning reaches every word",
            f"{only} stays below 1 % of the correction that the largest one gets.",
        )
    name, profile = max(fades, key=lambda pair: pair[1].documents_longer or 0.0)
    own = call(name)
    said = [
        f"In {own} a word {profile.falls_after} places before the end gets 1 % of the correction that"
        " the last word gets."
    ]
    if profile.documents_longer is not None:
        some = f"Of 100 of your documents {100 * profile.documents_longer:.0f} are longer."
        said.append("All your documents are longer." if profile.documents_longer > ALL else some)
    if ":" not in own and not any(one.startswith(f"{own}:") for one in tried):
        said.append(f"Try `{own}:max`.")
    if rest:
        said.append(f"In {listed(rest)} learning does not fade so.")
    return "Learning reaches only so far back", " ".join(said)


def needed(name: str, result: MemoryHorizon) -> Said:
    """Return with how many last words alone a network is as right as with all of them."""
    change = result.changes.get(DROPPED)
    points = {point.k: point for point in change.points} if change else {}
    whole = f"{100 * result.accuracy:.0f}"
    if change is not None and change.enough is not None and change.enough in points:
        enough = points[change.enough]
        said = f"With the last {change.enough} words alone {name} is right on {100 * enough.accuracy:.0f} of 100."
        return f"The last {change.enough} words are enough", f"{said} The whole text gives {whole}."
    known = [points[k] for k in (FEW, MANY) if k in points] or list(points.values())[:2]
    if not known:
        return "How much text it needs", f"The whole text gives {whole} of 100."
    first, *others = known
    said = f"With the last {first.k} words alone {name} is right on {100 * first.accuracy:.0f} of 100."
    said += "".join(f" With {one.k} it is right on {100 * one.accuracy:.0f}." for one in others)
    if any(one.accuracy >= result.accuracy for one in points.values()):
        open_end = f"The whole text gives {whole}; no number of words was shown to be enough."
        return "How many last words are enough stays open", f"{said} {open_end}"
    return "It needs more than the last words", f"{said} Only the whole text gives {whole}."


ORDER: dict[str, Said] = {
    "not needed": ("The order of words hardly matters here", "order hardly matters here"),
    "hardly needed": ("The order of words hardly matters here", "order hardly matters here"),
    "part": ("The order of words matters in part", "the rest is order, or which words come last"),
    "everything": ("The order of words is everything here", "order is everything here"),
    "nothing to lose": ("It knows nothing that shuffling could take", "there was nothing to lose"),
}
OPEN: Said = ("Whether order matters stays open", "whether order matters cannot be told")


def order(name: str, result: WordOrder) -> Said:
    """Return how much of what a network knows is left when words are shuffled."""
    title, end = ORDER.get(result.order, OPEN)
    if result.share is None:
        return title, f"{name} was asked about words in order and shuffled: {end}."
    kept = min(max(100 * result.share, 0.0), 100.0)
    return title, f"Shuffled, {name} keeps {kept:.0f} % of what it knows: {end}."


def units(name: str, result: TimeConstants) -> Said:
    """Return how long units hold."""
    held = sorted(one for one in result.tokens if one is not None)
    if not held:
        return "How long units hold", f"No unit of {name} could be measured."
    middle = held[len(held) // 2]
    long = sum(one > LONG for one in held)
    holds = "holds" if long == 1 else "hold"
    rest = (
        f"{long} {holds} for more than a hundred words"
        if long
        else "none holds for more than a hundred words"
    )
    within = f"{middle:.0f} words" if middle >= 1.5 else "one word"
    return f"Half of its units forget within {within}", f"Of {len(held)} units of {name} {rest}."
