"""Names of sources and models: `source[+source][:mode]` and `model[:head]@source`, taken apart."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.core.errors import PipelineError, did_you_mean
from pipeline.core.models import MODELS, ModelEntry, networks

SHUFFLED_WORDS = "shuffled-words"

TRAINING = ("frozen", "tuned", "frozen-then-tuned")
SHUFFLED = "shuffled-rows"
MODES = (*TRAINING, SHUFFLED)
_TUNED = ("tuned", "frozen-then-tuned")
LETTERS = "chars"  # beside sources: how words are spelled, for networks that answer words

LONGEST_SLUG = 100  # characters; file systems stop at 255 bytes

_OPTION = "--embeddings"


@dataclass(frozen=True)
class AskedSource:
    """A source as it was asked for. Parts are names of tables or paths of files."""

    asked: str
    name: str  # as results name it: files without their folders
    parts: tuple[str, ...]
    training: str  # an entry of TRAINING; "" where none was asked for
    shuffled: bool
    letters: bool = False  # whether `+chars` stands beside them

    @property
    def tuned(self) -> bool:
        """Whether the network's training changes the vectors."""
        return self.training in _TUNED


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
    stem, modes = _split_modes(asked, (*known, LETTERS))
    parts = _split_parts(stem, (*known, LETTERS))
    for part in parts:
        if part != LETTERS:
            _check_part(part, asked, known)
    _check_modes(asked, modes)
    _check_repeated(asked, parts, (*known, LETTERS))
    of_vectors = tuple(part for part in parts if part != LETTERS)
    if not of_vectors:
        fix = f"write a source of word vectors before it, such as word2vec+{LETTERS}"
        raise PipelineError(
            "source-not-understood", _OPTION, f'"{asked}" has letters and no word vectors', fix
        )
    letters = [LETTERS] * (LETTERS in parts)
    names = [display_name(part, known) for part in of_vectors]
    training = next((mode for mode in modes if mode in TRAINING), "")
    name = ":".join(["+".join([*names, *letters]), *modes])
    return AskedSource(asked, name, of_vectors, training, SHUFFLED in modes, bool(letters))


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
                raise PipelineError(
                    "name-taken", _OPTION, f'{path} has the name of the source "{file}"', "rename the file"
                )
            other = files.setdefault(file, path)
            if not _same_file(other, path):
                what = f"{other} and {path} have the same name, and results are named by it"
                raise PipelineError("name-taken", _OPTION, what, "rename one of the files")
        parts = tuple(display_name(part, known) for part in source.parts)
        same = seen.setdefault((parts, source.training, source.shuffled, source.letters), source.asked)
        if same != source.asked:
            raise PipelineError(
                "named-twice", _OPTION, f"{same} and {source.asked} are one source", "leave one out"
            )


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
    """Raise PipelineError unless a part is a known name, a file, or a folder, which may hold a static embedding."""
    if _usable(part, known):
        return
    stem, _, mode = part.rpartition(":")
    if not part:
        fix = "write one name, or two or more with a + between them"
        raise PipelineError("source-not-understood", _OPTION, f'"{asked}" has an empty part', fix)
    if stem and mode in MODES:
        fix = f'write ":{mode}" at the end; it holds for the whole'
        raise PipelineError("source-not-understood", _OPTION, f'"{asked}" has a mode before a +', fix)
    if stem and _usable(_split_modes(stem, known)[0], known):
        raise PipelineError(
            "unknown-source", _OPTION, f'"{asked}" has no mode "{mode}"', did_you_mean(mode, MODES)
        )
    if "/" in part or "\\" in part or Path(part).suffix:
        raise PipelineError("no-such-file", _OPTION, f'there is no file "{part}"', "correct the path")
    source = part.partition(":")[0]
    raise PipelineError(
        "unknown-source", _OPTION, f'there is no source "{source}"', did_you_mean(source, known)
    )


