"""fastText's side of `fasttext`: `python fasttext_bigrams.py TRAIN.json TEST.json THREADS`, one JSON line of figures.

Needs fastText alone, so that another Python than the product's may run it. A file is a list of [label, text]. The
clock starts with the texts in memory and stops at the test accuracy; in between they are prepared as fastText's own
tutorial does it (lower case, punctuation apart from words, one line a document, a label in front), with Python's
fastest means for that.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import fasttext

EPOCHS, WORD_NGRAMS, DIMENSION = 5, 2, 10  # Joulin et al. (2017), arXiv:1607.01759, section 3.1
LEARNING_RATE = 0.5  # of the four tried there; the best on a tenth of IMDB's training documents, held out
_APART = str.maketrans({sign: f" {sign} " for sign in ".!?,;:'\"()/"} | {"\n": " "})


def write_lines(path: Path, documents: list[list[str]]) -> None:
    """Write documents as fastText reads them."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(
            f"__label__{label} {text.lower().replace('<br />', ' ').translate(_APART)}\n"
            for label, text in documents
        )


def main() -> None:
    """Train on one file, test on the other, print accuracy and seconds."""
    train, test = (json.loads(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:
        lines = {name: Path(folder) / f"{name}.txt" for name in ("train", "test")}
        start = time.perf_counter()
        write_lines(lines["train"], train)
        write_lines(lines["test"], test)
        prepared = time.perf_counter() - start
        model = fasttext.train_supervised(
            str(lines["train"]),
            epoch=EPOCHS,
            wordNgrams=WORD_NGRAMS,
            dim=DIMENSION,
            lr=LEARNING_RATE,
            thread=int(sys.argv[3]),
            verbose=0,
        )
        n_docs, accuracy, _ = model.test(str(lines["test"]))
        seconds = time.perf_counter() - start
    figures = {"seconds": seconds, "prepare_seconds": prepared, "accuracy": accuracy, "documents": n_docs}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
