"""Names of sources and models: `source[+source][:mode]` and `model[:head]@source`, taken apart."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import PipelineError, did_you_mean

SHUFFLED_WORDS = "shuffled-words"

TRAINING = ("frozen", "tuned", "frozen-then-tuned")
SHUFFLED = "shuffled-rows"
MODES = (*TRAINING, SHUFFLED)

_OPTION = "--embeddings"


@dataclass(frozen=True)
class AskedSource:
    """A source as it was asked for. Parts are names of tables or paths of files."""

    asked: str
    name: str  # as results name it: files without their folders
    parts: tuple[str, ...]
    training: str  # an entry of TRAINING; "" where none was asked for
    shuffled: bool

    @property
    def tuned(self) -> bool:
        """Whether the network's training changes the vectors."""
        return self.training in {"tuned", "frozen-then-tuned"}


def parse_name(asked: str, known: Collection[str]) -> AskedSource:
    """Return what a text asks for; `known` are the names of sources, every other part is a path.

    A text, or a part of it, that is a file's path is taken as a whole first: a path may hold `:` and `+`.

    Raises
    ------
    PipelineError
        If a part is neither a source nor a file, or a mode is unknown, repeated or at odds with another.

    >>> parse_name("word2vec+learned:shuffled-rows:tuned", ["word2vec", "learned"]).parts
    ('word2vec', 'learned')
    """
    stem, modes = _split_modes(asked, known)
    parts = _split_parts(stem, known)
    for part in parts:
        _check_part(part, asked, known)
    _check_modes(asked, modes)
    _check_repeated(asked, parts, known)
    name = ":".join(["+".join(display_name(part, known) for part in parts), *modes])
    training = next((mode for mode in modes if mode in TRAINING), "")
    return AskedSource(asked, name, parts, training, SHUFFLED in modes)


def display_name(part: str, known: Collection[str]) -> str:
    """Return a part as results name it: a file by its name without folders."""
    return part if part in known else Path(part).name


def check_names(sources: Iterable[AskedSource], known: Collection[str]) -> None:
    """Raise PipelineError if results could not tell two sources of one run apart, by name or by what they are.

    The sources say how they are trained, also where the text did not.
    """
    files: dict[str, str] = {}
    seen: dict[tuple[object, ...], str] = {}
    for source in sources:
        for path in source.parts:
            if path in known:
                continue
            file = Path(path).name
            if file in known:
                raise PipelineError(_OPTION, f'{path} has the name of the source "{file}"', "rename the file")
            other = files.setdefault(file, path)
            if not _same_file(other, path):
                what = f"{other} and {path} have the same name, and results are named by it"
                raise PipelineError(_OPTION, what, "rename one of the files")
        parts = tuple(display_name(part, known) for part in source.parts)
        same = seen.setdefault((parts, source.training, source.shuffled), source.asked)
        if same != source.asked:
            raise PipelineError(_OPTION, f"{same} and {source.asked} are one source", "leave one out")


def _usable(part: str, known: Collection[str]) -> bool:
    return part in known or (part != "" and os.path.exists(os.path.expanduser(part)))


def _split_modes(text: str, known: Collection[str]) -> tuple[str, list[str]]:
    """Return the text before its modes, and the modes in the order in which they stand."""
    modes: list[str] = []
    while not _usable(text, known):
        stem, colon, last = text.rpartition(":")
        if not colon or last not in MODES:
            break
        text, modes = stem, [last, *modes]
    return text, modes


def _split_parts(text: str, known: Collection[str]) -> tuple[str, ...]:
    """Return the parts between `+`, the longest that can be used first: a file's name may hold a `+`."""
    pieces = text.split("+")
    for length in range(len(pieces), 0, -1):
        part, rest = "+".join(pieces[:length]), "+".join(pieces[length:])
        if length == 1 or _usable(part, known):
            return (part, *_split_parts(rest, known)) if length < len(pieces) else (part,)
    return (text,)


def _check_part(part: str, asked: str, known: Collection[str]) -> None:
    """Raise PipelineError unless a part is a known name or a file."""
    if part in known or os.path.isfile(os.path.expanduser(part)):
        return
    if part and os.path.isdir(os.path.expanduser(part)):
        raise PipelineError(_OPTION, f'"{part}" is a folder; a vector file is expected', "name a file in it")
    stem, _, mode = part.rpartition(":")
    if not part:
        fix = "write one name, or two or more with a + between them"
        raise PipelineError(_OPTION, f'"{asked}" has an empty part', fix)
    if stem and mode in MODES:
        fix = f'write ":{mode}" at the end; it holds for the whole'
        raise PipelineError(_OPTION, f'"{asked}" has a mode before a +', fix)
    if stem and _usable(_split_modes(stem, known)[0], known):
        raise PipelineError(_OPTION, f'"{asked}" has no mode "{mode}"', did_you_mean(mode, MODES))
    if "/" in part or "\\" in part or Path(part).suffix:
        raise PipelineError(_OPTION, f'there is no file "{part}"', "correct the path")
    source = part.partition(":")[0]
    raise PipelineError(_OPTION, f'there is no source "{source}"', did_you_mean(source, known))


def _check_modes(asked: str, modes: list[str]) -> None:
    training = [mode for mode in modes if mode in TRAINING]
    if len(modes) != len(set(modes)):
        raise PipelineError(_OPTION, f'"{asked}" names a mode twice', "leave one out")
    if len(training) > 1:
        what = f'"{asked}" asks for {training[0]} and for {training[1]} vectors'
        raise PipelineError(_OPTION, what, "keep one of the two")


def _check_repeated(asked: str, parts: tuple[str, ...], known: Collection[str]) -> None:
    for number, part in enumerate(parts):
        for other in parts[:number]:
            if part == other or (not {part, other} & set(known) and _same_file(part, other)):
                raise PipelineError(_OPTION, f'"{asked}" names "{part}" twice', "leave one out")


def _same_file(one: str, other: str) -> bool:
    return os.path.samefile(os.path.expanduser(one), os.path.expanduser(other))


@dataclass(frozen=True)
class NamedModel:
    """A model's name, such as `lstm:max@word2vec`, taken apart."""

    model: str
    head: str  # with its colon; empty if none was asked for
    source: str


def parse_model(name: str) -> NamedModel:
    """Return the parts of a model's name.

    >>> parse_model("lstm:max@word2vec:tuned")
    NamedModel(model='lstm', head=':max', source='word2vec:tuned')
    """
    asked, _, source = name.partition("@")
    model, colon, head = asked.partition(":")
    return NamedModel(model, colon + head, source)


RANDOM, LEARNED = "random", "learned"  # sources that know nothing of words before the network is trained
_TUNED = ("tuned", "frozen-then-tuned")


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
        return SHUFFLED in self.modes

    @property
    def pretrained(self) -> bool:
        """Whether its vectors mean something before the network is trained, rows in their own order."""
        return not self.parts <= {RANDOM, LEARNED} and not self.shuffled

    @property
    def tuned(self) -> bool:
        """Whether its vectors are trained with the network; `learned` is unless told, with all beside it."""
        return any(mode in _TUNED for mode in self.modes) or (
            LEARNED in self.parts and "frozen" not in self.modes
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
