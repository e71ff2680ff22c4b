"""Texts to the inputs of model.onnx, by tokenizer.json: needs NumPy and nothing of embedseq."""

import json
import re
import unicodedata
from collections import Counter

import numpy as np


class Reader:
    def __init__(self, text: str) -> None:
        self.told = json.loads(text)
        self.number = {one: n for n, one in enumerate(self.told["vocabulary"]) if one is not None}

    def tokens(self, text: str) -> list[str]:
        for step in self.told["steps"]:
            if "replace" in step:
                text = re.sub(step["replace"], step["by"], text)
            else:
                text = unicodedata.normalize(step["normalize"], text) if "normalize" in step else text.lower()
        return re.findall(self.told["token"], text)

    def rows(self, text: str) -> list[tuple[int, int]]:
        rows = [self.number.get(token, self.told["unknown"]) for token in self.tokens(text)]
        most = self.told["max_tokens"] or len(rows)
        first = {"first": most, "last": 0, "first+last": most - most // 2, None: most}[self.told["keep"]]
        kept = rows if len(rows) <= most else rows[:first] + rows[len(rows) - (most - first) :]
        return [(row, 1) for row in kept or [self.told["unknown"]]]

    def ngrams(self, text: str) -> list[tuple[int, int]]:
        tokens, sizes = self.tokens(text), range(self.told["shortest"], self.told["longest"] + 1)
        found = (" ".join(tokens[at : at + n]) for n in sizes for at in range(len(tokens) - n + 1))
        return sorted(Counter(self.number[one] for one in found if one in self.number).items()) or [(0, 0)]

    def inputs(self, texts: list[str]) -> dict[str, np.ndarray]:
        read = [self.rows(text) if self.told["reads"] == "rows" else self.ngrams(text) for text in texts]
        longest = max(map(len, read), default=1)
        padded = np.array([one + [(0, 0)] * (longest - len(one)) for one in read]).reshape(-1, longest, 2)
        if self.told["reads"] == "rows":
            return {"rows": padded[:, :, 0], "lengths": padded[:, :, 1].sum(axis=1)}
        return {"ids": padded[:, :, 0], "counts": padded[:, :, 1].astype(np.float32)}
