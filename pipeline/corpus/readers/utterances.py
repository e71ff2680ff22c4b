"""Lines such as `BOS show flights EOS<TAB>O O O flight`: words, a tag for each, and behind them the intent.

Source: the ATIS files that Hakkani-Tür et al. (2016) and others use, `atis-2.train.w-intent.iob`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pipeline.corpus.readers.encodings import read_source
from pipeline.corpus.readers.plain_text import numbered_lines, table_of_lines
from pipeline.corpus.readers.records import RawTable

UTTERANCE = re.compile(r"BOS[ \t]+(\S.*?)[ \t]+EOS[ \t]+(?:\S+[ \t]+)+(\S+)\s*$")


def read_utterances(path: Path, wanted: Sequence[str] = ()) -> RawTable:
    """Read a file of words between BOS and EOS, with tags and an intent behind them; the intent is the label."""
    source = read_source(path)
    numbered = numbered_lines(source)
    matches = [UTTERANCE.match(line) for _, line in numbered]
    columns: dict[str, Sequence[str | None]] = {
        "text": [match and match[1] for match in matches],
        "intent": [match and match[2] for match in matches],
    }
    note = "each line is words between BOS and EOS, their tags, which are not used, and an intent, the label"
    return table_of_lines(source, numbered, columns, label="intent", note=note)
