"""A saved model as three files for programs that run ONNX: the graph with its vectors, and how texts are read."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.core.files import write_whole
from pipeline.core.values import Float32
from pipeline.export import reader
from pipeline.export.golden import check_answers, expected_answers, golden_texts
from pipeline.export.onnx_graph import onnx_model
from pipeline.export.tokenizer_json import tokenizer_json
from pipeline.models.saved import SavedModel, SavedNetwork
from pipeline.models.saved.linear import SavedLinear

GRAPH, TOKENIZER, READER = "model.onnx", "tokenizer.json", "reader.py"
MOST_BYTES = 2**31 - 2**24  # of arrays: a file of Protocol Buffers holds 2 GiB


def export_onnx(model: SavedModel, out: Path) -> str:
    """Write a graph, its tokenizer and what reads it into a new folder; return what was written and checked, in words.

    Raises
    ------
    PipelineError
        If the model cannot be exported, a package is missing, or ONNX Runtime answers the golden texts otherwise. Then
        nothing is written.
    """
    _check_packages()
    if out.exists():
        raise PipelineError("--out", f"{out} is there already", "name a new folder, or remove this one first")
    check_size(model)
    tokenizer = tokenizer_json(model)
    told = {"tokenizer_sha256": hashlib.sha256(tokenizer.encode()).hexdigest()}
    graph = onnx_model(model, told).SerializeToString()
    texts = golden_texts(model)
    answers = replay(graph, tokenizer, texts)
    largest = check_answers(
        "ONNX Runtime", texts * 2, np.tile(expected_answers(model, texts), (2, 1)), answers
    )
    write_whole(out / TOKENIZER, tokenizer.encode())
    write_whole(out / READER, Path(reader.__file__).read_bytes())
    write_whole(out / GRAPH, graph)
    size = (len(graph) + len(tokenizer)) / 1e6
    return (
        f"{model.name} in {out}: {GRAPH}, {TOKENIZER} and {READER}, {size:,.1f} MB.\n"
        f"ONNX Runtime gave the model's answers to {len(texts)} golden texts, at most {largest:.0e} apart."
    )


def replay(graph: bytes, tokenizer: str, texts: list[str]) -> Float32:
    """Return ONNX Runtime's answers to texts, each alone and all at once: float32 (2 N, C)."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    read = reader.Reader(tokenizer)
    batches = [*([text] for text in texts), texts]
    return np.concatenate([session.run(["probabilities"], read.inputs(batch))[0] for batch in batches])


def check_size(model: SavedModel) -> None:
    """Raise PipelineError if the model's arrays do not fit into one file."""
    size = 0
    if isinstance(model, SavedNetwork):
        size = model.table.nbytes + sum(array.nbytes for array in model.weights.values())
    elif isinstance(model, SavedLinear):
        size = model.coefficients.size * 4  # as float32
    if size > MOST_BYTES:
        what = f"{model.name} is {size / 1e9:,.1f} GB, and a file of ONNX holds {MOST_BYTES / 1e9:.1f} GB at most"
        raise PipelineError("--to onnx", what, "train it with fewer words, or export --to bundle")


def _check_packages() -> None:
    for package in ("onnx", "onnxruntime"):
        if find_spec(package) is None:
            what = f"the package {package} is not installed"
            raise PipelineError("--to onnx", what, "run `pip install 'embedseq[export]'`")
