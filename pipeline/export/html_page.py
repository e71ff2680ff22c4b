"""A saved model as one web page that answers by itself: words, states, gates and the answer after each word."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pipeline import __version__
from pipeline.core.clean import cell_text
from pipeline.core.errors import PipelineError
from pipeline.core.files import Json, as_json, write_whole
from pipeline.core.models import MODELS
from pipeline.export.fewer_words import number_of_words
from pipeline.export.tokenizer_json import as_data
from pipeline.models.baselines.features import presence, tfidf
from pipeline.models.equations.network import STANDARDISED
from pipeline.models.equations.through_time import CELLS
from pipeline.models.equations.values import Array
from pipeline.models.saved import SavedModel, SavedNetwork
from pipeline.models.saved.linear import AverageFeatures, NgramFeatures, SavedLinear
from pipeline.report.page.html_page import content_policy

ASSETS = Path(__file__).parent / "assets"
MOST_BYTES = 25_000_000  # what most mail servers take
DATA = '<script type="application/json" id="model">'  # where the page's data begin
_DRAWN_CELLS = ("rnn", "gru", "lstm")  # those of `CELLS` in page.js

Arrays = dict[str, Array]
Told = dict[str, Json]


def write_page(model: SavedModel, out: Path, n_words: int | None = None) -> None:
    """Write a model as one page; `n_words` is what it knew before words were left out.

    Raises
    ------
    PipelineError
        If the model cannot be exported, or the page would be larger than `MOST_BYTES`.
    """
    known = number_of_words(model)
    words = (
        f"{known:,}" if n_words in (None, known) else f"{known:,} of {n_words:,}; the others read as unknown"
    )
    content = page(model, words).encode()
    if len(content) > MOST_BYTES:
        what = f"the page would be {len(content) / 1e6:,.1f} MB; {MOST_BYTES / 1e6:,.0f} MB is the most"
        enough = int(known * 0.9 * MOST_BYTES / len(content))
        raise PipelineError(
            "export-too-large",
            "--to html",
            what,
            f"keep {enough:,} of its {known:,} words with --words {enough}",
        )
    write_whole(out, content)


def page(model: SavedModel, words: str) -> str:
    """Return a model as one page; every string is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    tokenizer = as_data(model)
    told, arrays = _network(model) if isinstance(model, SavedNetwork) else _linear(model)
    numbers = np.concatenate([array.astype("<f4").ravel() for array in arrays.values()])
    places: dict[str, Json] = {}
    start = 0
    for name, array in arrays.items():
        places[name] = [start, array.size]
        start += array.size
    data = {"labels": model.label_names, "tokenizer": tokenizer, "arrays": places, **told}
    script = (ASSETS / "page.js").read_text(encoding="utf-8").strip()
    environment = Environment(
        loader=FileSystemLoader(ASSETS), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    facts = {
        "Model": model.name,
        "Labels": ", ".join(map(cell_text, model.label_names)),
        "Words" if tokenizer["reads"] == "rows" else "Words and runs of words": words,
        "Numbers": f"{len(numbers):,}, of 32 bits",
        "Made by": f"embedseq {__version__}",
    }
    return environment.get_template("page.html.j2").render(
        name=cell_text(model.name),
        about="A trained model in one file. It works offline, and what you type stays on this page.",
        facts=facts.items(),
        policy=Markup(content_policy([script])),
        style=Markup((ASSETS / "page.css").read_text(encoding="utf-8").strip()),
        script=Markup(script),
        model=Markup(as_json(data)),
        numbers=Markup(base64.b64encode(numbers.tobytes()).decode()),
    )


def _network(model: SavedNetwork) -> tuple[Told, Arrays]:
    """Return what the page is told of a network, and its numbers."""
    spec, entry = model.spec, MODELS[model.spec.model]
    if entry.recurrent and entry.cell not in _DRAWN_CELLS:
        what = f"the page has no equations for the cell {entry.cell} of {model.name}"
        raise PipelineError(
            "model-not-exported", "--to html", what, f"export a network of {', '.join(_DRAWN_CELLS)}"
        )
    arrays = {"table": model.table, **model.weights}
    mean, deviation = STANDARDISED
    if mean in arrays:
        arrays |= {"mean": arrays.pop(mean), "deviation": arrays.pop(deviation)}
    told: Told = {
        "kind": "recurrent" if entry.recurrent else "averaged",
        "dimension": spec.embedding_dim,
        "layers": spec.layers,
        "units": spec.units,
        "cell": entry.cell,
        "parts": ["state", *_parts(entry.cell)] if entry.recurrent else [],
        "directions": entry.directions,
        "head": spec.head.split("+"),
        "piece_tokens": spec.piece_tokens,
        "weights": sum(array.size for name, array in model.weights.items() if name.endswith("kernel")),
    }
    return told, arrays


def _parts(cell: str) -> list[str]:
    """Return what is shown of a cell beside its state."""
    gates = [f"{name} gate" for name in CELLS[cell].spoken.values()]
    return ["cell", *gates] if CELLS[cell].parts == 2 else gates


def _linear(model: SavedModel) -> tuple[Told, Arrays]:
    """Return what the page is told of a linear model, and its numbers."""
    assert isinstance(model, SavedLinear)  # `as_data` refuses every other kind
    told: Told = {"classes": model.classes.tolist(), "one_versus_rest": model.one_versus_rest}
    arrays: Arrays = {"coefficients": model.coefficients.T, "intercepts": model.intercepts}  # (F, P), (P,)
    if isinstance(model.features, AverageFeatures):
        learned: Mapping[str, Array] = model.features.learned
        arrays |= {"table": model.features.vectors, "mean": learned["mean"], "deviation": learned["scale"]}
        return told | {"kind": "average", "dimension": model.features.vectors.shape[1]}, arrays
    weigh = _weigh(model.features)
    of_weigh = {"share": "scale", "tfidf": "idf", "tfidf of logarithms": "idf"}.get(weigh)
    if of_weigh:
        arrays[of_weigh] = model.features.learned[of_weigh]
    return told | {"kind": "ngrams", "weigh": weigh}, arrays


def _weigh(features: NgramFeatures) -> str:
    """Return what `valuesOf` in page.js is to make of counts."""
    if features.weigh is tfidf:
        return "tfidf of logarithms" if features.settings.sublinear_tf else "tfidf"
    return "there" if features.weigh is presence or features.settings.bow_binary else "share"
