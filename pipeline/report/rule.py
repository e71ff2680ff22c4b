"""The rule that makes a difference of two models a decision, in plain words."""

from __future__ import annotations

from pipeline.report.formats import exact_points, is_number
from pipeline.report.run_folder import Run
from pipeline.report.text import plural

METHODS = {
    "documents": "Where each of the two models was trained once, the interval holds the chance of which documents are"
    " tested: it speaks of these fitted models only.",
    "documents and seeds": "Where one was trained with several seeds, the interval holds two kinds of chance, which"
    " documents are tested and which seed the training had, by Student's t.",
    "folds": "The intervals are of differences between folds, widened because folds share training documents"
    " (Nadeau and Bengio 2003), by Student's t.",
}


def decision_rule(run: Run) -> tuple[str, ...]:
    """Return in plain words what is compared, and what makes a difference; nothing where nothing was compared."""
    entries = run.rows("comparisons")
    if not entries:
        return ()
    rope = run.table("verdict").get("rope")
    size = points_either_way(rope) if is_number(rope) else "the region of practical equivalence"
    methods = {str(entry.get("method")) for entry in entries}
    several = (
        f"{plural(len(entries), 'comparison')} of this run, all planned before this run saw a test result"
    )
    return (
        "Compared is the accuracy of two models on the same test documents; the best network and the best baseline"
        " of the answer are chosen by mean validation accuracy, and test documents choose nothing.",
        *(text for method, text in METHODS.items() if method in methods),
        f"Equal: the whole 95 % interval lies within {size}.",
        "Beats or loses, where not equal: the interval leaves out zero, and p is below 0.05 after Holm's correction"
        f" for the {several}.",
        "Cannot tell: everything else. Withheld: a fit of one of the two did not train.",
    )


def points_either_way(rope: float) -> str:
    """Return the region of practical equivalence in words."""
    return f"{exact_points(rope)} points either way"
