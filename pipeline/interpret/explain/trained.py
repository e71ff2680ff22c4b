"""The worked example of a network that a run trained: sizes and norms, since its matrices are too large to show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.clean import clean, clip, plural
from pipeline.core.errors import PipelineError
from pipeline.core.models import MODELS
from pipeline.core.names import ModelName
from pipeline.core.values import UNKNOWN_ROW, IndexedCorpus, Int32
from pipeline.interpret.explain.answers import Output, recurrent_answer, running_answer
from pipeline.interpret.explain.cells import CELL_PAGES
from pipeline.interpret.explain.document import MOST_WORDS_OF_A_RUN, Reading, encode, read, words_of
from pipeline.interpret.explain.jacobians import norm
from pipeline.interpret.explain.orders import TITLE, other_order
from pipeline.interpret.explain.worked import Block, Check, Equations, Prose, Section, Table, Worked, check
from pipeline.interpret.explain.written import shown, shown_difference
from pipeline.models.equations import CELLS, CellWeights
from pipeline.models.equations.network import cell_weights
from pipeline.models.equations.output import softmax
from pipeline.models.equations.values import Array
from pipeline.models.networks.batches import visible
from pipeline.models.saved import SavedNetwork, load_network, saved_networks
from pipeline.run_folder.fits import planned_names
from pipeline.text.tokenizer import tokenize

EMBEDDING = "E, the words' vectors"
FIRST = 4  # entries of a vector that are shown
LAYER = "recurrent_0"


@dataclass(frozen=True, eq=False)
class Asked:
    """A text as a trained network reads it."""

    words: tuple[str, ...]  # (T,), in the order in which they are read
    rows: Int32  # (T,), of the vocabulary
    given: int  # words of the text; more than T where it was cut
    unknown: tuple[str, ...]  # the words of the text that the vocabulary lacks, each once


def trained_example(text: str, run: Path, cell: str | None, model: str | None) -> Worked:
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
    network = load_network(run, _name(run, cell, model))
    _check_form(network)
    fix = "give fewer words"
    tokens = words_of(text, network.tokenizer, MOST_WORDS_OF_A_RUN, fix)
    asked = _as_read(network, text, tokens)
    _check_length(network, len(asked.words))
    weights, output = _weights(network), _output(network)
    vectors = network.table[asked.rows].astype(np.float64)  # (T, D)
    reading = read(_cell(network), asked.words, vectors, weights, output, None)
    label = network.label_names[reading.label]
    checks: list[Check] = []
    sections = (
        _words_section(network, asked),
        _network_section(network, reading),
        _forward_section(reading, network, checks),
        _loss_section(reading, network, checks),
        _backward_section(reading, network.spec.bptt, checks),
        _gradient_section(reading, checks),
        _jacobian_section(reading, checks),
        _order_section(reading, network, asked, checks),
    )
    lead = (
        f'{network.name}, as {run} has it, reads {plural(len(asked.words), "word")} and answers "{label}" with '
        f"probability {shown(float(reading.probabilities[reading.label]))}. Its matrices are too large to show, "
        f"so norms and the first {FIRST} entries stand for them; all entries are compared with TensorFlow's, and a "
        'column "difference" has the largest. Numbers are rounded to four significant digits and computed with all of '
        "them (float64; the run trained in float32)."
    )
    return Worked(f'"{clip(clean(text), 80)}", read by {network.name}', lead, sections, tuple(checks))


def _name(run: Path, cell: str | None, model: str | None) -> str:
    """Return the name of the network to show: the one asked for, or the run's first with this cell."""
    if not (run / "metrics.json").is_file():
        raise PipelineError(str(run), "there is no metrics.json in it", "give the folder of a finished run")
    saved = saved_networks(run)
    if model is None:
        return _first(run, saved, cell)
    name = model if model in saved else load_network(run, model).name  # which says that there is none
    own = cell_of(name)
    if cell is not None and own not in (None, cell):
        raise PipelineError("--cell", f"{name} has the cell {own}, not {cell}", "leave --cell out")
    return name


def _first(run: Path, saved: Sequence[str], cell: str | None) -> str:
    """Return the first of the run's networks, in the order in which it planned them, that has this cell."""
    planned = planned_names(run)
    in_order = sorted(saved, key=lambda name: planned.index(name) if name in planned else len(planned))
    fitting = [
        name
        for name in in_order
        if cell_of(name) in CELL_PAGES
        and cell in (None, cell_of(name))
        and not ModelName.parse(name).shuffled_words
    ]
    if not fitting:
        wanted = "recurrent network" if cell is None else f"network with the cell {cell}"
        has = f"its networks are {', '.join(in_order)}" if in_order else "it trained no network"
        raise PipelineError(
            str(run), f"there is no {wanted} in this run; {has}", f"train one with --models {cell or 'lstm'}"
        )
    return fitting[0]


