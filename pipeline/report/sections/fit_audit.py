"""The section about how well each embedding source fits the corpus, also printed by `inspect embeddings`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from pipeline.report.page.blocks import Block, Limits, Paragraph, Points, Table
from pipeline.report.page.formats import MISSING, Number, count, decimal, interval, percent
from pipeline.report.page.tables import ColumnOf, Columns, number, table_of, text
from pipeline.report.page.terminal import write_plain
from pipeline.report.sections.facts import nothing
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
from pipeline.run_folder.names import detail_file
from pipeline.run_folder.reading import Run

HASH_SHOWN = 12  # characters of a file's SHA-256
FEWEST_PAIRS = 30  # the audit gives no correlation of fewer
WORDS_SHOWN = 8
NORMS: dict[str, Callable[[Norms], Number]] = {
    "Mean": lambda norms: norms.mean,
    "SD": lambda norms: norms.sd,
    "Least": lambda norms: norms.min,
    "5 %": lambda norms: norms.p5,
    "Median": lambda norms: norms.median,
    "95 %": lambda norms: norms.p95,
    "Greatest": lambda norms: norms.max,
}
SOURCE_FILE = detail_file("audit")


def fit_audit(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the fit audit of every embedding source of the run."""
    if not run.details.audit:
        return nothing(run, "No embedding was used, so there is no fit to audit.")
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
    files = [(entry, file) for entry in audits for file in entry.files]
    columns: Columns[tuple[Audit, VectorsFile]] = (
        text("Source", lambda one: one[0].source),
        text("Format", lambda one: one[1].format or MISSING),
        text("Compression", lambda one: one[1].compression or "none"),
        number("Dimension", lambda one: count(one[1].dimension)),
        number("Rows in the file", lambda one: count(one[1].rows)),
        number("Rows kept", lambda one: count(one[0].rows_kept)),
        number("Repeated words", lambda one: count(one[1].repeated)),
        number("Invalid UTF-8", lambda one: count(one[1].replaced)),
        text("SHA-256", lambda one: one[1].sha256[:HASH_SHOWN]),
        text("Notes", lambda one: "; ".join(one[1].notes) or MISSING),
    )
    note = (
        "Rows kept: vectors that words of this corpus use. Of repeated words the first one counts; invalid UTF-8"
        " is replaced."
    )
    return table_of("Vector files", files, columns, limits.rows, SOURCE_FILE, note) if files else None


def _coverage(audits: Sequence[Audit], limits: Limits) -> Table:
    parts = [(entry.source, part) for entry in audits for part in entry.by_split]
    columns = (*SOURCE, text("Split", lambda one: one[1].split or MISSING), *COVERAGE)
    note = (
        "Types are different tokens. A type without a vector reads as the unknown word; words that only"
        " validation or test documents hold have a vector where the source brings one."
    )
    return table_of("Coverage by split", parts, columns, limits.rows, SOURCE_FILE, note)


def _classes(audits: Sequence[Audit], limits: Limits) -> Table:
    parts = [(entry.source, part) for entry in audits for part in entry.by_class]
    columns = (*SOURCE, text("Class", lambda one: one[1].label or MISSING), *COVERAGE)
    note = " ".join(filter(None, ("Training documents.", *map(_class_reading, audits))))
    return table_of("Coverage by class", parts, columns, limits.rows, SOURCE_FILE, note, fold=True)


SOURCE: Columns[tuple[str, Coverage]] = (text("Source", lambda one: one[0]),)
COVERAGE: Columns[tuple[str, Coverage]] = (
    number("Types", lambda one: count(one[1].types)),
    number("Tokens", lambda one: count(one[1].tokens)),
    number("Types covered", lambda one: percent(one[1].type_coverage)),
    number("Tokens covered", lambda one: percent(one[1].token_coverage)),
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
    columns: Columns[Audit] = (text("Source", lambda one: one.source), *map(_step_column, names))
    note = "All documents: types (share of the tokens), each counted at the first step that finds a vector for it."
    return table_of("How words were found", audits, columns, limits.rows, SOURCE_FILE, note)


def _step_column(name: str) -> ColumnOf[Audit]:
    def show(entry: Audit) -> str:
        total = sum(step.tokens for step in entry.steps) or 1
        return _step_cell(next((step for step in entry.steps if step.step == name), None), total)

    return number(name, show)


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
    columns: Columns[Audit] = (
        text("Source", lambda one: one.source),
        text(
            "Most frequent words without a vector",
            lambda one: _some(f"{word.word} {count(word.tokens)}" for word in one.frequent_missing),
        ),
        text(
            "Most discriminative ones",
            lambda one: _some(
                f"{word.word} ({word.label} {decimal(word.coefficient, 1)})"
                for word in one.discriminative_missing
            ),
        ),
    )
    note = (
        "Most frequent: occurrences in all documents. Most discriminative: the largest coefficients, in size, of"
        " a TF-IDF logistic regression on single words of the training documents, with the class that the word"
        " speaks for (against, if negative)."
    )
    return table_of("Missing words", audits, columns, limits.rows, SOURCE_FILE, note)


def _some(words: Iterable[str]) -> str:
    return ", ".join(list(words)[:WORDS_SHOWN]) or "none"


def _norms(audits: Sequence[Audit], limits: Limits) -> Table:
    def size(title: str) -> ColumnOf[Audit]:
        return number(title, lambda one: decimal(NORMS[title](one.norms), 2) if one.norms else MISSING)

    columns: Columns[Audit] = (
        text("Source", lambda one: one.source),
        *map(size, NORMS),
        number("Zero vectors", lambda one: count(one.norms.zero) if one.norms else MISSING),
    )
    note = "Lengths of the vectors as the networks first read them, words without a vector left out."
    return table_of("Norms of the vectors", audits, columns, limits.rows, SOURCE_FILE, note)


def _word_pairs(audits: Sequence[Audit], limits: Limits) -> Table | None:
    """Return the agreement with people's judgements; None where the installed gensim holds no list."""
    found = [(entry.source, pairs) for entry in audits for pairs in entry.word_pairs]
    columns: Columns[tuple[str, JudgedPairs]] = (
        text("Source", lambda one: one[0]),
        text("List", lambda one: one[1].title),
        number("Pairs covered", lambda one: f"{count(one[1].covered)} of {count(one[1].pairs)}"),
        number("Spearman correlation", lambda one: _correlation(one[1])),
        number("95 % interval", lambda one: interval(None if _few(one[1]) else one[1].ci95, decimal, 2)),
    )
    note = (
        "Spearman's correlation of the cosines with people's judgements, over the pairs whose two words occur in"
        " this corpus and have a vector: English only, and no measure of how well a network will do."
    )
    title = "Word pairs judged by people"
    return table_of(title, found, columns, limits.rows, SOURCE_FILE, note) if found else None


def _few(pairs: JudgedPairs) -> bool:
    return pairs.covered < FEWEST_PAIRS


def _correlation(pairs: JudgedPairs) -> str:
    return "too few pairs" if _few(pairs) else decimal(pairs.spearman, 2)


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
