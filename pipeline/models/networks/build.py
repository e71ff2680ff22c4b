"""How the networks of the table of models are built from Keras layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pipeline.core.models import CRF, MODELS, OF_WORDS, Family
from pipeline.core.values import EmbeddingMatrix
from pipeline.models.equations.through_time import CELLS
from pipeline.models.equations.values import Cell
from pipeline.models.networks.chain import chain_layer
from pipeline.models.networks.keras_types import Layer, Model, Tensor, Weight
from pipeline.models.networks.letters import letter_vectors
from pipeline.models.networks.truncation import truncated_layer
from pipeline.settings.tables import NetworkSettings
from pipeline.tasks.answers import Answers
from pipeline.tasks.table import CLASSIFY, DOCUMENT_TASKS
from pipeline.tasks.task import DocumentTask

STANDARDISE = "standardise"  # the layer of `ann` whose numbers are taken from training documents


@dataclass(frozen=True)
class NetworkSpec:
    """What is needed to build a network again: everything but its weights."""

    model: str  # a line of the table of models
    head: str  # a name in HEADS; "" for a network without recurrence
    embedding_rows: int
    embedding_dim: int
    tuned: bool
    n_classes: int
    units: int
    layers: int
    embedding_dropout: float
    dropout: float
    frozen_first: bool = False  # a tuned table rests until the other weights are trained
    word_dropout: float = 0.0
    piece_tokens: int = 0  # timesteps after which the state begins anew; 0: never
    bptt: int = 0  # timesteps from the end through which gradients flow back; 0: all
    forget_bias: float = 1.0  # what the bias of an LSTM's forget gates starts from; 1 is Keras' own
    n_letters: int | None = None  # of the alphabet in which it reads words; None: it reads no letters
    task: str = CLASSIFY.name  # whose answers it gives, of tasks of whole documents

    @property
    def answers_words(self) -> bool:
        """Whether it answers each word of a document, and not the document."""
        return self.head in OF_WORDS


def specify(
    model: str,
    head: str,
    matrix: EmbeddingMatrix,
    tuned: bool,
    n_classes: int,
    settings: NetworkSettings,
    *,
    frozen_first: bool = False,
    n_letters: int | None = None,
    task: str = CLASSIFY.name,
) -> NetworkSpec:
    """Return the specification of one network of the table on one embedding."""
    n_rows, dimension = matrix.vectors.shape
    return NetworkSpec(
        model=model,
        head=head or MODELS[model].default_head,
        embedding_rows=n_rows,
        embedding_dim=dimension,
        tuned=tuned,
        n_classes=n_classes,
        units=settings.units,
        layers=settings.layers,
        embedding_dropout=settings.embedding_dropout,
        dropout=settings.dropout,
        frozen_first=frozen_first,
        word_dropout=settings.word_dropout,
        piece_tokens=settings.piece_tokens if settings.keep == "pieces" and head not in OF_WORDS else 0,
        bptt=settings.bptt,
        forget_bias=settings.forget_bias,
        n_letters=n_letters,
        task=task,
    )


def build(spec: NetworkSpec) -> Model:
    """Return the Keras model: (rows int32 (B, T), lengths int32 (B,)) > logits float32 (B, C).

    With a head that answers words it gives their scores, (B, T, C), and with letters it is also given those of the
    distinct words, int32 (U, L), and which word stands where, int32 (B, T).

    Notes
    -----
    No mask goes into the recurrence. Documents are padded on the right, so the states up to a document's last
    real timestep cannot depend on padding, and heads read real timesteps only. That is exact, and keeps the
    fused kernel of a GPU.

    Dropout of whole words (Iyyer et al. 2015, ACL, P15-1162), of whole embedding dimensions (Tompson et
    al. 2015, arXiv:1411.4280, section 3.2) and of what the output layer reads (Srivastava et al. 2014, JMLR 15).
    """
    import keras

    rows = keras.Input((None,), dtype="int32", name="rows")
    lengths = keras.Input((), dtype="int32", name="lengths")
    table = keras.layers.Embedding(
        spec.embedding_rows, spec.embedding_dim, trainable=spec.tuned, name="embedding"
    )
    embedded, inputs = table(rows), [rows, lengths]  # (B, T, D)
    if spec.n_letters is not None:
        letters = keras.Input((None,), dtype="int32", name="letters_of_words")
        spelled = keras.Input((None,), dtype="int32", name="spelled")
        inputs += [letters, spelled]
        embedded = _beside([embedded, letter_vectors(spec.n_letters, letters, spelled)])  # (B, T, D + F)
    if spec.word_dropout:
        embedded = keras.layers.Dropout(spec.word_dropout, (None, None, 1), name="word_dropout")(embedded)
    if spec.embedding_dropout and MODELS[spec.model].recurrent:  # averages drop dimensions of their own
        embedded = keras.layers.SpatialDropout1D(spec.embedding_dropout)(embedded)
    encoded = ENCODERS[MODELS[spec.model].family](spec, embedded, lengths)  # (B, H), or (B, T, H)
    if spec.dropout:
        encoded = keras.layers.Dropout(spec.dropout)(encoded)
    numbers = DOCUMENT_TASKS[spec.task].output(spec.n_classes).numbers
    logits = keras.layers.Dense(numbers, name="output")(encoded)  # (B, C), or (B, T, C)
    if spec.head == CRF:
        logits = chain_layer(numbers)([logits, lengths])  # (B, T, C)
    model: Model = keras.Model(inputs, logits, name=spec.model)
    model.task_name = spec.task
    return model


def after_embedding(model: Model) -> Model:
    """Return the part of a model behind its table: (vectors (B, T, D), lengths (B,), letters) > its numbers.

    It shares the model's layers, so that training it trains the model.
    """
    import keras

    body: Model = keras.Model([model.get_layer("embedding").output, *model.inputs[1:]], model.outputs[0])
    return body


def task_of_network(model: Model) -> DocumentTask[Answers]:
    """Return the task whose answers a network of whole documents gives."""
    return DOCUMENT_TASKS[model.task_name]


def answers_words(model: Model) -> bool:
    """Return whether a network answers each word of a document."""
    return len(model.outputs[0].shape) == 3


def _averaged(spec: NetworkSpec, embedded: Tensor, lengths: Tensor) -> Tensor:
    """Average the word vectors, then one hidden layer: no memory, no order.

    Averages of frozen vectors differ from each other by far less than the vectors do, so they are brought to mean
    0 and deviation 1 over training documents first; else the hidden layer hardly moves from its start. Dropout
    comes after that: a dimension set to zero before it would lie many deviations from its mean.
    """
    import keras

    average = _layer(_mean, (spec.embedding_dim,), "average")([embedded, lengths])  # (B, D)
    hidden = average if spec.tuned else _standardising_layer()(average)  # (B, D)
    if spec.embedding_dropout:
        hidden = keras.layers.Dropout(spec.embedding_dropout)(hidden)
    for layer in range(spec.layers):
        hidden = keras.layers.Dense(spec.units, activation="relu", name=f"hidden_{layer}")(hidden)  # (B, H)
    return hidden


def _standardising_layer() -> Layer:
    """Return a layer that subtracts `mean` (D,) and divides by `deviation` (D,): numbers set once, not trained."""
    import keras

    class Standardise(keras.layers.Layer):
        """(x - mean) / deviation."""

        def build(self, shape: tuple[int | None, ...]) -> None:
            self.mean = self.add_weight(shape=shape[-1:], initializer="zeros", trainable=False, name="mean")
            self.deviation = self.add_weight(
                shape=shape[-1:], initializer="ones", trainable=False, name="deviation"
            )

        def call(self, averages: Tensor) -> Tensor:
            return (averages - self.mean) / self.deviation

    return Standardise(name=STANDARDISE)


def table_of(model: Model) -> Weight:
    """Return the model's table of vectors (V, D)."""
    return model.get_layer("embedding").weights[0]