def cell_of(name: str) -> str | None:
    """Return the cell of a network by its name; None where it has none, or reads from both ends.

    >>> cell_of("lstm:max@word2vec"), cell_of("bilstm@word2vec"), cell_of("ann@word2vec")
    ('lstm', None, None)
    """
    entry = ModelName.parse(name).entry
    return entry.cell if entry is not None and entry.one_way else None


def _check_form(network: SavedNetwork) -> None:
    """Raise PipelineError for networks that read from both ends, have several layers, no state or no page."""
    spec, fix = network.spec, "name another network of the run with --model"
    cell = cell_of(network.name)
    if cell is None:
        known = "reads from both ends" if MODELS[spec.model].recurrent else "has no state"
        what = f"{network.name} {known}; one direction of a recurrent network is shown"
        raise PipelineError("--model", what, fix)
    if cell not in CELL_PAGES:
        what = f"{network.name} has the cell {cell}, whose numbers are not written out"
        raise PipelineError("--model", f"{what}; those of {', '.join(CELL_PAGES)} are", fix)
    if spec.layers > 1:
        raise PipelineError(
            "--model", f"{network.name} has {spec.layers} layers; networks of one are shown", fix
        )


def _check_length(network: SavedNetwork, timesteps: int) -> None:
    """Raise PipelineError if the network would cut the text into pieces, each with a state of its own."""
    size = network.spec.piece_tokens
    if 0 < size < timesteps:
        what = f"{network.name} reads pieces of {size} words, the text has {timesteps}"
        raise PipelineError("TEXT", what, f"give {size} words or fewer")


def _as_read(network: SavedNetwork, text: str, tokens: Sequence[str]) -> Asked:
    """Return the words that the network reads, in its order."""
    tokenized = tokenize(pl.Series([text]), network.tokenizer)
    rows = network.as_read(tokenized).indices  # (T,)
    if network.shuffle_seed is None:
        places = IndexedCorpus(np.arange(len(tokens), dtype=np.int32), tokenized.offsets)
        kept = visible(places, max_tokens=network.max_tokens, keep=network.keep).indexed.indices
        words = tuple(tokens[place] for place in kept)
        unknown = [word for word, row in zip(words, rows, strict=True) if row == UNKNOWN_ROW]
    else:  # shuffled: which place a word came from is not kept
        words = tuple(
            "(unknown)" if row == UNKNOWN_ROW else network.vocabulary.tokens[int(row)] for row in rows
        )
        unknown = [word for word in tokens if word not in words]
    return Asked(words, rows, len(tokens), tuple(dict.fromkeys(unknown)))


def _cell(network: SavedNetwork) -> str:
    return MODELS[network.spec.model].cell


def _weights(network: SavedNetwork) -> CellWeights:
    one = cell_weights(network.weights, LAYER)
    return CellWeights(*(array.astype(np.float64) for array in (one.kernel, one.recurrent_kernel, one.bias)))


def _output(network: SavedNetwork) -> Output:
    kernel, bias = (network.weights[f"output/{name}"].astype(np.float64) for name in ("kernel", "bias"))
    return Output(kernel, bias, network.spec.head)


def _words_section(network: SavedNetwork, asked: Asked) -> Section:
    known = len(network.vocabulary) - 2
    said = [f"The text is split into words as the run's documents were: {plural(asked.given, 'word')}."]
    if asked.given > len(asked.words):
        said.append(
            f"The network reads {len(asked.words)} of them (max_tokens {network.max_tokens}, keep {network.keep})."
        )
    if network.shuffle_seed is not None:
        said.append("It was trained on shuffled words, so the words are shuffled here too.")
    if asked.unknown:
        quoted = ", ".join(f'"{clean(word)}"' for word in asked.unknown)
        one = len(asked.unknown) == 1
        said.append(
            f"Its vocabulary of {plural(known, 'word')} lacks {quoted}: "
            f"{'it is' if one else 'they are'} read as the one row for unknown words."
        )
    else:
        said.append(f"All of them are in its vocabulary of {plural(known, 'word')}.")
    return Section("The words", (Prose(" ".join(said)),))


