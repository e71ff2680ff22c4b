"""Linear models: coefficients times what a document holds, n-grams or averaged vectors, whole or word by word."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.names import ModelName
from pipeline.core.resources import one_blas_thread
from pipeline.core.values import Bool, Float32, Float64, Int64, TokenizedCorpus, Vocabulary
from pipeline.models.baselines.features import Learned, Weigh, Weights, average, presence
from pipeline.models.baselines.table import BASELINES
from pipeline.models.equations.output import sigmoid, softmax
from pipeline.models.equations.product import product
from pipeline.models.saved.model import Common, Contributions, Places, SavedModel, alone, contrast
from pipeline.run_folder.models import Array, SavedFiles
from pipeline.settings.tables import BaselineSettings
from pipeline.tasks.answers import Answers
from pipeline.tasks.task import DocumentTask
from pipeline.text.ngrams import NgramCounts, NgramVocabulary, count_entries, find_occurrences
from pipeline.text.ragged import split
from pipeline.text.vocabulary import encode_known


@dataclass(frozen=True, eq=False)
class SavedLinear(SavedModel):
    """A linear model: K classes that had training documents, P problems (1 for two classes, else K)."""

    features: Features
    coefficients: Weights  # (P, F)
    intercepts: Weights  # (P,)
    classes: Int64  # (K,), places in `label_names`: of each problem, or of the two sides of one
    one_versus_rest: bool = False  # logistic functions divided by their sum, else softmax
    each: bool = False  # a logistic function for each label by itself

    @property
    def method(self) -> str | None:
        """Its words add up to its answer; None where the answer is the same for every document."""
        return "weights" if self.coefficients.size else None

    @property
    def words(self) -> pl.Series:
        """The tokens of its n-grams, or those with a vector."""
        return self.features.words

    def answer_tokens(self, tokenized: TokenizedCorpus) -> Float32:
        """Return each document's distribution over the classes; float32 (N, C), 0 for classes never trained."""
        sums = self.features.sums(tokenized, self.coefficients)  # (N, P)
        answers = np.zeros((len(sums), len(self.label_names)), dtype=np.float32)
        answers[:, self.classes] = self._probabilities(sums + self.intercepts)
        return answers

    def contributions(
        self, tokenized: TokenizedCorpus, places: Places = None, most_work: float = math.inf
    ) -> list[Contributions]:
        """Return what each token adds to the answer to its document, all of them: exact."""
        sums = self.features.by_word(tokenized, self.coefficients.astype(np.float64))
        return [self._taken_apart(by_word) for by_word in sums]

    def _taken_apart(self, by_word: Float64) -> Contributions:
        """Return the contributions of T words, given what each adds to each problem's logit, (P, T)."""
        intercepts = self.intercepts.astype(np.float64)
        shares = self._probabilities((by_word.sum(axis=1) + intercepts)[None])[0]  # (K,)
        place = int(shares.argmax())
        # (P,): one problem is of the second class; of labels the likeliest is taken apart, which stands alone
        weights = (
            alone(place, len(intercepts))
            if self.each
            else contrast(place, len(self.classes))[-len(intercepts) :]
        )
        base, words = float(weights @ intercepts), weights @ by_word
        score = base + float(words.sum())
        return Contributions(int(self.classes[place]), float(shares[place]), score, base, words)

    def _probabilities(self, logits: Weights) -> Weights:
        """Return distributions over the K classes, or shares of 1 each, from logits (N, P); (N, K)."""
        if self.each:
            return sigmoid(logits)
        if len(self.classes) == 2 and logits.shape[1] == 1:
            logits = logits * np.array([-0.5, 0.5], dtype=logits.dtype)  # (N, 2)
        return softmax(-np.logaddexp(0, -logits) if self.one_versus_rest else logits)


@dataclass(frozen=True, eq=False)
class NgramFeatures:
    """Weighed counts of n-grams."""

    ngrams: NgramVocabulary
    weigh: Weigh
    learned: Learned
    settings: BaselineSettings

    @property
    def words(self) -> pl.Series:
        """The tokens of its n-grams."""
        return self.ngrams.tokens

    def sums(self, tokenized: TokenizedCorpus, coefficients: Weights) -> Weights:
        """Return each document's values times coefficients (P, F), added up n-gram after n-gram; (N, P)."""
        counts = count_entries(tokenized, self.ngrams)
        values = self.weigh(counts, self.learned, self.settings)  # (E,)
        sums = np.zeros((len(coefficients), counts.n_docs), np.result_type(values, coefficients))
        for of_problem, own in zip(sums, coefficients, strict=True):
            np.add.at(of_problem, counts.documents, values * own[counts.columns])
        return np.ascontiguousarray(sums.T)  # else how softmax adds up depends on the number of documents

    def by_word(self, tokenized: TokenizedCorpus, coefficients: Float64) -> Iterator[Float64]:
        """Yield each document's sums word by word.

        Notes
        -----
        With x_f the value of n-gram f in the document, c_f how often it stands there, n_f its tokens and w_f its
        coefficient, each of its tokens at each of its places gets w_f x_f / (c_f n_f): all together w_f x_f.
        """
        for found in find_occurrences(tokenized, self.ngrams):
            columns, which, counts = np.unique(found.columns, return_inverse=True, return_counts=True)  # (U,)
            document = NgramCounts(columns, np.zeros_like(columns), counts.astype(np.float64), 1)
            values = self.weigh(document, self.learned, self.settings)  # (U,)
            shares = (coefficients[:, columns] * values / counts).T  # (U, P), of one occurrence
            words = np.zeros((found.n_tokens, len(coefficients)))
            for offset in range(int(found.sizes.max(initial=0))):
                covers = found.sizes > offset
                np.add.at(
                    words,
                    found.starts[covers] + offset,
                    shares[which[covers]] / found.sizes[covers, None],
                )
            yield words.T


