"""Fitted models and vectors as plain data that a run folder keeps (`run_folder.models` writes it)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from pipeline.core.fits import FitKey, ModelFiles
from pipeline.core.names import ModelName, slug
from pipeline.core.values import AS_IT_IS, Float32, Writing
from pipeline.embeddings.table import Embedded
from pipeline.models.baselines.fitting import FittedBaseline
from pipeline.models.baselines.language.kneser_ney import KneserNey
from pipeline.models.baselines.language.stored import COUNTED, SPELLING, arrays_of_counts, sizes_of
from pipeline.models.baselines.language.units import Units
from pipeline.models.baselines.tagging.tagger import LinearTagger
from pipeline.models.equations.language import LanguageSpec
from pipeline.models.equations.language import Weights as LanguageWeights
from pipeline.models.golden import TOLERANCE, TOLERANCE_OF_GPU, golden_answers
from pipeline.models.networks.build import own_weights
from pipeline.models.networks.keras_types import Weight
from pipeline.models.networks.training import FittedNetwork
from pipeline.run_folder.models import Array
from pipeline.settings.setting import AUTO
from pipeline.settings.tables import Config, TokenizerSettings
from pipeline.tasks.table import task_of
from pipeline.text.ngrams import NgramVocabulary
from pipeline.text.unspaced import word_breaker

TOLERANCE_OF_BITS = 1e-3
# What a language model has learned: counts, or the weights of a network.
Learned = KneserNey | tuple[LanguageSpec, LanguageWeights]


@dataclass(frozen=True, eq=False)
class Particulars:
    """What is told of a fit beside what it learned.

    Attributes
    ----------
    key : which fit of the run it is
    label_names : (C,)
    config : its settings
    golden : float32 array, shape (G, C): what it answers to the golden texts
    left_out : golden texts whose answers its own rounding decides
    golden_words : how many words of each golden text a tagger answers
    on_gpu : whether a GPU computed that
    writing : how the texts of the corpus are written
    thresholds : from which probability on a label is given, (C,); None: the most probable class is the answer, or one
        half is enough for a label
    """

    key: FitKey
    label_names: tuple[str, ...]
    config: Config
    golden: Float32
    on_gpu: bool = False
    left_out: tuple[int, ...] = ()
    writing: Writing = AS_IT_IS
    golden_words: tuple[int, ...] | None = None
    thresholds: Float32 | None = None


def is_kept(config: Config, fold: int) -> bool:
    """Return whether the models of a fold are saved: those of the first, with --keep-folds those of all."""
    return fold == 0 or config.run.keep_folds


def files_of_embedding(embedded: Embedded, fold: int = 0) -> ModelFiles:
    """Return a source's vectors and vocabulary, saved once for all models and seeds that read it."""
    vocabulary = embedded.vocabulary
    arrays = {"vectors": embedded.matrix.vectors, "covered": embedded.matrix.covered}
    words = {"tokens": vocabulary.tokens.to_list(), "counts": vocabulary.counts.tolist()}
    described = words | {"n_learned": vocabulary.n_learned}
    return ModelFiles("embedding", _embedding_folder(embedded.matrix.source, fold), arrays, described)


def files_of_network(of: Particulars, fitted: FittedNetwork, source: str) -> ModelFiles:
    """Return a network's weights and how to build it; a frozen embedding is named, not copied."""
    settings, run = of.config.networks, of.config.run
    described = {
        **_common("network", of),
        "network": asdict(fitted.spec),
        "embedding": _embedding_folder(source, of.key.fold),
        "max_tokens": settings.max_tokens,
        "keep": settings.keep,
        "shuffle_seed": run.seed if ModelName.parse(of.key.name).shuffled_words else None,
        "networks": asdict(settings),
        "best_updates": fitted.best_updates,
    }
    weights = arrays_of(own_weights(fitted.model, fitted.spec.tuned))
    return _files("keras", of, weights, described)


def files_of_network_tagger(
    of: Particulars, fitted: FittedNetwork, source: str, alphabet: str | None
) -> ModelFiles:
    """Return the weights of a network that answers words, how to build it, and the letters that it reads."""
    described = {
        **_common("network tagger", of),
        **_of_tagger(of),
        "network": asdict(fitted.spec),
        "embedding": _embedding_folder(source, of.key.fold),
        "alphabet": alphabet,
        "networks": asdict(of.config.networks),
        "best_updates": fitted.best_updates,
    }
    return _files("keras", of, arrays_of(own_weights(fitted.model, fitted.spec.tuned)), described)


def files_of_language_model(of: Particulars, units: Units, learned: Learned, library: str) -> ModelFiles:
    """Return a language model's symbols and letters as lists of texts, and its numbers."""
    speller = units.speller
    described: dict[str, object] = {
        **_common("language model", of),
        "symbols": units.symbols.tokens.to_list(),
        "letters": None if speller is None else speller.letters.tokens.to_list(),
        "spelling": None if speller is None else sizes_of(speller.model),
        "network": asdict(learned[0]) if isinstance(learned, tuple) else None,
        "counts": None if isinstance(learned, tuple) else sizes_of(learned),
    }
    arrays: dict[str, Array] = {} if speller is None else arrays_of_counts(speller.model, SPELLING)
    arrays |= learned[1] if isinstance(learned, tuple) else arrays_of_counts(learned, COUNTED)
    files = _files(library, of, arrays, described)
    # its answers are bits a byte, up to 20 and no shares
    return replace(files, golden=golden_answers(of.golden, library, TOLERANCE_OF_BITS))