def own_weights(model: Model, tuned: bool) -> list[Weight]:
    """Return the weights that make a fitted model: all but a frozen table, which is kept once for all models."""
    table = model.get_layer("embedding").weights
    return [weight for weight in model.weights if tuned or all(weight is not other for other in table)]


def recurrent_kernels(model: Model) -> list[Weight]:
    """Return the matrices that lead from one state to the next, one for each recurrent layer and direction."""
    return [layer.cell.recurrent_kernel for layer in model.layers if hasattr(layer, "cell")]


def _recurrent(spec: NetworkSpec, embedded: Tensor, lengths: Tensor) -> Tensor:
    """Run the network's cell over time and read its states with the head.

    With two directions the second reads each document from its last real word to its first (Schuster, Paliwal
    1997); a deeper layer reads the states of both at each word. The head "last" takes each direction's state at
    the end of its own reading.
    """
    directions = MODELS[spec.model].directions
    sequences, read_lengths = embedded, lengths  # (B, T, D), (B,)
    if spec.piece_tokens:
        sequences, read_lengths = _cut(embedded, lengths, spec.piece_tokens)  # (P, L, D), (P,)
    for layer in range(spec.layers):
        states = []  # of each direction, in the order of its reading
        for direction in directions:
            read = _in_order(sequences, read_lengths, direction)
            states.append(_states(spec, f"recurrent_{layer}{direction}", read, read_lengths))
        in_order = zip(states, directions, strict=True)
        sequences = _beside([_in_order(one, read_lengths, direction) for one, direction in in_order])
    if spec.answers_words:
        return sequences  # (B, T, H * directions)
    return _beside(
        [
            _read(spec, part, direction, [one, read_lengths, lengths])
            for part in spec.head.split("+")
            for one, direction in zip(states, directions, strict=True)
        ]
    )


