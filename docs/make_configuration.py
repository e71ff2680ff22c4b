"""Write docs/configuration.md from the settings, their checks and the command line's help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import typer

from pipeline import cli
from pipeline.settings.reading import expected
from pipeline.settings.tables import (
    KEY_TYPES,
    NOT_YET,
    OPTIONS,
    OWN_TRAINING,
    TABLES,
    Config,
    Value,
    default,
    get,
    quicken,
)

PAGE = Path(__file__).with_name("configuration.md")

TITLES = {
    "corpus": "which files, which columns, how they are split",
    "tokenizer": "how text becomes tokens",
    "vocabulary": "which training tokens get a row",
    "word2vec": "gensim's own settings under gensim's own names",
    "fasttext": "what it needs beyond `[word2vec]`, under gensim's own names",
    "embeddings": "what every source shares, and the size of `learned` and `random`",
    "baselines": "what the linear models read, and logistic regression",
    "networks": "what `ann` and the recurrent networks share",
    "run": "what is compared, how often, where it is written",
}


def _batch_sizes() -> str:
    """Return in words which batch size follows from which number of training documents."""
    *rows, last = OWN_TRAINING
    return f"{''.join(f'{row.batch_size} below {row.below:,.0f}, ' for row in rows)}else {last.batch_size}"


def _rates(kind: str) -> str:
    """Return in words the learning rates that belong to the batch sizes; `kind` is a field of `OwnTraining`."""
    rates = {row.batch_size: getattr(row, kind) for row in OWN_TRAINING}
    if len(set(rates.values())) == 1:
        return f"{rates.popitem()[1]:g}"
    return ", ".join(f"{rate:g} with batches of {size}" for size, rate in rates.items())


# Keys with an option of their own are explained by its help; the others here.
MEANINGS = {
    "networks.min_gain": "Nats by which the validation loss has to fall to count against the patience; the weights of "
    "the lowest loss are kept all the same.",
    "run.training_seed": "Another number trains word vectors and networks from other seeds; split and samples stay.",
    "corpus.validation_size": "The share of the training documents that choose strengths and epochs.",
    "tokenizer.name": "`words`: Unicode words, each Han ideograph, every other character that is not blank. "
    "`whitespace`: for text that is tokenised already.",
    "tokenizer.lowercase": "Lower-case the text first.",
    "tokenizer.html_breaks": "Read `<br>` and `<br />` as blanks.",
    "vocabulary.min_count": "Least number of occurrences in training documents.",
    "vocabulary.max_size": "Most words that get a row, most frequent first; 0: no limit.",
    "word2vec.algorithm": "`skip-gram` predicts neighbours from a word, `cbow` a word from its neighbours.",
    "word2vec.vector_size": "Dimension of the vectors.",
    "word2vec.window": "Greatest distance between a word and its neighbour, in words.",
    "word2vec.epochs": "Passes over the text; 0: enough to read eight million tokens, from 5 to 100.",
    "word2vec.min_count": "Least number of occurrences of a word; lowered, and said so, "
    "where fewer than half of the tokens would be left.",
    "word2vec.negative": "Noise words drawn for each neighbour; 0: none.",
    "word2vec.hierarchical_softmax": "Train a binary tree of words too.",
    "word2vec.ns_exponent": "Noise words are drawn by their frequency to this power.",
    "word2vec.sample": "Words more frequent than this share of the text are thinned out; 0: none.",
    "word2vec.alpha": "Learning rate at the start.",
    "word2vec.min_alpha": "Learning rate at the end.",
    "word2vec.shrink_windows": "Draw each window's size from 1 to `window`.",
    "word2vec.cbow_mean": "CBOW averages the neighbours; false: it adds them.",
    "word2vec.workers": "Threads; 0: one a core. With `--deterministic` one is used.",
    "fasttext.min_n": "Characters of the shortest n-gram of a word, the signs for its start and end included.",
    "fasttext.max_n": "Characters of the longest n-gram.",
    "fasttext.bucket": "Places for n-grams at most, shared where there are more n-grams; 0: 2,000,000.",
    "embeddings.dimension": "Dimension of `learned` and `random`.",
    "embeddings.scale": "Standard deviation that a source's vectors are brought to; `learned` excepted. "
    "0 leaves them as they are.",
    "baselines.ngram_min": "Tokens in the shortest n-gram.",
    "baselines.ngram_max": "Tokens in the longest n-gram.",
    "baselines.min_df": "Least number of training documents that hold an n-gram; 0: 1 or 2, whichever is better on the "
    "validation documents, where training documents have fewer than 50 tokens on average and are not too many, else 2.",
    "baselines.bow_binary": "`bow` counts an n-gram once a document; false: counts, divided by the largest.",
    "baselines.sublinear_tf": "`tfidf` uses 1 + ln(count) for the count.",
    "baselines.bow_strengths": "Values of C (small: strong regularisation) that `bow` chooses from.",
    "baselines.tfidf_strengths": "Values of C that `tfidf` chooses from.",
    "baselines.nbsvm_ngram_max": "Tokens in the longest n-gram of `nbsvm`; 0: 2 where training documents have "
    "fewer than 50 tokens on average, else 3.",
    "baselines.nbsvm_min_df": "As `min_df`, of `nbsvm`.",
    "baselines.nbsvm_alpha": "Added to each count before `nbsvm` takes the ratio of two classes' counts.",
    "baselines.nbsvm_betas": "Shares of each weight of `nbsvm` that are its own (the rest is the mean size of all) "
    "that it chooses from.",
    "baselines.nbsvm_powers": "Powers of the naive-Bayes ratio that `nbsvm` chooses from: 1 as published, 0 no ratio.",
    "baselines.nbsvm_strengths": "Values of C that `nbsvm` chooses from.",
    "baselines.mean_strengths": "Values of C that `mean` chooses from.",
    "baselines.max_iter": "Most iterations of logistic regression.",
    "networks.units": "Units of a hidden layer.",
    "networks.layers": "Hidden layers, one above the other.",
    "networks.head": "What makes one vector of all states, for networks whose name says none: `last`, `max`, `mean`, "
    "`max+mean`; `own`: each network's own. `--tune` draws it.",
    "networks.vectors": "How word vectors are trained, where the source's name says nothing: `frozen`, `tuned`, "
    "`frozen-then-tuned`; `own`: as the source's are. `--tune` draws it.",
    "networks.keep": "Which tokens of a document longer than `max_tokens` are read; `pieces` reads all of every "
    "document, in pieces.",
    "networks.piece_tokens": 'With `keep = "pieces"`: tokens of a piece. The state begins anew in each; heads pool '
    "over all of them.",
    "networks.bptt": "Truncated backpropagation: in each layer and direction gradients flow back so many timesteps "
    "from the end of its own reading; the states before are constants, also for a head that reads them all. "
    "With pieces, from each piece's end. 0: all the way.",
    "networks.batch_size": f"Documents of one update; 0: by the number of training documents: {_batch_sizes()}.",
    "networks.learning_rate": f"Of Adam; 0: of `rnn` and `ann` {_rates('plain_rate')}; of networks with gates (`gru`, "
    f"`lstm`, `bilstm`) {_rates('gated_rate')}.",
    "networks.schedule": "Of the learning rate: `cosine` falls to 0 at the end of the budget, which then does not "
    "grow.",
    "networks.clip_norm": "Gradients longer than this are shortened to it.",
    "networks.budget_updates": "A training may last so many updates (one batch each), or `budget_epochs` passes over "
    "the training documents where those are more. With `:frozen-then-tuned` each of the two phases may.",
    "networks.budget_epochs": "See `budget_updates`.",
    "networks.budget_growth": "While the validation loss still falls, the budget grows up to so many times itself. "
    "1: it stays.",
    "networks.min_updates": "No training is stopped before so many updates.",
    "networks.patience": "Training stops after so many passes without a better validation loss, if they were "
    "`patience_updates` updates at least.",
    "networks.patience_updates": "See `patience`.",
    "networks.evaluate_every": "Updates from one look at the validation documents to the next. 0: after each pass, but "
    "every 50 updates or so: up to four times a pass on large corpora, after several on small ones.",
    "networks.max_epochs": "So many passes at most, instead of the budget, with a look at the validation documents "
    "after each. 0: the budget holds.",
    "networks.word_dropout": "Share of words whose vectors are set to zero.",
    "networks.embedding_dropout": "Share of embedding dimensions set to zero, the same for a whole document.",
    "networks.weight_drop": "Share of the weights between states that are zero, drawn for each batch.",
    "networks.dropout": "Share of what the output layer reads that is set to zero.",
    "networks.forget_bias": "What the bias of the forget gates of `lstm` and `bilstm` starts from: the larger, the "
    "longer a cell holds what it has before anything is learned. Keras' own is 1.",
    "networks.ema": "Decay of a moving average of the weights, which then predicts; 0: none.",
    "run.tune_fixed": "Keys of `[baselines]` and `[networks]` that no trial of `--tune` changes; every key that is "
    "given is one. The config.toml of a run names those that were given to that run.",
    "run.cache_gib": "Most space that the cache takes, in GiB (docs/cache.md).",
    "run.class_weights": "`balanced`: a document counts more the rarer its class is in training, so that "
    "every class counts the same; `none`: every document counts the same.",
    "run.side_by_side": "Most fits that run at once, each in a process of its own; 1: one after the other; "
    "0: as many as pay. Never more than one on a GPU. Results do not depend on it.",
    "run.learning_curve_sizes": "Numbers of training documents of `--learning-curve`, each half of the next, the "
    "largest all of them; fewer where the smallest would be under 50 documents or two a class.",
}

HEAD = """# Configuration

