"""A saved model as one file for programs that run ONNX: the graph, its vectors, and how texts are read."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.files import write_whole
from pipeline.core.values import Float32
from pipeline.export.onnx_graph import onnx_model
from pipeline.export.reader import Reader
from pipeline.export.tokenizer_json import tokenizer_json
from pipeline.models.saved import SavedModel, SavedNetwork
from pipeline.models.saved.linear import AverageFeatures, SavedLinear

TOKENIZER = "tokenizer"  # its key in the file's metadata
MOST_BYTES = 2**31 - 2**28  # of arrays: a file of Protocol Buffers holds 2 GiB, the tokenizer among them
_BATCH = 16


def write_onnx(model: SavedModel, out: Path) -> None:
    """Write a model as a file of ONNX, with its tokenizer as JSON in the metadata.

    Raises
    ------
    PipelineError
        If the model cannot be exported, is too large, or a package is missing.
    """
    _check_packages()
    _check_size(model)
    write_whole(out, onnx_model(model, {TOKENIZER: tokenizer_json(model)}).SerializeToString())


class OnnxFile:
    """What `write_onnx` wrote, answering in ONNX Runtime: nothing but the file is asked."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._reader = Reader(self._session.get_modelmeta().custom_metadata_map[TOKENIZER])

    def answer(self, texts: pl.Series) -> Float32:
        """Return each text's distribution over the classes; float32 (N, C). A few are padded together."""
        batches = [texts[start : start + _BATCH].to_list() for start in range(0, len(texts), _BATCH)]
        run = self._session.run
        return np.concatenate([run(["probabilities"], self._reader.inputs(batch))[0] for batch in batches])


def _check_size(model: SavedModel) -> None:
    """Raise PipelineError if the model's arrays do not fit into one file."""
    size = 0
    if isinstance(model, SavedNetwork):
        size = model.table.nbytes + sum(array.nbytes for array in model.weights.values())
    elif isinstance(model, SavedLinear):
        vectors = model.features.vectors.nbytes if isinstance(model.features, AverageFeatures) else 0
        size = vectors + model.coefficients.size * 4  # as float32
    if size > MOST_BYTES:
        what = f"{model.name} is {size / 1e9:,.1f} GB, and a file of ONNX holds {MOST_BYTES / 1e9:.1f} GB at most"
        raise PipelineError(
            "export-too-large", "--to onnx", what, "keep fewer words with --words N, or write --to bundle"
        )


def _check_packages() -> None:
    for package in ("onnx", "onnxruntime"):
        if find_spec(package) is None:
            what = f"the package {package} is not installed"
            raise PipelineError("package-missing", "--to onnx", what, "run `pip install 'embedseq[export]'`")