def _states(spec: NetworkSpec, name: str, sequences: Tensor, lengths: Tensor) -> Tensor:
    """Return the states of a new recurrent layer at every timestep; (B, T, H)."""
    cell = CELLS[MODELS[spec.model].cell]
    layer, bias = keras_layer(cell), _first_bias(spec, cell)
    if spec.bptt:
        return truncated_layer(layer, spec.units, spec.bptt, name, **bias)(sequences, lengths)
    return layer(spec.units, return_sequences=True, name=name, **bias)(sequences)


def keras_layer(cell: Cell) -> type:
    """Return the class of the Keras layer that runs a cell over time."""
    import keras

    return getattr(keras.layers, cell.layer) if isinstance(cell.layer, str) else cell.layer()


def _first_bias(spec: NetworkSpec, cell: Cell) -> dict[str, object]:
    """Return what Keras is told of the bias that forget gates start from: nothing where it is Keras' own, 1."""
    if cell.forget_block is None or spec.forget_bias == 1.0:
        return {}
    of_blocks = [spec.forget_bias if block == cell.forget_block else 0.0 for block in range(cell.blocks)]

    def initial(shape: tuple[int, ...], dtype: object = None) -> Tensor:
        import tensorflow as tf

        return tf.repeat(tf.constant(of_blocks, dtype), spec.units)  # (G * H,)

    return {"unit_forget_bias": False, "bias_initializer": initial}


def _in_order(sequences: Tensor, lengths: Tensor, direction: str) -> Tensor:
    """Return sequences (B, T, D) as `direction` reads them: "" as they are, else real timesteps turned round."""
    return _layer(_turned, sequences.shape[1:])([sequences, lengths]) if direction else sequences


def _beside(tensors: list[Tensor]) -> Tensor:
    """Return tensors joined along their last axis."""
    import keras

    return tensors[0] if len(tensors) == 1 else keras.layers.Concatenate()(tensors)


def _read(spec: NetworkSpec, part: str, direction: str, inputs: list[Tensor]) -> Tensor:
    """Return what one part of the head makes of the states of one direction; (B, H).

    Over pieces, "max" and "mean" take all real timesteps of a document, and "last" the maximum of the pieces' last
    states (Johnson, Zhang 2016, arXiv:1602.02373, section 2.2, pools over regions in this way).
    """
    states, read_lengths, lengths = inputs
    shape, name = (spec.units,), f"read_{part}{direction}"
    if not spec.piece_tokens:
        return _layer(HEADS[part], shape, name)([states, lengths])
    if part == "last":
        return _layer(_max_of_last, shape, name)([states, read_lengths, lengths])
    return _layer(partial(_over_pieces, HEADS[part]), shape, name)([states, lengths])


def _layer(function: Callable[[Tensor], Tensor], shape: tuple[int | None, ...], name: str = "") -> Layer:
    """Return a Keras layer that applies a function of a tensor or of several; `shape` without the batch."""
    import keras

    layer: Layer = keras.layers.Lambda(function, output_shape=shape, name=name or None)
    return layer


