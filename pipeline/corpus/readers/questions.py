"""Lines such as `DESC:manner How did it start ?`: a class and a finer one, then the text, as TREC has questions.

Source: Li and Roth (2002), "Learning Question Classifiers"; train_5500.label is in Latin-1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.corpus.readers.encodings import read_source
from pipeline.corpus.readers.plain_text import numbered_lines, table_of_lines
from pipeline.corpus.readers.records import RawTable

QUESTION = re.compile(r"([A-Z][A-Za-z_]*):([A-Za-z_]+)[ \t]+(?=\S)")


def read_questions(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read a file of lines `COARSE:fine text`; its columns are text, coarse, which is the label, and fine."""
    source = read_source(path)
    numbered = numbered_lines(source)
    matches = [QUESTION.match(line) for _, line in numbered]
    if not any(matches):
        what = "no line is a class, a finer class and a text, such as `DESC:manner How did it start ?`"
        raise PipelineError(
            "line-without-label",
            f"{source.file}:{numbered[0][0]}",
            what,
            "write `label<TAB>text`, or use .csv",
        )
    texts = [
        line[match.end() if match else 0 :].strip()
        for (_, line), match in zip(numbered, matches, strict=True)
    ]
    coarse = [match and match[1] for match in matches]
    fine = [match and f"{match[1]}:{match[2]}" for match in matches]
    note = "each line is COARSE:fine and a text; the label is COARSE (--label fine takes both)"
    columns: dict[str, Sequence[str | None]] = {"text": texts, "coarse": coarse, "fine": fine}
    return table_of_lines(source, numbered, columns, label="coarse", note=note)
