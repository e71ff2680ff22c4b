"""One line that says what a score was computed from, in the manner of sacreBLEU [1]_.

References
----------
.. [1] Post (2018), A Call for Clarity in Reporting BLEU Scores, arXiv:1804.08771.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import quote, unquote

from pipeline.core.names import ModelName
from pipeline.run_folder.metrics.corpus import CorpusRead, Embedding, Environment
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.settings.tables import Config

SIGNED = ("accuracy", "macro_f1", "log_loss", "ece")  # the scores of a row that its signature stands for
SHORT = 8  # hexadecimal digits of a sha256
_KEPT = "".join(chr(code) for code in range(33, 127) if chr(code) not in "%|")  # everything else is %XX
# Those of [run] that a fit depends on.
_RUN_KEYS = ("seed", "refit", "tune", "tune_fixed", "class_weights", "deterministic")
_LEARNED_FROM = ("word2vec", "fasttext", "embeddings", "vocabulary", "tokenizer")  # tables of the settings
_AVERAGE = "mean"  # the linear model that reads vectors


@dataclass(frozen=True, eq=False)
class Signer:
    """Writes the signatures of one run.

    Attributes
    ----------
    corpus, environment : tables of metrics.json
    embeddings : its rows, which say what each source was made from
    """

    corpus: CorpusRead
    embeddings: Sequence[Embedding]
    environment: Environment
    config: Config

    def sign(self, entries: Sequence[SavedPredictions], source: str | None) -> str:
        """Return the signature of the scores of these fits of one model, which reads vectors of `source`."""
        name = entries[0].name
        fields = self._tested_on(entries) | {
            "vectors": f"{source}#{self._vectors(source)}" if source else "none",
            "settings": _short(self._settings(name, source)),
            "seeds": _listed(entry.seed for entry in entries),
            "folds": _listed(entry.fold for entry in entries),
        }
        return write_signature(SIGNED, fields | self._versions())

    def sign_outside(self, entries: Sequence[SavedPredictions]) -> str:
        """Return the signature of predictions made elsewhere, of which nothing but the answers is known."""
        digest = hashlib.sha256()
        for entry in entries:
            digest.update(entry.predictions.documents.astype("<i8").tobytes())
            digest.update(entry.predictions.probabilities.astype("<f4").tobytes())
        fields = self._tested_on(entries) | {
            "answers": digest.hexdigest()[:SHORT],
            "folds": _listed(entry.fold for entry in entries),
        }
        return write_signature(SIGNED, fields | self._versions())

    def _tested_on(self, entries: Sequence[SavedPredictions]) -> dict[str, str]:
        return {
            "corpus": f"{self.corpus.name}#{self.corpus.hash[:SHORT]}",
            "split": self.corpus.split_hash[:SHORT],
            "model": entries[0].name,
        }

    def _settings(self, name: str, source: str | None) -> dict[str, object]:
        """Return the settings that a fit depends on; corpus, split and the making of vectors have their own fields."""
        settings = asdict(self.config)
        linear = source is None or ModelName.parse(name).model == _AVERAGE
        tables = (
            "tokenizer",
            *(("vocabulary", "embeddings") if source else ()),
            "baselines" if linear else "networks",
        )
        read = (*_RUN_KEYS, *(("training_seed",) if source else ()))
        run = {key: settings["run"][key] for key in read}
        return {table: settings[table] for table in tables} | {"run": run}

    def _vectors(self, source: str) -> str:
        """Return what names a source's vectors: the file's own sha256, or a hash of all they were made from."""
        row = next((row for row in self.embeddings if row.source == source), None)
        files = [file["sha256"] for file in row.files] if row else []
        if len(files) == 1 and "+" not in source:
            return files[0][:SHORT]
        settings = asdict(self.config)
        return _short(
            {
                "source": source,
                "files": files,
                "settings": {table: settings[table] for table in _LEARNED_FROM},
                "seed": [self.config.run.seed, self.config.run.training_seed],
                "train": [self.corpus.hash, self.corpus.split_hash],
                "unlabelled": self.corpus.unlabelled_hash,
            }
        )

    def _versions(self) -> dict[str, str]:
        packages = ("numpy", "scikit-learn", "tensorflow", "gensim")
        known = {name: self.environment.packages.get(name) or "none" for name in packages}
        return {"embedseq": self.environment.embedseq, "python": self.environment.python, **known}


def write_signature(scores: Iterable[str], fields: Mapping[str, str]) -> str:
    """Return a signature: the scores it stands for, then `key:value`, joined by `|`.

    Blanks, `%`, `|` and what is not ASCII stand as `%` and two hexadecimal digits a byte.

    >>> write_signature(["accuracy"], {"corpus": "my films#0a1b2c3d", "model": "lstm:max@word2vec"})
    'accuracy|corpus:my%20films#0a1b2c3d|model:lstm:max@word2vec'
    """
    values = [f"{key}:{quote(value, safe=_KEPT)}" for key, value in fields.items()]
    return "|".join([",".join(scores), *values])


def read_signature(signature: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the scores that a signature stands for, and its fields.

    >>> read_signature("accuracy|corpus:my%20films#0a1b2c3d|model:lstm:max@word2vec")
    (('accuracy',), {'corpus': 'my films#0a1b2c3d', 'model': 'lstm:max@word2vec'})
    """
    scores, *fields = signature.split("|")
    pairs = [field.partition(":") for field in fields]
    return tuple(scores.split(",")), {key: unquote(value) for key, _, value in pairs}


def _short(value: object) -> str:
    """Return the first digits of a sha256 of `value` as JSON with sorted keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:SHORT]


def _listed(numbers: Iterable[int]) -> str:
    return ",".join(map(str, sorted(set(numbers))))