<!-- Written by docs/make_configuration.py; `make configuration` writes it again. -->

Every setting is a key in a TOML table. A file with any of them is given by `--config`, a single one by
`--set`, and the most used have an option of their own:

```toml
[networks]
units = 64

[run]
models = ["tfidf", "lstm"]
```
```sh
python run_pipeline.py reviews.csv --config settings.toml --set networks.layers=2 --seeds 5
```

An option wins over `--set`, `--set` over the file, the file over the defaults. A list in `--set` is written
with commas: `--set run.models=tfidf,lstm`. The resolved settings are saved in the run folder as `config.toml`;
given to `--config` (with another `--out`, if it holds one), that file repeats the run. A key or value that
does not exist is an error that names the line and the likely key; all mistakes are said at once.
"""

QUICK_HEAD = """## What `--quick` changes

At most 2,000 documents of the corpus are drawn, and these settings are smaller, where they are not given:

| key | default | with `--quick` |
| --- | --- | --- |"""

NOT_YET_HEAD = """## Kept for later

These keys have no effect in this version; giving them another value is refused: """


def page() -> str:
    """Return the whole page as Markdown."""
    helps = option_helps()
    tables = [line for table in TABLES for line in table_lines(table, helps)]
    kept = ", ".join(f"`{key}`" for key in NOT_YET)
    later = ["", f"{NOT_YET_HEAD}{kept}."] if kept else []
    return "\n".join([HEAD, *tables, QUICK_HEAD, *quick_lines(), *later]) + "\n"


def option_helps() -> dict[str, str]:
    """Return the help of each key that has an option, without the default at its end."""
    command = typer.main.get_command(cli.script)
    helps = {
        name: getattr(parameter, "help", None) or ""
        for parameter in command.params
        for name in (
            "CORPUS" if parameter.param_type_name == "argument" else option for option in parameter.opts
        )
    }
    return {key: re.sub(r" Default: .*$", "", helps[option]) for key, option in OPTIONS.items()}


def table_lines(table: str, helps: dict[str, str]) -> Iterator[str]:
    """Yield one TOML table: a heading and a row a key."""
    yield f"## `[{table}]`: {TITLES[table]}"
    yield ""
    yield "| key | default | takes | option | meaning |"
    yield "| --- | --- | --- | --- | --- |"
    for key in KEY_TYPES:
        if key.startswith(f"{table}.") and key not in NOT_YET:
            option = f"`{OPTIONS[key]}`" if key in OPTIONS else ""
            meaning = helps.get(key) or MEANINGS[key]
            cells = (f"`{key.split('.')[1]}`", shown(default(key)), expected(key), option, meaning)
            yield f"| {' | '.join(cells)} |"
    yield ""


def quick_lines() -> Iterator[str]:
    """Yield a row for each key that --quick makes smaller."""
    quick = quicken(Config())
    for key in KEY_TYPES:
        if get(quick, key) != default(key):
            yield f"| `{key}` | {shown(default(key))} | {shown(get(quick, key))} |"


def shown(value: Value) -> str:
    """Return a default as it stands in the page; nothing for a key without one.

    >>> shown(("bow", "lstm")), shown(False), shown(None)
    ('bow, lstm', 'false', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name}")
