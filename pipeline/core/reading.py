"""How the files of a corpus were read, as one value, and the one line that says it everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.clean import clean, clip, plural

NO_HEADER = 0  # in the place of a header's line
CLASSES_SHOWN = 12
NAME_SHOWN = 60  # characters of a class


@dataclass(frozen=True)
class Chosen:
    """A column, and how it was chosen; `how` is empty where the format itself says which column it is."""

    column: str
    how: str = ""

    def words(self) -> str:
        """Return the column with how it was chosen.

        >>> Chosen("stars", "by its name").words()
        '"stars" (by its name)'
        """
        name = " ".join(self.column.split())
        return f'"{name}" ({self.how})' if self.how else f'"{name}"'


@dataclass(frozen=True)
class PartRead:
    """How one file, or one folder, was read.

    Attributes
    ----------
    file : as it was given
    text, label : the columns; None until they are chosen
    header_line : the line of the header, from 1; `NO_HEADER`, or None where the format knows of none
    encoding : in words; empty where the format has its own
    read, used : numbers of records
    part : what its documents serve as, such as "test"; empty for the corpus itself
    left_out : the reasons of the others, with their numbers
    divided : what stands between fields, in words, where it is unusual
    """

    file: str
    text: Chosen | None
    label: Chosen | None
    header_line: int | None
    encoding: str
    read: int
    used: int = 0
    part: str = ""
    left_out: tuple[tuple[str, int], ...] = ()
    divided: str = ""

    def decisions(self) -> tuple[str, ...]:
        """Return what was decided before the first record was used: columns, header, encoding."""
        header = {None: "", NO_HEADER: "no header"}.get(
            self.header_line, f"header in line {self.header_line}"
        )
        columns = (f"{role} {column.words()}" for role, column in self._columns() if column is not None)
        return tuple(words for words in (*columns, header, self.encoding, self.divided) if words)

    def _columns(self) -> tuple[tuple[str, Chosen | None], ...]:
        return (("text", self.text), ("label", self.label))

    def records(self) -> str:
        """Return the numbers of records in words."""
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.left_out)
        left_out = f", {self.read - self.used:,} left out ({reasons})" if reasons else ""
        return f"{plural(self.read, 'record')} read, {self.used:,} used{left_out}"


@dataclass(frozen=True)
class Reading:
    """How a corpus was read: its files, the corpus itself first, and its classes with their documents."""

    parts: tuple[PartRead, ...]
    classes: tuple[tuple[str, int], ...]  # in order of their documents, or of their words, most first
    called: str = "class"  # what one of them is called

    def columns(self) -> dict[str, str]:
        """Return the text and the label column of the first file, by their role; empty where it has none."""
        first = self.parts[0]
        return {
            role: column.column if column else ""
            for role, column in (("text", first.text), ("label", first.label))
        }

    def line(self) -> str:
        """Return the whole as one line; of a further file only what differs from the first.

        >>> column = Chosen("text", "by its name")
        >>> part = PartRead("a.csv", column, Chosen("mood", "--label"), 1, "UTF-8", 5, 4, "", (("no text", 1),))
        >>> Reading((part,), (("sad", 3), ("glad", 1))).line()
        'a.csv: text "text" (by its name), label "mood" (--label), header in line 1, UTF-8, 5 records read, \
4 used, 1 left out (1 no text); 2 classes: "sad" (3), "glad" (1)'
        """
        first = self.parts[0].decisions()
        files = []
        for part in self.parts:
            own = part.decisions()
            said = own if part is self.parts[0] else tuple(words for words in own if words not in first)
            name = f"{part.file} ({part.part})" if part.part else part.file
            files.append(f"{name}: {', '.join((*said, part.records()))}")
        return f"{'; '.join(files)}; {_classes(self.classes, self.called)}"


def _classes(classes: Sequence[tuple[str, int]], called: str) -> str:
    shown = classes if len(classes) <= CLASSES_SHOWN else classes[: CLASSES_SHOWN - 1]
    names = ", ".join(f'"{clip(clean(name), NAME_SHOWN)}" ({count:,})' for name, count in shown)
    rest = classes[len(shown) :]
    more = f" and {len(rest):,} more of {rest[-1][1]:,} to {rest[0][1]:,}" if rest else ""
    return f"{plural(len(classes), called)}: {names}{more}"
