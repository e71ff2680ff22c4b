"""The documents to browse, as the page's script reads them: texts, answers and word contributions, in a size limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.clean import cell_text, clean, clip, plural
from pipeline.core.files import Json, as_json
from pipeline.core.wording import called
from pipeline.report.page.blocks import Limits
from pipeline.report.page.browsed import FirstDocument, GivenAnswer
from pipeline.report.page.formats import MISSING, count
from pipeline.run_folder.details.documents import (
    AnsweringModel,
    ChosenDocument,
    ChosenDocuments,
    Contributions,
    ExplainedDocument,
    ExplainedModel,
    ShownDocument,
    WordContributions,
)
from pipeline.run_folder.reading import Run

Data = dict[str, Json]  # what the page's script reads

FIRST = 600  # characters of a document that stands there without script
LEFT_OUT = " […] "  # as the run wrote it between the start and the end of a text
WHY = {  # names of lists in details/chosen_documents.json, as a reader is told
    "all wrong": "every model is wrong",
    "only one right": "one model alone is right",
    "only networks right": "all networks right, all baselines wrong",
    "only baselines right": "all baselines right, all networks wrong",
    "sure mistakes": "a mistake, among the surest",
    "random": "random sample",
}


@dataclass(frozen=True)
class Step:
    """How much of the documents the page holds."""

    documents: int
    characters: int  # of each text
    words: int | None  # with a contribution, a document and model, the largest first; None: all


STEPS = (
    Step(300, 600, None),
    Step(300, 400, None),
    Step(300, 400, 20),
    Step(300, 400, 10),
    Step(300, 300, 10),
    Step(200, 300, 10),
    Step(100, 300, 10),
    Step(80, 300, 10),
    Step(50, 300, 10),
    Step(50, 300, 0),
    Step(20, 200, 0),
    Step(5, 100, 0),
)


def browser_data(run: Run, limits: Limits) -> tuple[Data, Step]:
    """Return what the page's script reads, and the first of `STEPS` that keeps it under `limits.browser_bytes`.

    The result is empty where the run chose no documents.

    Notes
    -----
    `labels`, `why`: texts that numbers below point to. `models`: `name`, `kind`, `seeds`, `decides`, `method`.
    `pair`: the two models that are shown first. `documents`: `n` number, `y` label, `w` why, `p` and `q` answer of
    each model and its probability in percent, `t` text, `s` its words, as lengths (UTF-16 units) of
    what stands before a word and of the word, in turn; `c`, by model: predicted class, probability in
    percent, score, base, unit and contributions. Those are whole numbers of the unit, one a word with commas
    between (empty: the model does not read the word), or `place:number` where only the largest are kept.
    """
    chosen = run.details.chosen_documents
    if chosen is None:
        return {}, STEPS[0]
    for step in STEPS:
        data = _data(run, chosen, step)
        if len(as_json(data).encode()) <= limits.browser_bytes:
            break
    return data, step


def _data(run: Run, chosen: ChosenDocuments, step: Step) -> Data:
    names = [model.name for model in chosen.models]
    texts = {entry.document: entry for entry in run.details.documents_shown if entry.part == "test"}
    found = run.details.contributions or Contributions((), ())
    explained = {entry.document: entry for entry in found.documents}
    methods = {entry.name: entry for entry in found.models}
    why, short = list(WHY), called(names)
    return {
        "labels": [cell_text(label) for label in chosen.label_names],
        "why": list(WHY.values()),
        "models": [_model(short[model.name], model, methods.get(model.name)) for model in chosen.models],
        "pair": _first_pair(run, names, methods),
        "tested": chosen.tested,
        "documents": [
            {
                "n": row.document,
                "y": row.label,
                "w": [why.index(name) for name in row.why if name in WHY],
                "p": row.predicted,
                "q": [None if value is None else round(100 * value) for value in row.probability],
                **_text(texts.get(row.document), explained.get(row.document), names, step),
            }
            for row in chosen.documents[: step.documents]
        ],
    }


def _model(short: str, model: AnsweringModel, found: ExplainedModel | None) -> Data:
    return {
        "name": cell_text(short),
        "kind": model.kind,
        "seeds": model.seeds,
        "decides": model.decides,
        "method": found.method if found else None,
        "whyNot": found.why_not if found else None,
    }


def _first_pair(run: Run, names: Sequence[str], methods: Mapping[str, ExplainedModel]) -> list[int]:
    """Return the models of the verdict, or the first that can be shown."""
    asked = [run.metrics.verdict.a, run.metrics.verdict.b]
    explained = [name for name in names if name in methods and methods[name].method]
    first = [name for name in dict.fromkeys([*asked, *explained, *names]) if name in names]
    return [names.index(name) for name in [*first, *first][:2]]


def _text(
    shown: ShownDocument | None, explained: ExplainedDocument | None, names: Sequence[str], step: Step
) -> Data:
    """Return a text, cut into words where they are known, and what each model makes of them."""
    spans = list(_pairs(explained.spans)) if explained else []
    if explained is None or not spans:
        start, cut = (shown.text, shown.cut) if shown else ("", False)
        more = " …" if cut or len(start) > step.characters else ""
        return {"t": clean(start[: step.characters]) + more, "s": "", "c": {}}
    text = explained.text
    kept = _kept_words(spans, len(text), step.characters)
    pieces = _pieces(text, spans, kept)
    return {
        "t": "".join(pieces),
        "s": " ".join(str(_utf16_units(piece)) for piece in pieces),
        "c": {
            str(names.index(name)): _contributions(entry, kept, step)
            for name, entry in explained.models.items()
            if name in names and step.words != 0
        },
    }


def _pairs(numbers: str) -> Iterator[tuple[int, int]]:
    """Yield the pairs of a string of numbers: starts and ends."""
    each = [int(number) for number in numbers.split()]
    yield from zip(each[::2], each[1::2], strict=False)


def _kept_words(spans: Sequence[tuple[int, int]], length: int, characters: int) -> list[int]:
    """Return which words of a text are kept when its middle is left out, so that about `characters` are."""
    if length <= characters + len(LEFT_OUT):
        return list(range(len(spans)))
    half = characters // 2
    return [place for place, (start, end) in enumerate(spans) if end <= half or start >= length - half]


def _pieces(text: str, spans: Sequence[tuple[int, int]], kept: Sequence[int]) -> list[str]:
    """Return what stands before each word that is kept, and the word, in turn, each cleaned.

    What stands between words and is not blank is where something was left out, or an HTML line break, which the
    tokenizer reads as a blank.
    """
    pieces, last = [], -1
    for place in kept:
        start, end = spans[place]
        before = text[spans[last][1] if last >= 0 else 0 : start]
        left_out = place != last + 1 or LEFT_OUT in before
        pieces += [LEFT_OUT if left_out else " " if before else "", clean(text[start:end])]
        last = place
    return pieces


def _utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _contributions(entry: WordContributions, kept: Sequence[int], step: Step) -> list[Json]:
    every = entry.words.split(",")
    words = [every[place] for place in kept]
    numbers = map(_rounded, (entry.score, entry.base, entry.unit))
    return [entry.predicted, round(100 * entry.probability), *numbers, _written(words, step.words)]


def _written(words: Sequence[str], most: int | None) -> str:
    if most is None:
        return ",".join(words)
    sizes = {place: abs(int(word)) for place, word in enumerate(words) if word not in ("", "0")}
    largest = sorted(sorted(sizes, key=lambda place: (-sizes[place], place))[:most])
    return ",".join(f"{place}:{words[place]}" for place in largest)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def first_documents(run: Run, characters: int = FIRST) -> tuple[FirstDocument, ...]:
    """Return the first document of each kind, which stands there without script."""
    chosen = run.details.chosen_documents
    if chosen is None:
        return ()
    texts = {entry.document: entry for entry in run.details.documents_shown if entry.part == "test"}
    firsts = {name: next((one for one in chosen.documents if name in one.why), None) for name in WHY}
    return tuple(
        FirstDocument(
            WHY[name],
            one.document,
            chosen.label_names[one.label],
            clip(texts[one.document].text, characters) if one.document in texts else "",
            _given(chosen, one),
        )
        for name, one in firsts.items()
        if one is not None
    )


def _given(chosen: ChosenDocuments, one: ChosenDocument) -> tuple[GivenAnswer, ...]:
    short = called(model.name for model in chosen.models)
    answers = zip(chosen.models, one.predicted, one.probability, strict=True)
    return tuple(
        GivenAnswer(
            short[model.name],
            chosen.label_names[predicted],
            "" if sure is None else f"{100 * sure:.0f} % sure",
            predicted == one.label,
        )
        for model, predicted, sure in answers
    )


# --- what a reader is told


def how_documents_are_chosen(chosen: ChosenDocuments, step: Step) -> str:
    """Return which documents can be browsed and how they were chosen."""
    shown, tested = min(len(chosen.documents), step.documents), chosen.tested
    return (
        f"{count(shown)} of {plural(tested, 'test document')} can be browsed. Those that every model gets wrong,"
        " that one alone or one kind alone gets right, the surest mistakes, and a random sample take turns in adding"
        f" their next document until there are {STEPS[0].documents}, so the mix says nothing about how frequent a"
        f" kind is. Of a long text the first and the last {step.characters // 2} characters are shown."
        + ("" if step == STEPS[0] else _what_was_left_out(step))
    )


def _what_was_left_out(step: Step) -> str:
    words = {None: "", 0: "; word contributions are left out"}.get(
        step.words, f"; of each document and model the {step.words} largest word contributions are kept"
    )
    return f" To keep the page small it holds at most {step.documents} documents{words}; the rest is in details/."


def how_contributions_are_made(run: Run) -> tuple[str, ...]:
    """Return how the numbers behind the colours are computed, and for how many documents; nothing without any."""
    found = run.details.contributions
    if found is None:
        return ()
    each = [f"{model.name}: {_what_was_made(model)}" for model in found.models]
    return (*_METHOD, f"{'; '.join(each)}.")


def _what_was_made(model: ExplainedModel) -> str:
    if not model.method:
        return f"none, {model.why_not or MISSING}"
    return f"{model.method}, {plural(model.documents, 'document')}"


_METHOD = (
    "What is taken apart is a number that every model has: the logit of the class that it predicts, less the mean of"
    " the other classes' logits; with two classes, the log-odds. A positive contribution speaks for the predicted"
    " class, a negative one against it.",
    "Linear models (weights): weight times feature value, for the predicted class less the mean of the others. The"
    " value is 1 or a count over its scale (bow), TF-IDF with the document at length 1 (tfidf), or 1 with the"
    " naive-Bayes ratio in the weight (nbsvm). What an n-gram adds is split evenly over its words and its places."
    " Averaged vectors (mean): the weights times the word's standardised vector, over the number of words. All words"
    " together are exactly the score less that of the intercepts.",
    "Networks (occlusion): how far the score falls when this one word gives way to the average word, whose vector is"
    " the mean over the words of the training documents. That is what the model does, but single words do not add up"
    " to the score, and one of two words that say the same gets 0 where each alone is enough. Another word in its"
    " place would give other numbers.",
    "They are made of the first seed's fit on the first fold, which may answer otherwise than the average over the"
    " seeds; it is said where it does. Documents that another fold tested have none. Networks take long to ask, so"
    " they are asked about the first of the documents, as many as a fixed amount of work allows, and about the words"
    " that are shown.",
    "The numbers say what a model uses, not why a document has its class.",
)