def _network_section(network: SavedNetwork, r: Reading) -> Section:
    weights, page = r.weights, CELL_PAGES[r.cell]
    arrays = {
        EMBEDDING: network.table,
        "W, from the word": weights.kernel,
        "U, from the state before": weights.recurrent_kernel,
        "b": weights.bias,
        "V, to the classes": r.output.kernel,
        "v": r.output.bias,
    }
    rows = tuple(
        (
            name,
            _size(array),
            _begins(array[2:] if name == EMBEDDING else array),
            _length(array),
        )  # 2: first word
        for name, array in arrays.items()
    )
    reads = {
        "last": "h_T, the state after the last word",
        "max": "each unit's largest number in h_1 .. h_T",
        "mean": "the average of h_1 .. h_T",
        "max+mean": "each unit's largest number in h_1 .. h_T, and the average of h_1 .. h_T",
    }[r.output.head]
    blocks = (
        ""
        if page.blocks == ("",)
        else f" W, U and b have a block of columns for each of {', '.join(page.blocks)}."
    )
    return Section(
        "The network",
        (
            Equations((*page.equations, "y = s V + v", "p = softmax(y)")),
            Prose(f"s is {reads}. * multiplies number by number, σ(a) = 1 / (1 + exp(-a)).{blocks}"),
            Table(
                "Its weights; the norm of a matrix here is the root of the sum of its squares",
                ("weights", "size", "begins with", "norm"),
                rows,
            ),
        ),
    )


def _size(array: np.ndarray) -> str:
    return " x ".join(f"{size}" for size in array.shape)


def _length(array: np.ndarray) -> float:
    return float(np.sqrt(np.square(array, dtype=np.float64).sum()))


def _begins(array: np.ndarray) -> str:
    return "  ".join(shown(float(value)) for value in array.ravel()[:FIRST])


def _forward_section(r: Reading, network: SavedNetwork, checks: list[Check]) -> Section:
    states = r.trace.states[0, 1:]  # (T, H)
    prefixes = [encode(states[:t], r.output.head) for t in range(1, r.timesteps + 1)]
    running = softmax(np.stack(prefixes) @ r.output.kernel + r.output.bias)  # (T, C)
    answered = running_answer(r.answers.states, r.output)
    label = network.label_names[r.label]
    kept = CELLS[r.cell].holding
    gates = [f"mean of {_kept_gates(r)}"] if kept else []
    rows: list[tuple[str | float, ...]] = [
        (
            _step(r, t),
            network.label_names[int(running[t - 1].argmax())],
            float(running[t - 1, r.label]),
            float(answered[t - 1, r.label]),
            _length(r.inputs[t - 1]),
            _length(r.h(t)),
            _length(r.answers.states[t - 1]),
            *([float(r.gate(kept, t).mean())] if kept else []),
        )
        for t in range(1, r.timesteps + 1)
    ]
    begins = tuple(
        (_step(r, t), _begins(r.h(t)), _begins(r.answers.states[t - 1])) for t in range(1, r.timesteps + 1)
    )
    checks += [check("the states", states, r.answers.states), check("the running answer", running, answered)]
    if r.trace.cells is not None:
        checks.append(check("the cells", r.trace.cells[0, 1:], r.answers.cells))
    checks += [check(f"gate {name}", gate[0], r.answers.gates[name]) for name, gate in r.trace.gates.items()]
    return Section(
        "Forward: the answer after each word",
        (
            Prose("What the output layer would say if the text ended here."),
            Table(
                f'The running answer, the probability p of "{label}", and the lengths of x_t and h_t',
                ("step t", "answer", "p", "TensorFlow", "norm of x_t", "norm of h_t", "TensorFlow", *gates),
                tuple(rows),
                bar="p",
            ),
            Table(f"The first {FIRST} numbers of each state", ("step t", "h_t", "TensorFlow"), begins),
        ),
    )


def _step(r: Reading, t: int) -> str:
    return f'{t} "{clip(clean(r.tokens[t - 1]), 24)}"'


def _loss_section(r: Reading, network: SavedNetwork, checks: list[Check]) -> Section:
    label = network.label_names[r.label]
    together = zip(r.logits, r.answers.logits, r.probabilities, r.answers.probabilities, strict=True)
    rows: tuple[tuple[str | float, ...], ...] = tuple(
        (name, *map(float, values)) for name, values in zip(network.label_names, together, strict=True)
    )
    checks += [
        check("y", r.logits, r.answers.logits),
        check("p", r.probabilities, r.answers.probabilities),
        check("L", np.array(r.loss), np.array(r.answers.loss)),
        check("dL/dy", r.d_logits, r.answers.d_logits),
    ]
    return Section(
        "The answer and its loss",
        (
            Table("Logits y and probabilities p", ("class", "y", "TensorFlow", "p", "TensorFlow"), rows),
            Prose(
                f'Nobody says which class is right, so the loss is that of the answer: L = -ln p["{clean(label)}"] = '
                f"{shown(r.loss)}; TensorFlow: {shown(r.answers.loss)}. What follows is its gradient."
            ),
        ),
    )


