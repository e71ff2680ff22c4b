"""A side of `predict_speed`, a process of its own: `python -m benchmarks.predict_sides ours|keras RUN MODEL TEXTS`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.sides import Figures


def ours(run: Path, name: str, texts: Path) -> Figures:
    """Answer with the model that the run saved."""
    import pipeline

    start = time.perf_counter()
    model = pipeline.load_model(run, name)
    load = time.perf_counter() - start
    start = time.perf_counter()
    answers = model.predict_proba(texts.read_text(encoding="utf-8").splitlines())
    return {"load_seconds": load, "seconds": time.perf_counter() - start, "documents": len(answers)}


def keras(run: Path, name: str, texts: Path) -> Figures:
    """Answer with a network of Keras of the same sizes, its weights drawn at random."""
    import keras as k
    import tensorflow as tf

    about = json.loads((run / "models" / name / "model.json").read_text(encoding="utf-8"))
    sizes, longest = about["network"], int(about["max_tokens"])
    k.utils.set_random_seed(0)
    lines = texts.read_text(encoding="utf-8").splitlines()
    reader = k.layers.TextVectorization(max_tokens=sizes["embedding_rows"], output_sequence_length=longest)
    reader.adapt(lines[:5_000])
    network = k.Sequential(
        [
            k.Input((longest,), dtype="int64"),
            k.layers.Embedding(sizes["embedding_rows"], sizes["embedding_dim"], mask_zero=True),
            k.layers.LSTM(sizes["units"]),
            k.layers.Dense(sizes["n_classes"], activation="softmax"),
        ]
    )
    start = time.perf_counter()
    batches = tf.data.Dataset.from_tensor_slices(lines).batch(32).map(reader, tf.data.AUTOTUNE)
    answers = network.predict(batches.prefetch(tf.data.AUTOTUNE), verbose=0)
    return {"seconds": time.perf_counter() - start, "documents": len(answers)}


def main() -> None:
    """Print the figures of one side as a line of JSON."""
    side, run, name, texts = sys.argv[1:]
    print(json.dumps({"ours": ours, "keras": keras}[side](Path(run), name, Path(texts))))


if __name__ == "__main__":
    main()
