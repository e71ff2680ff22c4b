"""The worked example of a network small enough for a pencil."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.core.clean import clip
from pipeline.interpret.explain.answers import Quantities
from pipeline.interpret.explain.cell_page import CellPage, at
from pipeline.interpret.explain.cells import CELL_PAGES
from pipeline.interpret.explain.notebook import Notebook, norm
from pipeline.interpret.explain.orders import note_orders
from pipeline.interpret.explain.small import (
    CLASSES,
    LABEL,
    RULE_IN_WORDS,
    SmallNetwork,
    by_class,
    read,
)
from pipeline.interpret.explain.written import Numbers, minus_log, numbers, shown, values
from pipeline.models.equations import CELLS

COLUMNS = (
    "Books write vectors as columns, h_t = tanh(W_x x_t + W_h h_(t-1) + b) and y = W_y h_T. It is the same network "
    "with each matrix turned over: W = W_xᵀ, U = W_hᵀ, V = W_yᵀ."
)
NORM = (
    "The norm of a matrix is its largest singular value: the most by which it can stretch a vector. Of a 2 x 2 "
    "matrix with q the sum of its squared entries and d its determinant, it is the root of "
    "(q + root of (q² - 4d²)) / 2."
)
NETWORK, FORWARD, BACK, REACH, ORDER = (
    "The network",
    "Forward",
    "Back through time",
    "How far back",
    "The order",
)


class Pencil:
    """The network, the words, and what is computed of them, step by step, in a notebook: one answer, at the end."""

    output_equations: tuple[str, ...] = ("y = h_T V + v", "p = softmax(y)", f"L = -ln p[{CLASSES[LABEL]}]")

    def __init__(self, network: SmallNetwork, tokens: Sequence[str]) -> None:
        self.network, self.tokens = network, tokens
        self.page: CellPage = CELL_PAGES[network.cell]
        self.letters = CELLS[network.cell].letters
        self.book = Notebook()
        self.gradients: dict[str, list[Numbers]] = {}  # of the weights, block by block
        self.products: list[Numbers] = []  # P_0 .. P_(T-1)
        self.jacobians: list[Numbers] = []  # J_1 .. J_T

    def work(self) -> None:
        """Note all of it."""
        self._note_network()
        read(self.network, self.tokens, self.book, FORWARD)
        self.note_answer()
        self.note_output_gradients()
        self._go_back()
        self._note_weight_gradients()
        self._note_jacobians()
        self._note_products()
        self._note_causes()
        note_orders(self.book, self.network, self.tokens, ORDER)

    def quantities(self) -> Quantities:
        """Return what is compared with TensorFlow's, by name."""
        of_output = ("y", "p", "L", "dL/dy", "dL/dV", "dL/dv")
        return self.of_steps() | {name: values(self.book.known[name]) for name in of_output}

    def of_steps(self) -> Quantities:
        """Return what the steps and the weights have, whatever is answered."""
        of_steps = [*self.letters, *(f"dL/d{name}" for name in (*self.letters, "x"))]
        found: Quantities = {f"{name}_t": values(self._every(name)) for name in of_steps}
        found |= {name: values(np.concatenate(blocks, axis=-1)) for name, blocks in self.gradients.items()}
        if "dL/dd" in found:
            found["dL/db"] = np.stack([found["dL/db"], found["dL/dd"]])
        return found | {"P_t": values(np.stack(self.products))}

    def _every(self, name: str, first: int = 1) -> Numbers:
        """Return what each of the T timesteps from `first` on calls by a name; (T, .)."""
        steps = range(first, first + len(self.tokens))
        return np.stack([self.book.known[f"{name}_{t}"] for t in steps])

    def _note_network(self) -> None:
        book, page, network = self.book, self.page, self.network
        letters = ", ".join(page.blocks)
        gates = f" σ(a) = 1 / (1 + exp(-a)). The matrices have a block of columns for each of {letters}."
        units = [f"{j}" for j in range(1, network.weights.units + 1)]
        columns = [f"{letter}[{j}]" if letter else j for letter in page.blocks for j in units]
        states, biases = [f"h[{j}]" for j in units], np.atleast_2d(network.weights.bias)
        kernel, bias = network.output
        book.section("The network", NETWORK)
        book.state(*page.equations, *self.output_equations)
        book.say(
            f"x_t is the vector of word t, a row, and h_0 is 0; * multiplies number by number."
            f"{gates if letters else ''} {self.asked()}"
        )
        book.say(COLUMNS)
        extra = " The forget gate's bias is 1 more, as Keras starts it." if "f" in page.blocks else ""
        book.say(RULE_IN_WORDS + extra)
        book.matrix("E, a vector for each word, in alphabetical order", "12", network.words, network.table)
        book.matrix("W, from the word", columns, ["x[1]", "x[2]"], network.weights.kernel)
        book.matrix("U, from the state before", columns, states, network.weights.recurrent_kernel)
        caption = "b, with the word, and d, with the state" if len(biases) == 2 else "b"
        book.matrix(caption, columns, "bd"[: len(biases)], biases)
        book.matrix("V, from the last state to the classes", CLASSES, states, kernel)
        book.matrix("v", CLASSES, "v", bias[None])

    def asked(self) -> str:
        """Return what is taken to be right, as a sentence."""
        right = CLASSES[LABEL]
        return f"The document is taken to be of class {right}, so the loss L is that of {right}."

    def note_answer(self) -> None:
        """Note the answer, and its loss."""
        book, known, t = self.book, self.book.known, len(self.tokens)
        known["V"], known["v"] = map(numbers, self.network.output)
        book.section("Forward: the answer and its loss", FORWARD)
        words = "The output layer gives each class a number, its logit"
        book.work(words, f"y = h_{t} V + v", by_class)
        e = book.work("softmax: e to the power of each logit ..", "e = exp(y)", by_class)
        shares = ".. and each one's share of their sum: the probabilities"
        known["p"] = book.step(shares, "p = e / (sum of e)", e / e.sum(), place=by_class)
        words, symbols = "The loss is small where the true class is probable", f"L = -ln p[{CLASSES[LABEL]}]"
        known["L"] = book.step(words, symbols, minus_log(known["p"][LABEL : LABEL + 1]).reshape(()))

    def note_output_gradients(self) -> None:
        """Note what the loss asks of the logits, and the gradients of the output layer."""
        book, known, t = self.book, self.book.known, len(self.tokens)
        known["q"] = numbers(np.eye(len(CLASSES))[LABEL])
        book.section("Back: the output layer", BACK)
        words = (
            "softmax and loss together: what is too much, class by class; q is 1 for the true class, else 0"
        )
        d = book.work(words, "dL/dy = p - q", by_class)
        words = "The gradient of V: what each number of the state added to each logit"
        known["dL/dV"] = book.step(words, f"dL/dV = h_{t}ᵀ dL/dy", known[f"h_{t}"][:, None] * d)
        book.work("The gradient of v", "dL/dv = dL/dy", by_class)

    def _go_back(self) -> None:
        book, page, last = self.book, self.page, len(self.tokens)
        for t, word in reversed([*enumerate(self.tokens, start=1)]):
            book.section(f'Back through time, step {t}: "{word}"', BACK)
            self.to_state(t)
            for equation in page.backward:
                equation.note(book, t, followed=t < last)
            book.work(f'What reaches the word "{word}"', at(page.to_word, t))

    def to_state(self, t: int) -> None:
        """Note what reaches the state of step t."""
        if t == len(self.tokens):
            self.book.work("The last state is what the output layer reads", f"dL/dh_{t} = dL/dy Vᵀ")
        else:
            self.page.to_state.note(self.book, t)

    def _note_weight_gradients(self) -> None:
        book, every = self.book, self._every
        book.section("Back: the gradients of the weights, summed over the steps", BACK)
        for letter, source in zip(self.page.blocks, self.page.sources, strict=True):
            d, d_source = every(f"dL/da{letter}"), every(f"dL/d{source}")  # (T, H) each
            again = f"Every step reads W{letter} anew, so its gradient is a sum over the steps"
            for name, words, factor, of, put_in in (
                ("W", again, "x_tᵀ ", f"a{letter}", every("x").T @ d),
                ("U", f"So is that of U{letter}", "h_(t-1)ᵀ ", source, every("h", first=0).T @ d_source),
                ("b", f"And that of b{letter}", "", f"a{letter}", d.sum(axis=0)),
                ("d", f"And that of d{letter}", "", source, d_source.sum(axis=0)),
            ):
                if f"{name}{letter}" in book.known:
                    symbols = f"dL/d{name}{letter} = sum over t of {factor}dL/d{of}_t"
                    result = book.step(words, symbols, put_in)
                    self.gradients.setdefault(f"dL/d{name}", []).append(result)
        types = self.network.words
        sums = [every("dL/dx")[[token == word for token in self.tokens]].sum(axis=0) for word in types]
        book.step(
            "A word's vector gets what reached the word, wherever it stands; this is how vectors are learned",
            "dL/dE[word] = sum of dL/dx_t over the places t of the word",
            np.stack(sums),
            name="dL/dE",
            place=lambda row, j: f"[{clip(types[row], 24)}][{j + 1}]",
        )

    def _note_jacobians(self) -> None:
        units = self.network.weights.units
        both = f"places 1 to {units} are h, {units + 1} to {2 * units} are c"
        state = f"The state of an lstm is h and c together: {both}. "
        meaning = "J_t[i,j] says by how much number i of state t moves when number j of state t - 1 does."
        self.book.section("One-step Jacobians", REACH)
        self.book.say(f"{state if len(self.letters) > 1 else ''}{meaning}")
        for t, word in enumerate(self.tokens, start=1):
            symbols, put_in = self.page.jacobian(self.book.known, t)
            words = f'How state {t}, after "{word}", depends on state {t - 1}'
            self.jacobians.append(self.book.step(words, symbols, put_in, name=f"J_{t}"))

    def _note_products(self) -> None:
        book, last, of_two = self.book, len(self.tokens), len(self.letters) > 1
        read = (
            f" The output layer reads h_{last} alone, never c_{last}: of an lstm's P_t its rows of h count for the "
            "answer, and the norm below is theirs."
        )
        book.section("Their product: how far back the last state reaches", REACH)
        book.say(
            f"By the chain rule P_t = ds_{last}/ds_t = J_{last} .. J_(t+1), the product of all later Jacobians; "
            f"P_{last - 1} is J_{last}.{read if of_two else ''}"
        )
        product = self.jacobians[-1]
        self.products = [product]
        for t in range(last - 2, -1, -1):
            after = f', after "{self.tokens[t - 1]}"' if t else ", the start"
            words = f"How the last state depends on state {t}{after}"
            product = book.step(words, f"P_{t} = P_{t + 1} J_{t + 1}", product @ self.jacobians[t])
            self.products.insert(0, product)
        book.say(NORM)
        units, steps = self.network.weights.units, [step for _, step in self._steps_back()]
        book.norms(steps, values(np.stack(self.jacobians)), values(np.stack(self.products)), units)
        if last > 1:
            self.note_first_state()

    def note_first_state(self) -> None:
        """Note that what reaches the first state is what reaches the last one, times the product of the Jacobians."""
        units, last, of_two = self.network.weights.units, len(self.tokens), len(self.letters) > 1
        self.book.step(
            "The gradient that reaches the first state is that of the last one times the product: backpropagation "
            "again",
            f"dL/dh_1 = dL/dh_{last} P_1" + (", the rows and columns of h" if of_two else ""),
            self.book.known[f"dL/dh_{last}"] @ self.products[1][:units, :units],
        )

    def _steps_back(self) -> list[tuple[int, str]]:
        """Return the place and the name of each timestep, the last one first."""
        return [(t, f'{t + 1} "{word}"') for t, word in reversed([*enumerate(self.tokens)])]

    def _note_causes(self) -> None:
        self.book.section(self.page.why_title, REACH)
        if not CELLS[self.network.cell].holding:
            self._note_bounds()
        else:
            self.book.say(self.page.why)
            self._note_kept()

    def _note_bounds(self) -> None:
        """Note what bounds the factors of a simple network."""
        spread = norm(self.network.weights.recurrent_kernel)
        verdict = (
            "is below 1, so the gradient shrinks at every step whatever the words are: it vanishes"
            if spread < 1
            else "is 1 or more, so the gradient need not shrink; it may even grow"
        )
        cited = "(Pascanu, Mikolov, Bengio 2013)"
        self.book.say(f"{self.page.why} The norm of U is {shown(spread)}: it {verdict} {cited}.")
        steep = (1 - values(self._every("h")) ** 2).max(axis=1).tolist()  # (T,)
        rows = [
            (step, steep[t], spread * steep[t], norm(values(self.jacobians[t])))
            for t, step in self._steps_back()
        ]
        columns = ("step t", "largest slope", "norm of U times that", "norm of J_t")
        self.book.table("The bound of each factor, and the factor", columns, rows)

    def _note_kept(self) -> None:
        """Note the products of the gate that keeps the state, beside the whole Jacobian of what it keeps."""
        last, cell = len(self.tokens), CELLS[self.network.cell]
        part, gate, gates = cell.letters[-1], cell.holding, cell.holding_gates
        own = slice(-self.network.weights.units, None)
        rows = []
        for t in range(last - 1, -1, -1):
            symbols = f"K_{t} = {' * '.join(f'{gate}_{step}' for step in range(t + 1, last + 1))}"
            kept = self.book.work(f"What the {gates} after step {t} keep", symbols)  # (H,)
            rows.append((f"{t}", float(values(kept).max()), norm(values(self.products[t][own, own]))))
        self.book.table(
            f"The largest number of K_t, and the norm of the whole d{part}_{last}/d{part}_t",
            ("t", f"product of {gates}", "norm of the whole"),
            rows,
        )