@dataclass(frozen=True, eq=False)
class AverageFeatures:
    """Averages of word vectors, each dimension brought to mean 0 and deviation 1 over training documents."""

    vocabulary: Vocabulary
    vectors: Float32  # (V, D)
    covered: Bool  # (V,), whether a row has a vector
    learned: Learned

    @property
    def words(self) -> pl.Series:
        """The tokens with a vector."""
        return self.vocabulary.tokens.filter(pl.Series(self.covered))

    def of(self, tokenized: TokenizedCorpus) -> Weights:
        """Return the averages of documents, float32 (N, D)."""
        averages = average(encode_known(tokenized, self.vocabulary, self.covered), self.vectors)
        averages -= self.learned["mean"]
        averages /= self.learned["scale"]
        return averages

    def sums(self, tokenized: TokenizedCorpus, coefficients: Weights) -> Weights:
        """Return the averages times coefficients (P, D), no document depending on another; (N, P)."""
        with one_blas_thread():
            return product(self.of(tokenized), coefficients.T)

    def by_word(self, tokenized: TokenizedCorpus, coefficients: Float64) -> Iterator[Float64]:
        """Yield each document's sums word by word: of T words, (vector - mean) / scale / T each."""
        for rows in split(encode_known(tokenized, self.vocabulary, self.covered)):
            vectors = self.vectors[rows].astype(np.float64)  # (T, D)
            scaled = (vectors - self.learned["mean"]) / self.learned["scale"]
            yield coefficients @ scaled.T / len(rows)  # (P, T)


Features = NgramFeatures | AverageFeatures


# --- from files


NO_NGRAMS = NgramVocabulary(pl.Series([], dtype=pl.String), np.zeros(0, dtype=np.int64), 1, 1)
# By what `probabilities` says.
ONE_VERSUS_REST = {
    "softmax": False,
    "one-versus-rest": True,
    "each": False,
    "prior": False,
}


def read_linear(files: SavedFiles, own: Common[DocumentTask[Answers]]) -> SavedLinear:
    """Return the linear model of a fit's files; `own` is what it has in common with every kind of model.

    Raises
    ------
    PipelineError
        If a file is missing or damaged.
    KeyError, TypeError, ValueError
        If `model.json` is not what that of a linear model holds.
    """
    described = files.described
    each = own.task.output(len(own.label_names)).shares == "sigmoid"
    one_versus_rest, n_fitted = ONE_VERSUS_REST[described["probabilities"]], int(described["n_classes"])
    if described["probabilities"] == "prior":
        arrays = files.weights({"classes": (n_fitted,), "class_prior": (n_fitted,)})
        prior = arrays["class_prior"]
        coefficients, intercepts = (
            np.zeros((n_fitted, 0)),
            np.log(prior) - (np.log1p(-prior) if each else 0.0),
        )
        features: Features = NgramFeatures(NO_NGRAMS, presence, {}, BaselineSettings())
    else:
        features, arrays = _features(files, n_fitted)
        coefficients, intercepts = arrays["coefficients"], arrays["intercepts"]
    classes = arrays["classes"].astype(np.int64)
    if not set(classes.tolist()) <= set(range(len(own.label_names))):
        raise ValueError(f"classes are {classes.tolist()} of {len(own.label_names)} labels")
    return SavedLinear(*own, features, coefficients, intercepts, classes, one_versus_rest, each)


def _features(files: SavedFiles, n_fitted: int) -> tuple[Features, dict[str, Array]]:
    """Return what a model reads, and its arrays."""
    described = files.described
    entry = BASELINES[ModelName.parse(str(described["name"])).model]
    n_features = int(described["n_features"])
    problems = 1 if n_fitted == 2 and described["probabilities"] != "each" else n_fitted
    shapes: dict[str, tuple[int, ...]] = {
        "classes": (n_fitted,),
        "coefficients": (problems, n_features),
        "intercepts": (problems,),
        **dict.fromkeys(described["learned"], (n_features,)),
    }
    if entry.ngrams is None:
        embedding, arrays = files.embedding(n_features), files.weights(shapes)
        return AverageFeatures(*embedding, arrays), arrays
    arrays = files.weights(shapes | {"ngram_keys": (n_features,)})
    tokens = pl.Series(described["tokens"], dtype=pl.String)
    shortest, longest = int(described["ngram_min"]), int(described["ngram_max"])
    ngrams = NgramVocabulary(tokens, arrays["ngram_keys"], shortest, longest)
    return NgramFeatures(ngrams, entry.weigh, arrays, BaselineSettings(**described["baselines"])), arrays