def _check_modes(asked: str, modes: list[str]) -> None:
    training = [mode for mode in modes if mode in TRAINING]
    if len(modes) != len(set(modes)):
        raise PipelineError("named-twice", _OPTION, f'"{asked}" names a mode twice', "leave one out")
    if len(training) > 1:
        what = f'"{asked}" asks for {training[0]} and for {training[1]} vectors'
        raise PipelineError("source-not-understood", _OPTION, what, "keep one of the two")


def _check_repeated(asked: str, parts: tuple[str, ...], known: Collection[str]) -> None:
    for number, part in enumerate(parts):
        for other in parts[:number]:
            if part == other or (not {part, other} & set(known) and _same_file(part, other)):
                raise PipelineError(
                    "named-twice", _OPTION, f'"{asked}" names "{part}" twice', "leave one out"
                )


def _same_file(one: str, other: str) -> bool:
    return os.path.samefile(os.path.expanduser(one), os.path.expanduser(other))


RANDOM, LEARNED = "random", "learned"  # sources that know nothing of words before the network is trained


@dataclass(frozen=True)
class SourceName:
    """A source as results name it, such as `word2vec:tuned`, taken apart."""

    base: str  # the sources that stand side by side: a file's name may hold a + too
    modes: tuple[str, ...] = ()  # entries of MODES, in the order in which they stand

    @classmethod
    def parse(cls, text: str) -> SourceName:
        """Return the source and its modes.

        >>> SourceName.parse("a.vec+word2vec:tuned")
        SourceName(base='a.vec+word2vec', modes=('tuned',))
        """
        base, modes = text, tuple[str, ...]()
        while base.rpartition(":")[2] in MODES:
            base, _, mode = base.rpartition(":")
            modes = (mode, *modes)
        return cls(base, modes)

    def __str__(self) -> str:
        """Return the name again."""
        return ":".join([self.base, *self.modes])

    @property
    def parts(self) -> tuple[str, ...]:
        """The sources of vectors that stand side by side."""
        return tuple(part for part in self.base.split("+") if part != LETTERS)

    @property
    def letters(self) -> bool:
        """Whether letters stand beside them."""
        return LETTERS in self.base.split("+")

    @property
    def training(self) -> str:
        """The entry of TRAINING that it names; empty where it names none."""
        return next((mode for mode in self.modes if mode in TRAINING), "")

    @property
    def shuffled_rows(self) -> bool:
        """Whether its rows are exchanged among the words."""
        return SHUFFLED in self.modes

    @property
    def learns(self) -> bool:
        """Whether a part of it is trained with the network from the start: it is tuned unless told."""
        return LEARNED in self.parts

    @property
    def pretrained(self) -> bool:
        """Whether its vectors mean something before the network is trained, rows in their own order."""
        return not set(self.parts) <= {RANDOM, LEARNED} and not self.shuffled_rows

    @property
    def tuned(self) -> bool:
        """Whether its vectors are trained with the network; `learned` is unless told, with all beside it."""
        return self.training in _TUNED or (self.learns and self.training != "frozen")