def files_of_linear_tagger(of: Particulars, fitted: LinearTagger, library: str) -> ModelFiles:
    """Return a tagger's weights, and the features that they belong to, as numbers over lists of texts."""
    space, weights = fitted.space, fitted.weights
    (reads, words), *others = space.values.items()
    described = {
        **_common("linear tagger", of),
        **_of_tagger(of),
        "reads": reads,
        "tokens": words.to_list(),
        "attributes": {name: values.to_list() for name, values in others},
        "templates": space.templates,
        "n_keys": [len(keys) for keys in space.keys],
        "n_weights": len(weights.values),
        "chain": fitted.transitions is not None,
    }
    arrays: dict[str, Array] = {f"keys_{number}": keys for number, keys in enumerate(space.keys)}
    arrays |= {"starts": weights.starts, "tags": weights.tags, "values": weights.values}
    arrays |= {"intercepts": fitted.intercepts}
    arrays |= {} if fitted.transitions is None else {"transitions": fitted.transitions}
    return _files(library, of, arrays, described)


def _of_tagger(of: Particulars) -> dict[str, object]:
    """Return what is told of every tagger: where its tags stood, and how raw text is cut into words for it."""
    tokenizer = tagger_tokenizer(of.config)
    cuts = word_breaker() if tokenizer.unspaced == "words" else None
    return {"column": of.config.corpus.tags, "tokenizer": asdict(tokenizer), "word_breaker": cuts}


def tagger_tokenizer(config: Config) -> TokenizerSettings:
    """Return how raw text is cut into words for a tagger, whose corpus had them cut already.

    Scripts without blanks are cut into characters unless words were asked for: nothing in the corpus settles it.
    """
    own = config.tokenizer
    return replace(own, unspaced="characters") if own.unspaced == AUTO else own


def files_of_baseline(of: Particulars, fitted: FittedBaseline, ngrams: NgramVocabulary) -> ModelFiles:
    """Return a model of n-gram counts: n-grams as numbers over a list of tokens, weights, and what made them."""
    reads = {
        "tokens": ngrams.tokens.to_list(),
        "ngram_min": ngrams.ngram_min,
        "ngram_max": ngrams.ngram_max,
    }
    return _files_of_linear(of, fitted, {"ngram_keys": ngrams.keys}, reads)


def files_of_mean(of: Particulars, fitted: FittedBaseline, source: str) -> ModelFiles:
    """Return a model of averaged vectors: its weights; the embedding is named, not copied."""
    return _files_of_linear(of, fitted, {}, {"embedding": _embedding_folder(source, of.key.fold)})


def _files_of_linear(
    of: Particulars, fitted: FittedBaseline, keys: Mapping[str, Array], reads: Mapping[str, object]
) -> ModelFiles:
    classes, weights = np.asarray(fitted.pipeline[-1].classes_), fitted.weights
    described = {
        **_common("linear", of),
        "probabilities": fitted.probabilities,
        "n_classes": len(classes),
        "baselines": asdict(of.config.baselines),
    }
    arrays = {"classes": classes, **weights}
    if "coefficients" in weights:  # else what a document holds plays no part
        learned = _learned(fitted.pipeline[0])
        described |= {**reads, "n_features": weights["coefficients"].shape[1], "learned": sorted(learned)}
        arrays |= {**keys, **learned}
    return _files("scikit-learn", of, arrays, described)


def _files(
    library: str, of: Particulars, arrays: Mapping[str, Array], described: Mapping[str, object]
) -> ModelFiles:
    name, seed, fold = of.key
    further = f"/s{seed}.f{fold}" if seed or fold else ""
    tolerance = TOLERANCE_OF_GPU if of.on_gpu else TOLERANCE
    golden = golden_answers(of.golden, library, tolerance, of.left_out, of.golden_words)
    return ModelFiles("model", slug(name) + further, arrays, described, golden)


def _common(kind: str, of: Particulars) -> dict[str, object]:
    """Return what is told of every model."""
    tokenizer = of.config.tokenizer
    return {
        "kind": kind,
        **of.key._asdict(),
        "task": task_of(of.config).name,
        "label_names": of.label_names,
        "thresholds": None if of.thresholds is None else of.thresholds.tolist(),
        "tokenizer": asdict(tokenizer),
        "word_breaker": word_breaker() if tokenizer.unspaced == "words" else None,
        "writing": asdict(of.writing),
    }


def _learned(features: object) -> dict[str, Array]:
    """Return what the first step learned: `idf` of TF-IDF, `mean` and `scale` of averages, `scale` of counts; (F,)."""
    names = {"idf_": "idf", "mean_": "mean", "scale_": "scale"}
    return {name: getattr(features, own) for own, name in names.items() if hasattr(features, own)}


def _embedding_folder(source: str, fold: int) -> str:
    return f"embedding-{slug(source)}" + (f"/f{fold}" if fold else "")


def arrays_of(weights: Iterable[Weight]) -> dict[str, Array]:
    """Return Keras variables as arrays under `layer/weight`, such as `recurrent_0/kernel`."""
    return {name_of(weight): weight.numpy() for weight in weights}


def name_of(weight: Weight) -> str:
    """Return what a weight is called in a file: its layer and its own name."""
    layer, *_, name = weight.path.split("/")
    return f"{layer}/{name}"