def _backward_section(r: Reading, bptt: int, checks: list[Check]) -> Section:
    d_states, d_inputs = r.gradients.states[0, 1:], r.gradients.inputs[0]  # (T, H), (T, D)
    answered = r.answers.d_sums[0] if r.cell == "gru" else r.answers.d_sums
    rows = [
        (
            _step(r, t),
            _length(d_states[t - 1]),
            _length(r.answers.d_states[t - 1]),
            _length(d_inputs[t - 1]),
            _length(r.answers.d_inputs[t - 1]),
            shown_difference(float(np.abs(d_inputs[t - 1] - r.answers.d_inputs[t - 1]).max())),
        )
        for t in range(r.timesteps, 0, -1)
    ]
    checks += [
        check("dL/dh_t", d_states, r.answers.d_states),
        check("dL/dx_t", d_inputs, r.answers.d_inputs),
        check("what reaches the gates", r.d_sums, answered),
    ]
    lengths = [_length(row) for row in d_inputs]
    most = int(np.argmax(lengths))
    said = f"The word that the loss feels most is {_step(r, most + 1)}."
    if r.timesteps > 1 and lengths[-1] > 0:
        said += f" The first word gets {shown(lengths[0] / lengths[-1])} times what the last one gets."
    if 0 < bptt < r.timesteps:
        said += (
            f" In training the gradient went back {plural(bptt, 'word')} (bptt); here it goes to the first."
        )
    return Section(
        "Back through time: the gradient that reaches each word",
        (
            Prose(said),
            Table(
                "From the last word to the first: the norm of what reaches the state, and the word's vector",
                ("step t", "dL/dh_t", "TensorFlow", "dL/dx_t", "TensorFlow", "difference"),
                tuple(rows),
                bar="dL/dx_t",
            ),
        ),
    )


def _gradient_section(r: Reading, checks: list[Check]) -> Section:
    g, answers = r.gradients, r.answers
    encoded = encode(r.trace.states[0, 1:], r.output.head)
    pairs = {
        "dL/dW": (g.kernel, answers.d_kernel),
        "dL/dU": (g.recurrent_kernel, answers.d_recurrent_kernel),
        "dL/db": (g.bias, answers.d_bias),
        "dL/dV": (np.outer(encoded, r.d_logits), answers.d_output_kernel),
        "dL/dv": (r.d_logits, answers.d_output_bias),
    }
    found = [check(name, ours, theirs) for name, (ours, theirs) in pairs.items()]
    checks += found
    rows = tuple(
        (name, _size(ours), _length(ours), _length(theirs), shown_difference(one.difference))
        for one, (name, (ours, theirs)) in zip(found, pairs.items(), strict=True)
    )
    return Section(
        "The gradients of the weights, summed over the steps",
        (Table("Norms", ("gradient", "size", "norm", "TensorFlow", "difference"), rows),),
    )


def _jacobian_section(r: Reading, checks: list[Check]) -> Section:
    last = r.timesteps
    rows = [
        (
            _step(r, t),
            norm(r.jacobians[t - 1]),
            norm(r.answers.jacobians[t - 1]),
            norm(r.products[t - 1][: r.units]),
            norm(r.answers.products[t - 1][: r.units]),
        )
        for t in range(last, 0, -1)
    ]
    checks += [
        check("the Jacobians", r.jacobians, r.answers.jacobians),
        check("their products", r.products, r.answers.products),
    ]
    state = "h and c together" if r.cell == "lstm" else "h"
    read = " Of P its rows of h are taken, since nothing reads the last c." if r.cell == "lstm" else ""
    return Section(
        "Jacobians: how far back the last state reaches",
        (
            Prose(
                f"J_t = ds_t/ds_(t-1), where the state s is {state}; P_(t-1) = J_{last} .. J_t is ds_{last}/ds_(t-1). "
                "The norm is the largest singular value: below 1 a Jacobian shrinks whatever passes, above 1 it may "
                f"stretch it.{read}"
            ),
            Table(
                "Each factor, and the product from the end to it",
                ("step t", "norm of J_t", "TensorFlow", "norm of P_(t-1)", "TensorFlow"),
                tuple(rows),
                bar="norm of P_(t-1)",
            ),
            *_CAUSES[r.cell](r, checks),
        ),
    )