@dataclass(frozen=True)
class ModelName:
    """A model as results name it, `model[:head][:shuffled-words][@source]`, taken apart.

    A model that was made elsewhere is called as its file is, whatever that holds: its name is never taken apart.
    """

    model: str  # a line of the table of models; of one made elsewhere the whole name
    head: str = ""  # empty where none was asked for
    shuffled_words: bool = False  # the control that reads documents whose words are shuffled
    source: SourceName | None = None
    made_elsewhere: bool = False
    asked: str = field(default="", compare=False, repr=False)  # all before the source, as it was written

    def __post_init__(self) -> None:
        if not self.asked:
            parts = [self.model, *([self.head] * bool(self.head)), *([SHUFFLED_WORDS] * self.shuffled_words)]
            object.__setattr__(self, "asked", ":".join(parts))

    @classmethod
    def parse(cls, text: str, known: Collection[str] = MODELS) -> ModelName:
        """Return the parts of a model's name; one that begins with no name of `known` was made elsewhere.

        >>> ModelName.parse("lstm:max@word2vec:tuned").head, ModelName.parse("bert@v2").model
        ('max', 'bert@v2')
        """
        asked, at, source = text.partition("@")
        model, *parts = asked.split(":")
        if model not in known:
            return cls(text, made_elsewhere=True)
        heads = [part for part in parts if part != SHUFFLED_WORDS]
        return cls(
            model,
            ":".join(heads),
            len(heads) < len(parts),
            SourceName.parse(source) if at else None,
            asked=asked,
        )

    def __str__(self) -> str:
        """Return the name again."""
        return self.asked if self.source is None else f"{self.asked}@{self.source}"

    @property
    def entry(self) -> ModelEntry | None:
        """Its line in the table of models; None for a model that was made elsewhere."""
        return None if self.made_elsewhere else MODELS.get(self.model)

    @property
    def own_head(self) -> str:
        """The head that it reads without its name saying so; empty where the name says one, or it has none."""
        said = bool(self.head) or self.shuffled_words
        return "" if said or self.entry is None else self.entry.default_head

    def in_order(self) -> ModelName:
        """Return the same network on words in their order."""
        return replace(self, shuffled_words=False, asked="")

    def on_shuffled_words(self) -> ModelName:
        """Return the control that is the same network and reads shuffled words."""
        return replace(self, shuffled_words=True, asked="")

    def with_head(self, head: str) -> ModelName:
        """Return the same network with another head."""
        return replace(self, head=head, asked="")

    def with_model(self, model: str) -> ModelName:
        """Return another model with the same head, words and source."""
        return replace(self, model=model, asked="")


def parse_network(asked: str) -> ModelName:
    """Return the network, head and control that `--models` asks for.

    Raises
    ------
    PipelineError
        If there is no such network, or it has no such head.

    >>> parse_network("lstm:max:shuffled-words")
    ModelName(model='lstm', head='max', shuffled_words=True, source=None, made_elsewhere=False)
    """
    model, *parts = asked.split(":")
    if model not in networks():
        raise PipelineError(
            "unknown-model", "--models", f'there is no model "{asked}"', did_you_mean(model, MODELS)
        )
    known = MODELS[model].every_head
    if "" in parts:
        raise PipelineError(
            "unknown-model", "--models", f'"{asked}" names no head', f'use "{model}", or {model}:last'
        )
    for part in parts:
        if not known or part not in (*known, SHUFFLED_WORDS):
            fix = did_you_mean(part, (*known, SHUFFLED_WORDS)) if known else f'use "{model}" alone'
            raise PipelineError("unknown-model", "--models", f'"{asked}" has no head "{part}"', fix)
    heads = [part for part in parts if part != SHUFFLED_WORDS]
    if len(heads) > 1 or len(parts) - len(heads) > 1:
        fix = f"give one head, such as {model}:{heads[0] if heads else known[0]}"
        raise PipelineError("unknown-model", "--models", f'"{asked}" has more than one head', fix)
    return ModelName.parse(asked)


def slug(name: str) -> str:
    """Return a file name for a model's name: readable, safe on every system, different for different names.

    `:` becomes `=`. Where anything else has to change (capitals too: some file systems take `A` for `a`),
    a `~` and the start of the name's SHA-256 tell it from names that would look the same.

    >>> slug("lstm:max@word2vec:frozen")
    'lstm=max@word2vec=frozen'
    >>> slug("bow")
    'bow'
    """
    readable = name.replace(":", "=")
    safe = re.sub(r"[^a-z0-9@=+_.-]", "-", readable.lower())[:LONGEST_SLUG]
    safe = re.sub(r"^[.=-]|\.$", "_", safe) or "_"
    if safe == readable and "=" not in name:
        return safe
    return f"{safe}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"
