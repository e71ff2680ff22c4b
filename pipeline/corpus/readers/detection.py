"""Which encoding some bytes are in: what the detector chardet finds, and whether it reads as words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from pipeline.corpus.readers.encoding_names import LEGACY, UNFIT, Encoding
from pipeline.corpus.readers.soundness import soundness

MOST_EVIDENCE = 1 << 16  # bytes that the detector reads
_MOST_READ = 1 << 13  # bytes that are read in each likely encoding
_LIKELY = 10  # encodings that are read
SOUND = 0.9  # least share of sound characters in an encoding that is taken
NEAR = 0.9  # of the best score: an encoding that cannot be told from the best by these bytes alone
_WEIGHT_OF_SOUNDNESS = 3
_OF_DOS = ("CP850", "CP437", "CP852", "CP857")  # in which every byte is a character
_LEAST_LETTERS = 0.8  # of the characters beyond ASCII, where they are read as one of these
# What files are more, or less, often in.
_MORE_LIKELY = {
    "Windows-1252": 1.3,
    "Mac Cyrillic": 0.95,
    "CP866": 0.7,
    **dict.fromkeys(("Mac Roman", *_OF_DOS), 0.6),
}
_CYRILLIC = ("cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5")
_JAPANESE = ("cp932", "euc_jis_2004")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")  # hiragana and full-width katakana
_SURE_OF_KANA = 0.5  # as confident as the detector is of a longer text
# Bytes above 127 with what stands around them: of a long line the part that tells something.
_WINDOW = re.compile(rb"[\x00-\x09\x0b-\x7f]{0,24}(?:[\x80-\xff]+[\x00-\x09\x0b-\x7f]{0,24})+")
_FEW = 4  # bytes above 127: so few of them may just as well be damage, unless they join a word or are signs
_TELLING = re.compile(rb"[A-Za-z][\x80-\xff]|[\x80-\xff][A-Za-z]|[\x80-\x97\xa0-\xbf]|\x1b")
ISO_2022 = b"\x1b$"  # how ISO-2022-JP, whose bytes are ASCII, turns to Japanese
_LONGEST_EXAMPLE = 24
_ORDER = {encoding: place for place, encoding in enumerate(LEGACY)}


@dataclass(frozen=True)
class Candidate:
    """An encoding that some bytes may be in; the text is their beginning read in it."""

    encoding: Encoding
    score: float
    soundness: float
    text: str


@dataclass(frozen=True)
class Guess:
    """The encoding that some bytes are most likely in, and those that are as likely and read otherwise."""

    best: Candidate
    near: tuple[Candidate, ...] = ()

    def says(self) -> str:
        """Return in words what was read, with an example, and what it would be in the next likely encoding."""
        here = self.best
        other = self.near[0].text if self.near else here.text
        example, otherwise = _example(here.text, other)
        told = f'read as {here.encoding.words}: "{example}"'
        if self.near:
            told += f', which a near one makes "{otherwise}"'
        return f"{told}; --encoding names another"


def evidence(lines: Iterable[bytes]) -> bytes:
    """Return what of the lines tells their encoding: their bytes above 127 with what stands around them.

    Of many lines as many as `MOST_EVIDENCE` allows are taken, spread evenly.
    """
    windows = [window for line in lines for window in _windows(line)]
    step = max(1, -(-sum(map(len, windows)) // MOST_EVIDENCE))
    return b"\n".join(windows[::step])[: 2 * MOST_EVIDENCE]


def _windows(line: bytes) -> list[bytes]:
    if ISO_2022 in line:
        return [line]
    return [found[0] for found in islice(_WINDOW.finditer(line), MOST_EVIDENCE)]


def guess_encoding(found: bytes) -> Guess | None:
    """Return the encoding of such evidence; None where no encoding makes words of it, or it is too little to tell."""
    if len(found.translate(None, bytes(range(128)))) < _FEW and not _TELLING.search(found):
        return None
    candidates = [one for one in _candidates(found) if one.soundness >= SOUND]
    if not candidates:
        return None
    best = candidates[0]
    near = (one for one in candidates[1:] if one.score >= NEAR * best.score and one.text != best.text)
    return Guess(best, tuple(near))


def _candidates(found: bytes) -> list[Candidate]:
    """Return the likely encodings, the likeliest first; equally likely ones in the order of `LEGACY`."""
    by_name = {encoding.found_as: encoding for encoding in LEGACY}
    answers = _detect(found, list(by_name))
    likely = [
        (by_name[name], confidence, language) for name, confidence, language in answers if name in by_name
    ]
    candidates = [_read(found, *answer) for answer in likely[:_LIKELY]]
    candidates += _of_one_case(found, by_name)
    candidates += _of_kana(found, by_name)
    return sorted(candidates, key=lambda one: (-one.score, _ORDER[one.encoding]))


def _detect(found: bytes, names: list[str]) -> list[tuple[str, float, str]]:
    """Return what chardet says: its names of encodings, how confident it is of each, and the language there."""
    import chardet

    answers = chardet.detect_all(
        found[:MOST_EVIDENCE],
        max_bytes=MOST_EVIDENCE,
        include_encodings=names,
        ignore_threshold=True,
        compat_names=False,
    )
    return [(answer["encoding"] or "", answer["confidence"], answer["language"] or "") for answer in answers]


def _read(found: bytes, encoding: Encoding, confidence: float, language: str) -> Candidate:
    text = encoding.decode(found[:_MOST_READ])
    sound = 0.0 if encoding.words in _OF_DOS and not _are_letters(text) else soundness(text, language)
    score = confidence * _MORE_LIKELY.get(encoding.words, 1.0) * sound**_WEIGHT_OF_SOUNDNESS
    return Candidate(encoding, round(score, 3), sound, text)


def _are_letters(text: str) -> bool:
    """Whether most characters beyond ASCII are letters, as damage is not."""
    beyond = [character for character in text if not character.isascii()]
    return sum(map(str.isalpha, beyond)) >= _LEAST_LETTERS * len(beyond)


def _of_one_case(found: bytes, by_name: dict[str, Encoding]) -> list[Candidate]:
    """Return the Cyrillic encodings, if the text is all in capitals or in none, judged by it in small letters.

    Where one encoding has small letters another has capitals, and the detector knows few texts of capitals alone.
    """
    candidates = []
    for name in _CYRILLIC:
        text = by_name[name].decode(found[:_MOST_READ])
        beyond = "".join(letter for letter in text if not letter.isascii())
        if beyond.isupper() and soundness(text) >= SOUND:
            small = text.lower().encode(by_name["cp1251"].codec, "ignore")
            for answer, confidence, language in _detect(small, list(by_name)):
                if answer == "cp1251":
                    candidates.append(_read(found, by_name[name], confidence, language))
    return candidates


def _of_kana(found: bytes, by_name: dict[str, Encoding]) -> list[Candidate]:
    """Return the Japanese encodings in which most letters are kana: the detector knows few texts with no ideographs."""
    candidates = []
    for name in _JAPANESE:
        text = by_name[name].decode(found[:_MOST_READ])
        letters = [letter for letter in text if letter.isalpha() and not letter.isascii()]
        fits = 50 * text.count(UNFIT) <= len(
            letters
        )  # what is cut off at the end of the evidence does not count
        if fits and 2 * len(_KANA.findall(text)) > len(letters):
            candidates.append(_read(found, by_name[name], _SURE_OF_KANA, "ja"))
    return candidates


def settle_near(guess: Guess | None, found: bytes, beside: Callable[[], bytes]) -> Guess | None:
    """Return the guess with the encoding that files beside this one speak for, where this one leaves it open.

    Parameters
    ----------
    guess : of this file's evidence
    found : that evidence
    beside : returns the evidence of the other files
    """
    if guess is None or not guess.near or not (others := beside()):
        return guess
    together = guess_encoding(found + b"\n" + others)
    if together is None or together.near:
        return guess
    chosen = (one for one in (guess.best, *guess.near) if one.encoding == together.best.encoding)
    return next((Guess(one) for one in chosen), guess)


def _example(text: str, other: str) -> tuple[str, str]:
    """Return a word beyond ASCII of each reading, the same one: one in which they differ, if there is any."""
    pairs = list(zip(_words(text), _words(other), strict=False))
    different = [pair for pair in pairs if pair[0] != pair[1]] or pairs
    return max(different[:_LIKELY], key=lambda pair: len(pair[0]), default=(text, other))


def _words(text: str) -> list[str]:
    return [
        word[:_LONGEST_EXAMPLE].replace(UNFIT, "\ufffd")
        for word in re.split(r"""[\s,.;:!?"(){}<>\[\]|]+""", text)
        if not word.isascii()
    ]
