"""The section about how well each embedding source fits the corpus, also printed by `inspect embeddings`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.report.page.blocks import (
    Block,
    Cell,
    Column,
    Limits,
    Nothing,
    Paragraph,
    Points,
    Table,
    numbers,
    row,
    short_table,
    words,
)
from pipeline.report.page.formats import MISSING, count, decimal, interval, percent
from pipeline.report.page.terminal import write_plain
from pipeline.report.sections.facts import status_sentence
from pipeline.report.sections.inputs import neighbour_table
from pipeline.run_folder.details.words import (
    Audit,
    CaseEffect,
    Coverage,
    FoundAt,
    JudgedPairs,
    Neighbours,
    Norms,
    VectorsFile,
)
from pipeline.run_folder.reading import Run

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


def audit_blocks(audits: Sequence[Audit], limits: Limits) -> tuple[Block, ...]:
    """Return the blocks that show these audits, a row or more for each source in every table."""
    made = [build(audits, limits) for build in _BLOCKS]
    return tuple(block for block in made if block is not None)


def describe_audit(audit: Audit, neighbours: Neighbours) -> str:
    """Return one source's audit and nearest neighbours as text for a terminal; its name stands nowhere in it.

    Parameters
    ----------
    audit : an entry of details/audit.json
    neighbours : an entry of details/neighbours.json
    """
    limits = Limits(rows=30)
    blocks = [_without_source(block) for block in audit_blocks([audit], limits)]
    return write_plain([*blocks, *([neighbour_table(neighbours, limits)] if neighbours.words else [])])


def _without_source(block: Block) -> Block:
    """Return a table without its first column, which names the one source in every row."""
    if not isinstance(block, Table):
        return block
    return replace(block, columns=block.columns[1:], rows=tuple(line[1:] for line in block.rows))


def _files(audits: Sequence[Audit], limits: Limits) -> Table | None:
    """Return the table of vector files; None where every source was made here."""
    lines = [_file_row(entry, file) for entry in audits for file in entry.files]
    if not lines:
        return None
    columns = (
        *words("Source", "Format", "Compression"),
        *numbers("Dimension", "Rows in the file", "Rows kept", "Repeated words", "Invalid UTF-8"),
        *words("SHA-256", "Notes"),
    )
    note = (
        "Rows kept: vectors that words of this corpus use. Of repeated words the first one counts; invalid UTF-8"
        " is replaced."
    )
    return short_table("Vector files", columns, lines, limits.rows, SOURCE_FILE, note)


def _file_row(entry: Audit, file: VectorsFile) -> tuple[Cell, ...]:
    return row(
        entry.source,
        file.format or MISSING,
        file.compression or "none",
        *map(count, (file.dimension, file.rows, entry.rows_kept, file.repeated, file.replaced)),
        file.sha256[:HASH_SHOWN],
        "; ".join(file.notes) or MISSING,
    )


def _coverage(audits: Sequence[Audit], limits: Limits) -> Table:
    lines = [_coverage_row(entry, part) for entry in audits for part in entry.by_split]
    note = (
        "Types are different tokens. A type without a vector reads as the unknown word; words that only"
        " validation or test documents hold have a vector where the source brings one."
    )
    return short_table("Coverage by split", _coverage_columns("Split"), lines, limits.rows, SOURCE_FILE, note)


def _classes(audits: Sequence[Audit], limits: Limits) -> Table:
    lines = [_coverage_row(entry, part) for entry in audits for part in entry.by_class]
    readings = [text for entry in audits if (text := _class_reading(entry))]
    note = " ".join(["Training documents.", *readings])
    columns = _coverage_columns("Class")
    return short_table("Coverage by class", columns, lines, limits.rows, SOURCE_FILE, note, fold=True)


def _coverage_columns(part: str) -> tuple[Column, ...]:
    return (*words("Source", part), *numbers("Types", "Tokens", "Types covered", "Tokens covered"))


def _coverage_row(entry: Audit, part: Coverage) -> tuple[Cell, ...]:
    return row(
        entry.source,
        part.split or part.label or MISSING,
        count(part.types),
        count(part.tokens),
        percent(part.type_coverage),
        percent(part.token_coverage),
    )


def _class_reading(entry: Audit) -> str:
    """Return the classes of the lowest and highest token coverage in words."""
    known = [(part.token_coverage, part.label) for part in entry.by_class if part.token_coverage is not None]
    if len(known) < 2:
        return ""
    (low, lowest), (high, highest) = (pick(known, key=lambda one: one[0]) for pick in (min, max))
    if low == high:
        return f"{entry.source}: {percent(low)} of the tokens of every class."
    return f"{entry.source}: from {percent(low)} (“{lowest}”) to {percent(high)} (“{highest}”) of the tokens."


def _steps(audits: Sequence[Audit], limits: Limits) -> Table:
    names = list(dict.fromkeys(step.step for entry in audits for step in entry.steps))
    lines = [_steps_row(entry, names) for entry in audits]
    note = "All documents: types (share of the tokens), each counted at the first step that finds a vector for it."
    columns = (*words("Source"), *numbers(*names))
    return short_table("How words were found", columns, lines, limits.rows, SOURCE_FILE, note)


def _steps_row(entry: Audit, names: Sequence[str]) -> tuple[Cell, ...]:
    steps = {step.step: step for step in entry.steps}
    total = sum(step.tokens for step in entry.steps) or 1
    return row(entry.source, *(_step_cell(steps.get(name), total) for name in names))


def _step_cell(step: FoundAt | None, total: int) -> str:
    return f"{count(step.types)} ({percent(step.tokens / total)})" if step else MISSING


def _case(audits: Sequence[Audit], limits: Limits) -> Points | None:
    """Return what lower-casing changes, a line for each source that holds words of its own."""
    lines = [_case_reading(entry.source, entry.case) for entry in audits if entry.case]
    return Points(tuple(lines[: limits.rows]), "Lower-casing") if lines else None


def _case_reading(source: str, case: CaseEffect) -> str:
    kept, lowered = case.kept.token_coverage, case.lowered.token_coverage
    start = f"{source}, exact matches only"
    if case.lower_cased:
        return (
            f"{start}: this corpus was lower-cased, and {percent(lowered)} of the tokens have a vector;"
            f" with its case kept it would be {percent(kept)}."
        )
    return (
        f"{start}: {percent(kept)} of the tokens have a vector; if lower-cased:"
        f" {percent(kept)} → {percent(lowered)}."
    )


def _missing(audits: Sequence[Audit], limits: Limits) -> Table:
    lines = [_missing_row(entry) for entry in audits]
    note = (
        "Most frequent: occurrences in all documents. Most discriminative: the largest coefficients, in size, of"
        " a TF-IDF logistic regression on single words of the training documents, with the class that the word"
        " speaks for (against, if negative)."
    )
    columns = words("Source", "Most frequent words without a vector", "Most discriminative ones")
    return short_table("Missing words", columns, lines, limits.rows, SOURCE_FILE, note)


def _missing_row(entry: Audit) -> tuple[Cell, ...]:
    frequent = [f"{word.word} {count(word.tokens)}" for word in entry.frequent_missing]
    telling = [
        f"{word.word} ({word.label} {decimal(word.coefficient, 1)})" for word in entry.discriminative_missing
    ]
    return row(entry.source, *(", ".join(shown[:WORDS_SHOWN]) or "none" for shown in (frequent, telling)))


def _norms(audits: Sequence[Audit], limits: Limits) -> Table:
    lines = [row(entry.source, *_norms_row(entry.norms)) for entry in audits]
    columns = (
        *words("Source"),
        *numbers("Mean", "SD", "Least", "5 %", "Median", "95 %", "Greatest", "Zero vectors"),
    )
    note = "Lengths of the vectors as the networks first read them, words without a vector left out."
    return short_table("Norms of the vectors", columns, lines, limits.rows, SOURCE_FILE, note)


def _norms_row(norms: Norms | None) -> list[str]:
    if norms is None:
        return [MISSING] * 8
    sizes = (norms.mean, norms.sd, norms.min, norms.p5, norms.median, norms.p95, norms.max)
    return [*(decimal(size, 2) for size in sizes), count(norms.zero)]


def _word_pairs(audits: Sequence[Audit], limits: Limits) -> Table | None:
    """Return the agreement with people's judgements; None where the installed gensim holds no list."""
    lines = [_pair_row(entry, found) for entry in audits for found in entry.word_pairs]
    if not lines:
        return None
    note = (
        "Spearman's correlation of the cosines with people's judgements, over the pairs whose two words occur in"
        " this corpus and have a vector: English only, and no measure of how well a network will do."
    )
    columns = (
        *words("Source", "List"),
        *numbers("Pairs covered", "Spearman correlation", "95 % interval"),
    )
    return short_table("Word pairs judged by people", columns, lines, limits.rows, SOURCE_FILE, note)


def _pair_row(entry: Audit, found: JudgedPairs) -> tuple[Cell, ...]:
    few = found.covered < FEWEST_PAIRS
    return row(
        entry.source,
        found.title,
        f"{count(found.covered)} of {count(found.pairs)}",
        "too few pairs" if few else decimal(found.spearman, 2),
        MISSING if few else interval(found.ci95, decimal, 2),
    )


_BLOCKS: tuple[Callable[[Sequence[Audit], Limits], Block | None], ...] = (
    _files,
    _coverage,
    _classes,
    _steps,
    _case,
    _missing,
    _norms,
    _word_pairs,
)
