"""Kinds of text: those that are told whatever a file is called, and those that are told where its name tells none."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from contextlib import suppress
from functools import partial
from itertools import islice

from pipeline.corpus.readers.column_names import is_known_name
from pipeline.corpus.readers.conll import looks_like_conll
from pipeline.corpus.readers.delimited import DELIMITERS, read_delimited
from pipeline.corpus.readers.head import Head
from pipeline.corpus.readers.json_records import read_json, read_jsonl
from pipeline.corpus.readers.kinds import AS_TEXT, MOST, Kind, lines_are, says
from pipeline.corpus.readers.plain_text import FASTTEXT_LINE, read_text
from pipeline.corpus.readers.questions import QUESTION, read_questions
from pipeline.corpus.readers.trees import TREE_START, read_trees
from pipeline.corpus.readers.unusual import USUAL, find_unusual
from pipeline.corpus.readers.utterances import UTTERANCE, read_utterances

JSON_LINES_ENDINGS = (".jsonl", ".ndjson")
JSON_ENDINGS = (".json", *JSON_LINES_ENDINGS)

_FIRST_LINE = ":1"
_NUMBERED_FEATURES = re.compile(r"[+-]?\d+(\.\d+)?( \d+:\S+)+\s*$")
_LONGEST_ANSWER = 4  # lines
_ROWS_SAMPLED = 2000
_FEW, _MANY = 3, 10  # records that are alike by no accident; commas stand in prose too


# --- kinds that are told whatever the name says ----------------------------------------------------------

_ANSWERS = says(r'(40[0-9][ :]|(entry )?not found\s*$|access (denied|to)|forbidden\s*$|\{"(error|message)":)')


def _is_answer(head: Head) -> bool:
    return head.whole and len(head.lines) <= _LONGEST_ANSWER and _ANSWERS(head)


def _is_notebook(head: Head) -> bool:
    return head.start.startswith("{") and '"cell_type"' in head.text


def _is_json_lines(head: Head) -> bool:
    several = len(head.lines) > 1 or head.ending in JSON_LINES_ENDINGS  # one object may hold all records
    return several and isinstance(head.first_json(), dict)


def _is_fasttext(head: Head) -> bool:
    return 2 * head.share(FASTTEXT_LINE) > 1


def _has_unusual_delimiter(head: Head) -> bool:
    return find_unusual(head.text) is not None


_HTML = r"(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|meta|style|table|div)\b"


def _is_sheet(head: Head) -> bool:
    """Whether HTML is what programs write as a workbook: a table, under such a name."""
    return head.ending in (".xls", ".xlsx") and says(_HTML)(head) and "<table" in head.text.lower()


_ONLY_NAMED = (
    Kind(
        "a table in HTML, which spreadsheets open under the name of a workbook",
        _is_sheet,
        fix="open it in one, and save it as .csv",
        place=_FIRST_LINE,
    ),
    Kind(
        "a web page (HTML)",
        says(r"(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b"),
        fix="fetch the file itself: the address led to a page",
        place=_FIRST_LINE,
    ),
    Kind(
        "a workbook in XML (Excel 2003)",
        says(r"<\?xml\b.{0,400}?<(\w+:)?Workbook\b"),
        fix="open it in Excel, and save it as .csv",
        place=_FIRST_LINE,
    ),
    Kind("an XML document", says(r"<\?xml\b"), place=_FIRST_LINE),
    Kind(
        "a Git LFS pointer, which stands for the file",
        says(r"version https://git-lfs\.github\.com/spec/"),
        fix="fetch the file itself (git lfs pull)",
    ),
    Kind(
        "a server's answer instead of the file",
        _is_answer,
        fix="look at what the address answers, and fetch the file again",
        place=_FIRST_LINE,
    ),
    Kind("a document in Rich Text Format", says(r"\{\\rtf"), fix=AS_TEXT),
    Kind("a Jupyter notebook", _is_notebook),
    Kind(
        "an SQL dump",
        says(
            r"(--[^\n]*\s+|/\*.*?\*/;?\s+)*(create table|insert into|begin transaction|drop table|pragma \w+ *=)"
        ),
        fix="load it into a database (sqlite3 FILE.db < FILE.sql), and give FILE.db::TABLE",
        place=_FIRST_LINE,
    ),
    Kind(
        "a file of Weka (ARFF)", says(r"(%[^\n]*\s+)*@relation\s"), fix="save it as .csv", place=_FIRST_LINE
    ),
    Kind(
        "a file of words with tags, one a line (CoNLL), and not of documents with a label each",
        lambda head: looks_like_conll(head.text),
        fix="write a .csv or .jsonl with the text of each sentence and its label",
        place=_FIRST_LINE,
    ),
    Kind(
        "a file of numbered features (SVMlight) without text",
        lines_are(_NUMBERED_FEATURES),
        fix="give the texts themselves",
        place=_FIRST_LINE,
    ),
)
_READ = (
    Kind("JSON Lines", _is_json_lines, read_jsonl, endings=JSON_ENDINGS),
    Kind("JSON", says(r'\[\s*\{\s*["}]|\{\s*"([^"\\]|\\.)*"\s*:'), read_json, endings=(".json",)),
    Kind("fastText lines (__label__, then the text)", _is_fasttext, read_text, endings=(".txt",)),
    Kind("words with tags and an intent a line (ATIS)", lines_are(UTTERANCE), read_utterances),
    Kind("trees with a label at each node", lines_are(TREE_START), read_trees),
)
_BINARY = Kind(
    "binary data of no kind that is known", lambda head: head.is_binary() and not _has_unusual_delimiter(head)
)

# In the order in which they are tried.
CERTAIN_TEXT: tuple[Kind, ...] = (*_ONLY_NAMED, *_READ, _BINARY)


# --- kinds that are told where the name tells none, or the content is not what it says -------------------


def separator(head: Head) -> str | None:
    """Return the delimiter that clearly separates fields: the first record names columns, or all are alike."""
    return next((mark for mark in "\t,;|" if _separates(head, mark)), None)


def _separates(head: Head, mark: str) -> bool:
    rows = _rows(head, mark)
    width, alike = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    if width < 2 or len(rows[0]) != width:
        return False
    if any(map(is_known_name, rows[0])) and len(rows) > 1 and alike >= MOST * len(rows):
        return True
    return alike == len(rows) and len(rows) >= (_MANY if mark == "," else _FEW)


def _rows(head: Head, mark: str) -> list[list[str]]:
    """Return the first records as they are with `mark` between fields; the last, which may be cut, left out."""
    with suppress(csv.Error):
        reader = csv.reader(io.StringIO(head.text, newline=""), delimiter=mark)
        rows = [row for row in islice(reader, _ROWS_SAMPLED) if row]
        return rows if head.whole or len(rows) < 2 else rows[:-1]
    return []


def _is_table_with_tabs(head: Head) -> bool:
    """Whether tabs separate the fields of a table: it has more than two columns, or a header."""
    first = head.lines[0].split("\t") if head.lines else []
    return separator(head) == "\t" and (len(first) > 2 or any(map(is_known_name, first)))


def holds_pairs(head: Head) -> bool:
    """Whether most lines are a label and a text with a tab between."""
    tabs = sum("\t" in line for line in head.lines)
    return 2 * tabs > len(head.lines) and not _is_table_with_tabs(head)


def _table(mark: str) -> Kind:
    def fits(head: Head) -> bool:
        return _is_table_with_tabs(head) if mark == "\t" else separator(head) == mark

    words = f"a table whose fields are separated by {DELIMITERS[mark]}"
    return Kind(words, fits, partial(read_delimited, preferred=mark))


LIKELY_TEXT: tuple[Kind, ...] = (
    Kind("lines of a class, a finer class and a text (TREC)", lines_are(QUESTION), read_questions),
    Kind(
        "a table with an unusual delimiter", _has_unusual_delimiter, partial(read_delimited, preferred=USUAL)
    ),
    *(_table(mark) for mark in DELIMITERS),
    Kind("lines of a label and a text with a tab between", holds_pairs, read_text),
)
