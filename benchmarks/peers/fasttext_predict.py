"""fastText's side of `predict_speed`: `python fasttext_predict.py TRAIN.json TEST.txt THREADS`, a JSON line of figures.

Trains with bigrams as `fasttext_bigrams.py` does, saves the model, and times fastText's own `predict` on a file of a
document a line, prepared beforehand: loading the model, and answering every line with its best label.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import fasttext
from fasttext_bigrams import DIMENSION, EPOCHS, LEARNING_RATE, WORD_NGRAMS, write_lines


def main() -> None:
    """Train on one file, answer another three times, print the seconds."""
    train = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        lines, saved = Path(folder) / "train.txt", Path(folder) / "model.bin"
        write_lines(lines, train)
        fasttext.train_supervised(
            str(lines),
            epoch=EPOCHS,
            wordNgrams=WORD_NGRAMS,
            dim=DIMENSION,
            lr=LEARNING_RATE,
            thread=int(sys.argv[3]),
            verbose=0,
        ).save_model(str(saved))
        start = time.perf_counter()
        model = fasttext.load_model(str(saved))
        load = time.perf_counter() - start
        rounds = []
        for _ in range(3):
            start = time.perf_counter()
            with Path(sys.argv[2]).open(encoding="utf-8") as file:
                labels, _ = model.predict([line.rstrip("\n") for line in file])
            rounds.append(time.perf_counter() - start)
    print(json.dumps({"load_seconds": load, "seconds": min(rounds), "documents": len(labels)}))


if __name__ == "__main__":
    main()