def _rnn_cause(r: Reading, checks: list[Check]) -> tuple[Block, ...]:
    return (
        Prose(
            "Row i of J_t is row i of Uᵀ times the slope of tanh, 1 - h_t[i]², which is 1 at most; so the norm of J_t "
            f"is at most that of U, {shown(norm(r.weights.recurrent_kernel))} (Pascanu, Mikolov, Bengio 2013)."
        ),
    )


def _kept_gates(r: Reading) -> str:
    """Return the name of the gates that keep the state."""
    cell = CELLS[r.cell]
    return f"{cell.spoken[cell.holding]} gates"


def _kept(r: Reading, checks: list[Check]) -> tuple[Block, ...]:
    """Return what the gates after each step keep: the largest number, and the mean over units."""
    name = _kept_gates(r)
    gates = r.trace.gates[CELLS[r.cell].holding][0]  # (T, H)
    kept = np.cumprod(gates[::-1], axis=0)[::-1]  # (T, H): place t is the product of steps t + 1 .. T
    checks.append(check(f"products of the {name}", kept, np.diagonal(r.answers.direct, axis1=1, axis2=2)))
    part = "c" if r.cell == "lstm" else "h"
    own = slice(r.units, None) if r.cell == "lstm" else slice(None)
    rows = [
        (_step(r, t + 1), float(kept[t].mean()), float(kept[t].max()), norm(r.products[t][own, own]))
        for t in range(r.timesteps - 1, -1, -1)
    ]
    why = {
        "lstm": "c_t = f_t * c_(t-1) + i_t * g_t is a sum without matrix or tanh: with the gates held as they are, "
        "dc_T/dc_t is the product of the forget gates after t. This additive cell is the LSTM's answer to the "
        "vanishing gradient.",
        "gru": "h_t = z_t * h_(t-1) + (1 - z_t) * g_t keeps a share of the state without matrix or tanh: with gates "
        "and candidate held as they are, dh_T/dh_t is the product of the update gates after t.",
    }[r.cell]
    return (
        Prose(why),
        Table(
            f"The product of the {name} from each step to the end, over the units, and the norm of the whole "
            f"d{part}_T/d{part}_(t-1)",
            ("step t", "mean", "largest", "of the whole"),
            tuple(rows),
        ),
    )


_CAUSES: dict[str, Callable[[Reading, list[Check]], tuple[Block, ...]]] = {
    "rnn": _rnn_cause,
    "gru": _kept,
    "lstm": _kept,
}


def _order_section(r: Reading, network: SavedNetwork, asked: Asked, checks: list[Check]) -> Section:
    order = other_order(asked.rows.tolist())
    if order is None:
        why = "There is one word" if r.timesteps == 1 else "The network takes all words for the same"
        return Section(TITLE, (Prose(f"{why}, so there is no other order to compare with."),))
    words, vectors = " ".join(asked.words[place] for place in order), r.inputs[list(order)]  # (T, D)
    other = read_again(r, vectors)
    _, answered = recurrent_answer(r.cell, r.weights, vectors, r.output)
    checks.append(check("the logits of the other order", other, answered))
    first, second = (_class_share(logits, r.label) for logits in (r.logits, other))
    averages = r.inputs.mean(axis=0), vectors.mean(axis=0)
    label = network.label_names[r.label]
    rows: tuple[tuple[str | float, ...], ...] = (
        (
            "norm of the averaged vectors",
            *(_length(average) for average in averages),
            _length(averages[0] - averages[1]),
        ),
        (f'probability of "{label}"', first, second, abs(first - second)),
    )
    return Section(
        TITLE,
        (
            Prose(
                f'The same words read as "{clean(words)}". Their averaged vectors are the same but for rounding, so a '
                "network that averages gives the same answer. The recurrent network's answer depends on the order."
            ),
            Table("Both orders", ("", "as given", "other order", "difference"), rows),
        ),
    )


def read_again(r: Reading, vectors: Array) -> Array:
    """Return the logits of the same network for other vectors (T, D); (C,)."""
    from pipeline.models.equations import forward

    states = forward(r.cell, r.weights, vectors[None]).states[0, 1:]  # (T, H)
    logits: Array = encode(states, r.output.head) @ r.output.kernel + r.output.bias
    return logits


def _class_share(logits: Array, label: int) -> float:
    return float(softmax(logits[None])[0, label])
