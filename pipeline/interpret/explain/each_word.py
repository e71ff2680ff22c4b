"""The worked example of a network small enough for a pencil that answers each word: many to many, aligned.

What differs from one answer at the end: every state is read, the loss is the sum of the words' losses, and on the way
back a gradient enters at every step, beside the one that comes from the step behind.
"""

from __future__ import annotations

import numpy as np

from pipeline.interpret.explain.answers import Quantities
from pipeline.interpret.explain.cell_page import Equation, at
from pipeline.interpret.explain.pencil import BACK, FORWARD, Pencil
from pipeline.interpret.explain.small import CLASSES, by_class
from pipeline.interpret.explain.written import minus_log, numbers, values


def right_tags(n_words: int) -> tuple[int, ...]:
    """Return the tags that are taken to be right: A and B in turn.

    >>> right_tags(3)
    (0, 1, 0)
    """
    return tuple(place % len(CLASSES) for place in range(n_words))


class EachWord(Pencil):
    """The network with a tag for each word, worked out in a notebook."""

    output_equations = ("y_t = h_t V + v", "p_t = softmax(y_t)", "L_t = -ln p_t[right tag]", "L = sum of L_t")

    def asked(self) -> str:
        """Return what is taken to be right, as a sentence."""
        tags = ", ".join(
            f"{CLASSES[tag]} for “{word}”" for word, tag in zip(self.tokens, self._tags, strict=True)
        )
        return f"The right tags are taken to be {tags}; the loss L is the sum of the words' losses."

    @property
    def _tags(self) -> tuple[int, ...]:
        return right_tags(len(self.tokens))

    def quantities(self) -> Quantities:
        """Return what is compared with TensorFlow's, by name."""
        found = {name: values(self._every(name)) for name in ("y", "p", "L", "dL/dy")}
        own = self.of_steps() | {f"{name}_t": array for name, array in found.items()}
        return own | {name: values(self.book.known[name]) for name in ("L", "dL/dV", "dL/dv")}

    def note_answer(self) -> None:
        """Note the tags of every word, and their losses."""
        book, known = self.book, self.book.known
        known["V"], known["v"] = map(numbers, self.network.output)
        for t, (word, tag) in enumerate(zip(self.tokens, self._tags, strict=True), start=1):
            book.section(f'Forward, the tag of step {t}: "{word}"', FORWARD)
            book.work("The output layer reads this state, as every other", f"y_{t} = h_{t} V + v", by_class)
            e = book.work("softmax: e to the power of each logit ..", f"e_{t} = exp(y_{t})", by_class)
            shares = ".. and each one's share of their sum: the probabilities of the tags"
            p = book.step(shares, f"p_{t} = e_{t} / (sum of e_{t})", e / e.sum(), place=by_class)
            known[f"p_{t}"] = p
            symbols = f"L_{t} = -ln p_{t}[{CLASSES[tag]}]"
            known[f"L_{t}"] = book.step("This word's loss", symbols, minus_log(p[tag : tag + 1]).reshape(()))
        terms = " + ".join(f"L_{t}" for t in range(1, len(self.tokens) + 1))
        total = sum(values(self._every("L")).tolist())
        known["L"] = book.step("The loss of the sentence", f"L = {terms}", numbers(np.array(total)))

    def note_output_gradients(self) -> None:
        """Note what each word's loss asks of its logits, and the gradients of the output layer."""
        book, known = self.book, self.book.known
        book.section("Back: the output layer, word by word", BACK)
        for t, tag in enumerate(self._tags, start=1):
            known[f"q_{t}"] = numbers(np.eye(len(CLASSES))[tag])
            words = f"Step {t}: what is too much, tag by tag; q_{t} is 1 for the right tag, else 0"
            book.work(words, f"dL/dy_{t} = p_{t} - q_{t}", by_class)
        every = self._every("dL/dy")  # (T, C)
        again = "Every step reads V anew, so its gradient is a sum over the steps"
        known["dL/dV"] = book.step(again, "dL/dV = sum over t of h_tᵀ dL/dy_t", self._every("h").T @ every)
        summed = every.sum(axis=0)
        known["dL/dv"] = book.step("And that of v", "dL/dv = sum over t of dL/dy_t", summed, place=by_class)

    def to_state(self, t: int) -> None:
        """Note what reaches the state of step t: from its own word's loss, and from the step behind."""
        if t == len(self.tokens):
            self.book.work("The last state is read by its own word alone", at("dL/dh_t = dL/dy_t Vᵀ", t))
            return
        behind = self.page.to_state.symbols.partition(" = ")[2]
        words = "Two things enter here: this word's own loss, and what step (t+1) hands back"
        Equation(words, f"dL/dh_t = dL/dy_t Vᵀ + {behind}").note(self.book, t)

    def note_first_state(self) -> None:
        """Note that what reaches the first state is a sum: each word's own gradient by the Jacobians in between."""
        units = self.network.weights.units
        total, between = np.zeros(units), np.eye(len(values(self.jacobians[0])))
        kernel = self.network.output[0]
        for t in range(1, len(self.tokens) + 1):
            if t > 1:
                between = values(self.jacobians[t - 1]) @ between  # ds_t / ds_1
            total = total + values(self.book.known[f"dL/dy_{t}"]) @ kernel.T @ between[:units, :units]
        self.book.step(
            "What reaches the first state is a sum over the words: each one's own gradient, times the product of the"
            " Jacobians between. Backpropagation again, and words far behind count less where the product is small",
            "dL/dh_1 = sum over t of (dL/dy_t Vᵀ) (J_t .. J_2)",
            numbers(total),
        )