def _cut(embedded: Tensor, lengths: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return documents (B, T, D) cut into K pieces, (B * K, L, D), and the pieces' lengths.

    A piece has L = `size` timesteps, or T where that is less: short documents are not padded to a whole piece.
    """
    pieces = _layer(partial(_pieces, size), (None, embedded.shape[-1]), "pieces")(embedded)
    return pieces, _layer(partial(_piece_lengths, size), (), "piece_lengths")([embedded, lengths])


def _pieces(size: int, embedded: Tensor) -> Tensor:
    """Return documents padded to whole pieces and cut; (B * K, L, D)."""
    import tensorflow as tf

    longest = tf.shape(embedded)[1]
    size = tf.minimum(size, longest)  # L
    missing = -longest % size
    padded = tf.pad(embedded, [[0, 0], [0, missing], [0, 0]])
    return tf.reshape(padded, [-1, size, embedded.shape[-1]])


def _piece_lengths(size: int, inputs: list[Tensor]) -> Tensor:
    """Return the real timesteps of each piece, 0 for pieces of padding alone; int32 (B * K,)."""
    import tensorflow as tf

    embedded, lengths = inputs
    starts = tf.range(0, tf.shape(embedded)[1], size)  # (K,); one where a piece holds the longest document
    return tf.reshape(tf.clip_by_value(lengths[:, None] - starts, 0, size), [-1])


def _over_pieces(head: Callable[[list[Tensor]], Tensor], inputs: list[Tensor]) -> Tensor:
    """Return `head` of a document's states laid end to end; (B, H)."""
    import tensorflow as tf

    states, lengths = inputs  # (B * K, L, H), (B,)
    whole = tf.reshape(states, [tf.shape(lengths)[0], -1, states.shape[-1]])  # (B, K * L, H)
    return head([whole, lengths])


def _max_of_last(inputs: list[Tensor]) -> Tensor:
    """Return for each unit the largest of the pieces' last states; (B, H)."""
    import tensorflow as tf

    states, read_lengths, lengths = inputs  # (B * K, L, H), (B * K,), (B,)
    last = _last([states, tf.maximum(read_lengths, 1)])  # (B * K, H)
    last = tf.where(read_lengths[:, None] > 0, last, last.dtype.min)
    return tf.reduce_max(tf.reshape(last, [tf.shape(lengths)[0], -1, states.shape[-1]]), axis=1)


def _turned(inputs: list[Tensor]) -> Tensor:
    """Return sequences with their real timesteps in reverse order, padding where it was; (B, T, D)."""
    import tensorflow as tf

    sequences, lengths = inputs
    return tf.reverse_sequence(sequences, lengths, seq_axis=1, batch_axis=0)


def _real(states: Tensor, lengths: Tensor) -> Tensor:
    """Return 1.0 for real timesteps and 0.0 for padding; float32 (B, T, 1)."""
    import tensorflow as tf

    return tf.sequence_mask(lengths, tf.shape(states)[1], dtype=states.dtype)[:, :, None]


def _last(inputs: list[Tensor]) -> Tensor:
    """Return the state after the last real timestep; (B, H)."""
    import tensorflow as tf

    states, lengths = inputs
    return tf.gather(states, lengths - 1, axis=1, batch_dims=1)  # (B, H)


def _mean(inputs: list[Tensor]) -> Tensor:
    """Return the average over real timesteps; (B, H)."""
    import tensorflow as tf

    states, lengths = inputs
    total = tf.reduce_sum(states * _real(states, lengths), axis=1)  # (B, H)
    return total / tf.cast(lengths, states.dtype)[:, None]


def _max(inputs: list[Tensor]) -> Tensor:
    """Return the largest value of each unit over real timesteps; (B, H)."""
    import tensorflow as tf

    states, lengths = inputs
    hidden = (1.0 - _real(states, lengths)) * states.dtype.min
    return tf.reduce_max(states + hidden, axis=1)  # (B, H)


HEADS: dict[str, Callable[[list[Tensor]], Tensor]] = {"last": _last, "max": _max, "mean": _mean}

Encode = Callable[[NetworkSpec, Tensor, Tensor], Tensor]  # (spec, (B, T, D), lengths (B,)) > (B, H)
ENCODERS: dict[Family, Encode] = {"averages": _averaged, "recurrent": _recurrent}
