"""The section about how well each embedding source fits the corpus, also printed by `inspect embeddings`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pipeline.report.page.blocks import (
    Block,
    Cell,
    Limits,
    Nothing,
    Paragraph,
    Points,
    Table,
    numbers,
    row,
    shorten,
    words,
)
from pipeline.report.page.formats import MISSING, count, decimal, interval, is_number, percent
from pipeline.report.page.terminal import write_plain
from pipeline.report.sections.facts import status_sentence
from pipeline.report.sections.inputs import neighbour_table
from pipeline.run_folder.reading import Record, Run

HASH_SHOWN = 12  # characters of a file's SHA-256
FEWEST_PAIRS = 30  # the audit gives no correlation of fewer
WORDS_SHOWN = 8
SOURCE_FILE = "details/audit.json"


def fit_audit(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the fit audit of every embedding source of the run."""
    if not run.details.audit:
        reason = "No embedding was used, so there is no fit to audit."
        return (Nothing(status_sentence(run) or reason),)
    more = Paragraph(f"{SOURCE_FILE} holds every figure, and more of the missing words.", "muted")
    return (*audit_blocks(run.details.audit, limits), more)


def audit_blocks(audits: Sequence[Record], limits: Limits) -> tuple[Block, ...]:
    """Return the blocks that show these audits, a row or more for each source in every table."""
    made = [build(audits, limits) for build in _BLOCKS]
    return tuple(block for block in made if block is not None)


def describe_audit(audit: Record, neighbours: Record) -> str:
    """Return one source's audit and nearest neighbours as text for a terminal; its name stands nowhere in it.

    Parameters
    ----------
    audit : an entry of details/audit.json
    neighbours : an entry of details/neighbours.json
    """
    limits = Limits(rows=30)
    blocks = [_without_source(block) for block in audit_blocks([audit], limits)]
    return write_plain([*blocks, *([neighbour_table(neighbours, limits)] if neighbours["words"] else [])])


def _without_source(block: Block) -> Block:
    """Return a table without its first column, which names the one source in every row."""
    if not isinstance(block, Table):
        return block
    return replace(block, columns=block.columns[1:], rows=tuple(line[1:] for line in block.rows))


def _files(audits: Sequence[Record], limits: Limits) -> Table | None:
    """Return the table of vector files; None where every source was made here."""
    lines = [_file_row(entry, file) for entry in audits for file in _tables(entry, "files")]
    if not lines:
        return None
    rows, left_out = shorten(lines, limits.rows, SOURCE_FILE)
    columns = (
        *words("Source", "Format", "Compression"),
        *numbers("Dimension", "Rows in the file", "Rows kept", "Repeated words", "Invalid UTF-8"),
        *words("SHA-256", "Notes"),
    )
    note = (
        "Rows kept: vectors that words of this corpus use. Of repeated words the first one counts; invalid UTF-8"
        f" is replaced. {left_out}"
    )
    return Table("Vector files", columns, rows, note.strip())


def _file_row(entry: Record, file: Record) -> tuple[Cell, ...]:
    return row(
        _name(entry),
        str(file.get("format") or MISSING),
        str(file.get("compression") or "none"),
        *(count(file.get(key)) for key in ("dimension", "rows")),
        count(entry.get("rows_kept")),
        *(count(file.get(key)) for key in ("repeated", "replaced")),
        str(file.get("sha256") or MISSING)[:HASH_SHOWN],
        "; ".join(str(note) for note in file.get("notes") or ()) or MISSING,
    )


def _coverage(audits: Sequence[Record], limits: Limits) -> Table:
    lines = [_coverage_row(entry, part, "split") for entry in audits for part in _tables(entry, "by_split")]
    rows, left_out = shorten(lines, limits.rows, SOURCE_FILE)
    note = (
        "Types are different tokens. A type without a vector reads as the unknown word; words that only"
        f" validation or test documents hold have a vector where the source brings one. {left_out}"
    )
    return Table("Coverage by split", _coverage_columns("Split"), rows, note.strip())


def _classes(audits: Sequence[Record], limits: Limits) -> Table:
    lines = [_coverage_row(entry, part, "label") for entry in audits for part in _tables(entry, "by_class")]
    rows, left_out = shorten(lines, limits.rows, SOURCE_FILE)
    readings = [text for entry in audits if (text := _class_reading(entry))]
    note = f"Training documents. {' '.join(readings)} {left_out}".strip()
    return Table("Coverage by class", _coverage_columns("Class"), rows, note, fold=True)


def _coverage_columns(part: str) -> tuple:
    return (*words("Source", part), *numbers("Types", "Tokens", "Types covered", "Tokens covered"))


def _coverage_row(entry: Record, part: Record, key: str) -> tuple[Cell, ...]:
    return row(
        _name(entry),
        str(part.get(key)),
        count(part.get("types")),
        count(part.get("tokens")),
        percent(part.get("type_coverage")),
        percent(part.get("token_coverage")),
    )


def _class_reading(entry: Record) -> str:
    """Return the classes of the lowest and highest token coverage in words."""
    known = [part for part in _tables(entry, "by_class") if is_number(part.get("token_coverage"))]
    if len(known) < 2:
        return ""
    low, high = (pick(known, key=lambda part: part["token_coverage"]) for pick in (min, max))
    if low["token_coverage"] == high["token_coverage"]:
        return f"{_name(entry)}: {percent(low['token_coverage'])} of the tokens of every class."
    return (
        f"{_name(entry)}: from {percent(low['token_coverage'])} (“{low.get('label')}”)"
        f" to {percent(high['token_coverage'])} (“{high.get('label')}”) of the tokens."
    )


