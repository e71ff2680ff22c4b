"""Whether letters that were read in some encoding stand as letters stand in words."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# The alphabets of which a word has one: a letter of another inside a word was read in a wrong encoding.
_ALPHABETS = {
    "Latin": ((0x41, 0x24F), (0x1E00, 0x1EFF)),
    "Greek": ((0x370, 0x3FF), (0x1F00, 0x1FFF)),
    "Cyrillic": ((0x400, 0x52F),),
    "Hebrew": ((0x590, 0x5FF),),
    "Arabic": ((0x600, 0x6FF),),
}
_IN_NO_TEXT = (
    "Cc",
    "Cn",
    "Co",
    "Cs",
    "Sk",
)  # controls, what is assigned to nothing, accents without a letter
_YET_IN_TEXT = "\t\r\n´"
_IN_DRAWINGS = ("\u2500", "\u25a0")  # lines and blocks, which DOS and KOI8-R have in place of other letters
_BETWEEN_LETTERS = frozenset("’‘ʼ–—…·‐•")  # marks that may stand there
# The letters beyond ASCII of languages whose two encodings, Windows-1250 and ISO-8859-2, swap some for others.
_LETTERS = {
    "cs": "áčďéěíňóřšťúůýž",
    "hr": "čćđšž",
    "hu": "áéíóöőúüű",
    "pl": "ąćęłńóśźż",
    "ro": "ăâîşţșț",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "sl": "čšž",
}

_TURKISH = frozenset("ığşİĞŞ")

_WORD = re.compile(r"[^\W\d_]+")


def soundness(text: str, language: str = "") -> float:
    """Return the share of the characters beyond ASCII that stand where such a character can.

    Parameters
    ----------
    text : str
        Read in some encoding.
    language : str
        Which language it would be, by its two letters; the letters of some are known.

    >>> soundness("l’été à Paris"), soundness("l’йtй а Paris")
    (1.0, 0.25)
    """
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    if not beyond:
        return 1.0
    spaced = f" {text} "
    threes = zip(spaced, spaced[1:], spaced[2:], strict=False)
    misplaced = sum(not three[1].isascii() and not _is_sound(*three) for three in threes)
    alone = sum(len(word) for word in _WORD.findall(text) if not word.isascii() and _is_no_word(word))
    foreign = sum(_is_foreign(letter, language) for letter in text if not letter.isascii())
    return max(0.0, 1.0 - (misplaced + alone + foreign) / beyond)


def _is_foreign(letter: str, language: str) -> bool:
    return language in _LETTERS and letter.isalpha() and letter.lower() not in _LETTERS[language]


@cache
def _is_no_word(word: str) -> bool:
    """Whether letters that stand together are no word: one letter of Greek or Cyrillic, or three Latin ones or
    more that all have marks, but for Turkish ones: `ışığı`."""
    kinds = {_kind(letter) for letter in word}
    if kinds == {"Latin"}:
        return len(word) > 2 and not any(letter.isascii() or letter in _TURKISH for letter in word)
    return len(word) == 1 and bool(kinds & _ALPHABETS.keys())


@cache
def _is_sound(before: str, character: str, after: str) -> bool:
    kind, left, right = _kind(character), _kind(before), _kind(after)
    if kind == "none":
        return False
    if kind == "sign":
        return not (left in _ALPHABETS and right in _ALPHABETS)
    if kind not in _ALPHABETS:
        return True
    one_alphabet = {left, right} & _ALPHABETS.keys() <= {kind}
    capital_inside = before.islower() if character.isupper() else character.islower() and after.isupper()
    return one_alphabet and not capital_inside


@cache
def _kind(character: str) -> str:
    """Return a letter's alphabet, "letter" of any other, "sign", "between", "mark"; "none" for what no text holds."""
    category = unicodedata.category(character)
    if category in _IN_NO_TEXT or _IN_DRAWINGS[0] <= character <= _IN_DRAWINGS[1]:
        return "none" if character not in _YET_IN_TEXT else "sign"
    if category[0] == "L":
        code = ord(character)
        inside = (name for name, ranges in _ALPHABETS.items() if any(a <= code <= b for a, b in ranges))
        return next(inside, "letter")
    if category[0] == "M" or category == "Cf":
        return "mark"
    return "between" if character in _BETWEEN_LETTERS else "sign"
