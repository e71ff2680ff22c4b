"""The worked example of a network that a run trained: sizes and norms, since its matrices are too large to show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.clean import clean, clip, plural
from pipeline.interpret.explain.answers import ask_tensorflow
from pipeline.interpret.explain.cells import CELL_PAGES
from pipeline.interpret.explain.chosen import check_length, choose_network
from pipeline.interpret.explain.compared import closing_section, compare, conclusion
from pipeline.interpret.explain.notebook import Notebook, Row, norm
from pipeline.interpret.explain.orders import begin
from pipeline.interpret.explain.pencil import BACK, FORWARD, NETWORK, ORDER, REACH
from pipeline.interpret.explain.reading import Reading, as_read
from pipeline.interpret.explain.words import MOST_WORDS_OF_A_RUN, words_of
from pipeline.interpret.explain.written import shown
from pipeline.models.equations import CELLS
from pipeline.models.equations.network import run_network
from pipeline.models.equations.output import softmax
from pipeline.models.equations.values import Array
from pipeline.report.page.blocks import Example

FIRST = 4  # entries of a vector that are shown
READS = {
    "last": "h_T, the state after the last word",
    "max": "each unit's largest number in h_1 .. h_T",
    "mean": "the average of h_1 .. h_T",
}


def trained_example(text: str, run: Path, cell: str | None, model: str | None) -> Example:
    """Return the worked example of a network of a run folder.

    Parameters
    ----------
    text : str
        Tokenised and cut as the run's documents were.
    run : Path
        A run folder.
    cell : str, optional
        `rnn`, `gru` or `lstm`.
    model : str, optional
        As the run names it; its first network with that cell by default.

    Raises
    ------
    PipelineError
        If the folder holds no such network, the network has a form that is not shown, or the text no word.
    """
    network = choose_network(run, cell, model)
    text = network.read(pl.Series([text]))[0]
    tokens = words_of(text, network.tokenizer, MOST_WORDS_OF_A_RUN, "give fewer words")
    asked = as_read(network, text, tokens)
    check_length(network, len(asked.words))
    reading = Reading(network, asked)
    answers = ask_tensorflow(
        reading.cell, reading.weights, reading.output, reading.inputs, reading.label, network.spec.head
    )
    compared = compare(reading.quantities, answers)
    book = Notebook()
    for note in _NOTES:
        note(book, reading)
    closing_section(book, compared)
    lead = (
        f"{network.name}, as {run} has it, reads {plural(len(asked.words), 'word')} and answers "
        f'"{reading.answer}" with probability {shown(float(reading.running[-1][reading.label]))}. Its matrices are '
        f"too large to show, so norms and the first {FIRST} entries stand for them; all entries are compared with "
        "TensorFlow's at the end. Numbers are rounded to four significant digits and computed with all of them "
        "(float64; the run trained in float32)."
    )
    title = f'"{clip(clean(text), 80)}", read by {network.name}'
    return Example(title, lead, book.sections(), *conclusion(compared))


def _note_words(book: Notebook, r: Reading) -> None:
    network, asked, known = r.network, r.asked, len(r.network.vocabulary) - 2
    said = [f"The text is split into words as the run's documents were: {plural(asked.given, 'word')}."]
    if asked.given > r.timesteps:
        said.append(
            f"The network reads {r.timesteps} of them (max_tokens {network.max_tokens}, keep {network.keep})."
        )
    if network.shuffle_seed is not None:
        said.append("It was trained on shuffled words, so the words are shuffled here too.")
    if asked.unknown:
        quoted = ", ".join(f'"{clean(word)}"' for word in asked.unknown)
        are = "it is" if len(asked.unknown) == 1 else "they are"
        said.append(
            f"Its vocabulary of {plural(known, 'word')} lacks {quoted}: {are} read as the one row for unknown words."
        )
    else:
        said.append(f"All of them are in its vocabulary of {plural(known, 'word')}.")
    book.section("The words", NETWORK)
    book.say(" ".join(said))


def _note_network(book: Notebook, r: Reading) -> None:
    page, (kernel, bias) = CELL_PAGES[r.cell], r.output
    arrays = {
        "E, the words' vectors": (r.network.table, r.network.table[2:]),  # 2: the first word
        "W, from the word": (r.weights.kernel, r.weights.kernel),
        "U, from the state before": (r.weights.recurrent_kernel, r.weights.recurrent_kernel),
        "b": (r.weights.bias, r.weights.bias),
        "V, to the classes": (kernel, kernel),
        "v": (bias, bias),
    }
    letters = ", ".join(page.blocks)
    blocks = f" W, U and b have a block of columns for each of {letters}." if letters else ""
    book.section("The network", NETWORK)
    book.state(*page.equations, "y = s V + v", "p = softmax(y)")
    reads = ", and ".join(READS[part] for part in r.network.spec.head.split("+"))
    book.say(f"s is {reads}. * multiplies number by number, σ(a) = 1 / (1 + exp(-a)).{blocks}")
    book.table(
        "Its weights; the norm of a matrix here is the root of the sum of its squares",
        ("weights", "size", "begins with", "norm"),
        [(name, _size(array), _begins(start), _length(array)) for name, (array, start) in arrays.items()],
    )


def _size(array: Array) -> str:
    return " x ".join(f"{size}" for size in array.shape)


def _length(array: Array) -> float:
    return float(np.sqrt(np.square(array, dtype=np.float64).sum()))


def _begins(array: Array) -> str:
    return "  ".join(shown(float(value)) for value in array.ravel()[:FIRST])


def _note_forward(book: Notebook, r: Reading) -> None:
    cell = CELLS[r.cell]
    rows: list[Row] = [
        (
            r.step(t),
            r.network.label_names[int(r.running[t - 1].argmax())],
            float(r.running[t - 1, r.label]),
            _length(r.inputs[t - 1]),
            _length(r.quantities["h_t"][t - 1]),
            *([float(r.trace.gates[cell.holding][0, t - 1].mean())] if cell.holding else []),
        )
        for t in range(1, r.timesteps + 1)
    ]
    gates = [f"mean of {cell.holding_gates}"] if cell.holding else []
    book.section("Forward: the answer after each word", FORWARD)
    book.say("What the output layer would say if the text ended here.")
    book.table(
        f'The running answer, the probability p of "{r.answer}", and the lengths of x_t and h_t',
        ("step t", "answer", "p", "norm of x_t", "norm of h_t", *gates),
        rows,
        bar="p",
    )
    begins = [(r.step(t), _begins(r.quantities["h_t"][t - 1])) for t in range(1, r.timesteps + 1)]
    book.table(f"The first {FIRST} numbers of each state", ("step t", "h_t"), begins)


def _note_loss(book: Notebook, r: Reading) -> None:
    loss = float(r.quantities["L"])
    rows = [
        (name, float(y), float(p))
        for name, y, p in zip(r.network.label_names, r.quantities["y"], r.quantities["p"], strict=True)
    ]
    book.section("The answer and its loss", FORWARD)
    book.table("Logits y and probabilities p", ("class", "y", "p"), rows)
    book.say(
        f'Nobody says which class is right, so the loss is that of the answer: L = -ln p["{clean(r.answer)}"] = '
        f"{shown(loss)}. What follows is its gradient."
    )


def _note_backward(book: Notebook, r: Reading) -> None:
    d_states, d_inputs, bptt = r.quantities["dL/dh_t"], r.quantities["dL/dx_t"], r.network.spec.bptt
    lengths = [_length(row) for row in d_inputs]
    said = f"The word that the loss feels most is {r.step(int(np.argmax(lengths)) + 1)}."
    if r.timesteps > 1 and lengths[-1] > 0:
        said += f" The first word gets {shown(lengths[0] / lengths[-1])} times what the last one gets."
    if 0 < bptt < r.timesteps:
        said += (
            f" In training the gradient went back {plural(bptt, 'word')} (bptt); here it goes to the first."
        )
    book.section("Back through time: the gradient that reaches each word", BACK)
    book.say(said)
    book.table(
        "From the last word to the first: the norm of what reaches the state, and the word's vector",
        ("step t", "dL/dh_t", "dL/dx_t"),
        [(r.step(t), _length(d_states[t - 1]), lengths[t - 1]) for t in range(r.timesteps, 0, -1)],
        bar="dL/dx_t",
    )


def _note_gradients(book: Notebook, r: Reading) -> None:
    of_weights = {name: r.quantities[f"dL/d{name}"] for name in "WUbVv"}
    rows = [(f"dL/d{name}", _size(array), _length(array)) for name, array in of_weights.items()]
    book.section("The gradients of the weights, summed over the steps", BACK)
    book.table("Norms", ("gradient", "size", "norm"), rows)


def _note_jacobians(book: Notebook, r: Reading) -> None:
    last, of_two = r.timesteps, r.trace.cells is not None
    state = "h and c together" if of_two else "h"
    read = " Of P its rows of h are taken, since nothing reads the last c." if of_two else ""
    book.section("Jacobians: how far back the last state reaches", REACH)
    book.say(
        f"J_t = ds_t/ds_(t-1), where the state s is {state}; P_(t-1) = J_{last} .. J_t is ds_{last}/ds_(t-1). The norm "
        f"is the largest singular value: below 1 a Jacobian shrinks whatever passes, above 1 it may stretch it.{read}"
    )
    book.norms([r.step(t) for t in range(last, 0, -1)], r.jacobians, r.quantities["P_t"], r.weights.units)
    if CELLS[r.cell].holding:
        _note_kept(book, r)
    else:
        spread = shown(norm(r.weights.recurrent_kernel))
        book.say(f"{CELL_PAGES[r.cell].why} The norm of U is {spread} (Pascanu, Mikolov, Bengio 2013).")


def _note_kept(book: Notebook, r: Reading) -> None:
    """Note what the gates after each step keep: the largest number, and the mean over units."""
    cell = CELLS[r.cell]
    gates = r.trace.gates[cell.holding][0]  # (T, H)
    part, own = cell.letters[-1], slice(-r.weights.units, None)
    kept = np.cumprod(gates[::-1], axis=0)[::-1]  # (T, H): place t is the product of steps t + 1 .. T
    rows = [
        (r.step(t + 1), float(kept[t].mean()), float(kept[t].max()), norm(r.quantities["P_t"][t][own, own]))
        for t in range(r.timesteps - 1, -1, -1)
    ]
    book.say(CELL_PAGES[r.cell].why)
    book.table(
        f"The product of the {cell.holding_gates} from each step to the end, over the units, and the norm of the whole "
        f"d{part}_T/d{part}_(t-1)",
        ("step t", "mean", "largest", "of the whole"),
        rows,
    )


def _note_order(book: Notebook, r: Reading) -> None:
    order = begin(book, ORDER, r.asked.rows.tolist(), "The network takes all words for the same")
    if order is None:
        return
    vectors = r.inputs[list(order)]  # (T, D)
    other = run_network(r.network.spec, r.all_weights, vectors[None], np.array([r.timesteps])).logits
    first, second = float(r.quantities["p"][r.label]), float(softmax(other)[0, r.label])
    averages = r.inputs.mean(axis=0), vectors.mean(axis=0)
    lengths = [_length(average) for average in averages]
    book.say(
        f'The same words read as "{clean(" ".join(r.asked.words[place] for place in order))}". Their averaged vectors '
        "are the same but for rounding, so a network that averages gives the same answer. The recurrent network's "
        "answer depends on the order."
    )
    book.table(
        "Both orders",
        ("of the words", "as given", "other order", "difference"),
        [
            ("norm of the averaged vectors", *lengths, _length(averages[0] - averages[1])),
            (f'probability of "{r.answer}"', first, second, abs(first - second)),
        ],
    )


_NOTES = (
    _note_words,
    _note_network,
    _note_forward,
    _note_loss,
    _note_backward,
    _note_gradients,
    _note_jacobians,
    _note_order,
)