def _steps(audits: Sequence[Record], limits: Limits) -> Table:
    names = list(dict.fromkeys(str(step.get("step")) for entry in audits for step in _tables(entry, "steps")))
    lines = [_steps_row(entry, names) for entry in audits]
    rows, left_out = shorten(lines, limits.rows, SOURCE_FILE)
    note = "All documents: types (share of the tokens), each counted at the first step that finds a vector for it."
    columns = (*words("Source"), *numbers(*names))
    return Table("How words were found", columns, rows, f"{note} {left_out}".strip())


def _steps_row(entry: Record, names: Sequence[str]) -> tuple[Cell, ...]:
    steps = {str(step.get("step")): step for step in _tables(entry, "steps")}
    total = sum(step["tokens"] for step in steps.values() if is_number(step.get("tokens"))) or 1
    return row(_name(entry), *(_step_cell(steps.get(name, {}), total) for name in names))


def _step_cell(step: Record, total: int) -> str:
    if not is_number(step.get("types")) or not is_number(step.get("tokens")):
        return MISSING
    return f"{count(step['types'])} ({percent(step['tokens'] / total)})"


def _case(audits: Sequence[Record], limits: Limits) -> Points | None:
    """Return what lower-casing changes, a line for each source that holds words of its own."""
    lines = [_case_reading(entry) for entry in audits if _table(entry.get("case"))]
    return Points(tuple(lines[: limits.rows]), "Lower-casing") if lines else None


def _case_reading(entry: Record) -> str:
    case = _table(entry.get("case"))
    kept, lowered = (_table(case.get(key)).get("token_coverage") for key in ("kept", "lowered"))
    start = f"{_name(entry)}, exact matches only"
    if case.get("lower_cased"):
        return (
            f"{start}: this corpus was lower-cased, and {percent(lowered)} of the tokens have a vector;"
            f" with its case kept it would be {percent(kept)}."
        )
    return (
        f"{start}: {percent(kept)} of the tokens have a vector; if lower-cased:"
        f" {percent(kept)} → {percent(lowered)}."
    )


def _missing(audits: Sequence[Record], limits: Limits) -> Table:
    rows, left_out = shorten([_missing_row(entry) for entry in audits], limits.rows, SOURCE_FILE)
    note = (
        "Most frequent: occurrences in all documents. Most discriminative: the largest coefficients, in size, of"
        " a TF-IDF logistic regression on single words of the training documents, with the class that the word"
        f" speaks for (against, if negative). {left_out}"
    )
    columns = words("Source", "Most frequent words without a vector", "Most discriminative ones")
    return Table("Missing words", columns, rows, note.strip())


def _missing_row(entry: Record) -> tuple[Cell, ...]:
    frequent = [
        f"{word.get('word')} {count(word.get('tokens'))}" for word in _tables(entry, "frequent_missing")
    ]
    telling = [
        f"{word.get('word')} ({word.get('label')} {decimal(word.get('coefficient'), 1)})"
        for word in _tables(entry, "discriminative_missing")
    ]
    return row(_name(entry), *(", ".join(shown[:WORDS_SHOWN]) or "none" for shown in (frequent, telling)))


def _norms(audits: Sequence[Record], limits: Limits) -> Table:
    keys = ("mean", "sd", "min", "p5", "median", "p95", "max")
    lines = [
        row(
            _name(entry),
            *(decimal(norms.get(key), 2) for key in keys),
            count(norms.get("zero")),
        )
        for entry in audits
        for norms in [_table(entry.get("norms"))]
    ]
    rows, left_out = shorten(lines, limits.rows, SOURCE_FILE)
    columns = (
        *words("Source"),
        *numbers("Mean", "SD", "Least", "5 %", "Median", "95 %", "Greatest", "Zero vectors"),
    )
    note = "Lengths of the vectors as the networks first read them, words without a vector left out."
    return Table("Norms of the vectors", columns, rows, f"{note} {left_out}".strip())


def _word_pairs(audits: Sequence[Record], limits: Limits) -> Table | None:
    """Return the agreement with people's judgements; None where the installed gensim holds no list."""
    lines = [_pair_row(entry, found) for entry in audits for found in _tables(entry, "word_pairs")]
    if not lines:
        return None
    rows, left_out = shorten(lines, limits.rows, SOURCE_FILE)
    note = (
        "Spearman's correlation of the cosines with people's judgements, over the pairs whose two words occur in"
        " this corpus and have a vector: English only, and no measure of how well a network will do."
    )
    columns = (
        *words("Source", "List"),
        *numbers("Pairs covered", "Spearman correlation", "95 % interval"),
    )
    return Table("Word pairs judged by people", columns, rows, f"{note} {left_out}".strip())


def _pair_row(entry: Record, found: Record) -> tuple[Cell, ...]:
    covered = found.get("covered")
    few = is_number(covered) and covered < FEWEST_PAIRS
    return row(
        _name(entry),
        str(found.get("title")),
        f"{count(covered)} of {count(found.get('pairs'))}",
        "too few pairs" if few else decimal(found.get("spearman"), 2),
        MISSING if few else interval(found.get("ci95"), decimal, 2),
    )


def _name(entry: Record) -> str:
    return str(entry.get("source"))


def _table(value: Any) -> Record:
    return value if isinstance(value, dict) else {}


def _tables(entry: Record, key: str) -> list[Record]:
    value = entry.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


_BLOCKS: tuple[Callable[[Sequence[Record], Limits], Block | None], ...] = (
    _files,
    _coverage,
    _classes,
    _steps,
    _case,
    _missing,
    _norms,
    _word_pairs,
)
