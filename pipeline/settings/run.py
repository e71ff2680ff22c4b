"""The settings of a run: what is compared, how often, where it is written."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.tasks import TASKS
from pipeline.core.wording import FIRST_METRIC, METRIC_NAMES
from pipeline.settings.setting import AUTO, COUNT_OR_NONE, Check, CountOrAuto, named, setting, switch

FIRST_SEEDS, MOST_SEEDS = 3, 6  # of "auto": each network's, and at most those of the network of the verdict

# Probes that run only where they are named, since they train networks of their own: a test compares the table.
EXTRA_PROBES = ("needle", "forget-bias")

_SEED = Check(minimum=0, maximum=2**31 - 1)


@dataclass(frozen=True)
class RunSettings:
    """`[run]`: what is compared, how often, where it is written."""

    task: str = setting(
        AUTO,
        "What is asked: a class for each document (classify), a tag for each word (tag), or what follows in a text "
        "(generate). auto: by the files, which never ask for the last.",
        Check(choices=(AUTO, *TASKS)),
        option="--task NAME",
    )
    models: tuple[str, ...] = setting(
        TASKS["classify"].models,
        "Models, separated by commas: majority, bow, tfidf, nbsvm, mean, ann, rnn, gru, lstm, bilstm; of words with "
        f"tags {', '.join(TASKS['tag'].models)}, of what follows {', '.join(TASKS['generate'].models)}: those are the "
        "defaults there.",
        Check(min_items=1),
        option="--models LIST",
    )
    embeddings: tuple[str, ...] = setting(
        ("auto",),
        "Embeddings, separated by commas: word2vec, fasttext, learned, random, glove-6b-50d, or a vector "
        "file; A+B side by side; then :frozen, :tuned, :frozen-then-tuned, :shuffled-rows. auto: word2vec, "
        "tuned where training documents have fewer than 50 tokens on average.",
        option="--embeddings LIST",
    )
    seeds: CountOrAuto = setting(
        AUTO,
        f"How often each network is trained; the split stays the same. auto: {FIRST_SEEDS} times, then up to "
        f"{MOST_SEEDS} for the network of the verdict, while seeds make up more than half of the chance in it.",
        Check(minimum=1, auto=True),
        option="--seeds N",
        quick=1,
    )
    seed: int = setting(
        0, "The number that the split and all random choices start from.", _SEED, option="--seed N"
    )
    training_seed: int = setting(
        0,
        "Another number trains word vectors and networks from other seeds; split and samples stay.",
        _SEED,
    )
    refit: bool = switch(
        "Train again on training + validation documents with what validation chose.", "--refit"
    )
    tune: int = setting(
        0,
        "Random trials of each model's settings, as many for each, the best chosen on validation documents.",
        COUNT_OR_NONE,
        option="--tune N",
    )
    tune_fixed: tuple[str, ...] = setting(  # `load_config` fills in the keys that were given
        (),
        "Keys of `[baselines]` and `[networks]` that no trial of `--tune` changes; every key that is "
        "given is one. The config.toml of a run names those that were given to that run.",
    )
    class_weights: str = setting(
        "none",
        "`balanced`: a document counts more the rarer its class is in training, so that "
        "every class counts the same; `none`: every document counts the same.",
        Check(choices=("none", "balanced")),
    )
    metric: str = setting(
        FIRST_METRIC,
        f"What models are chosen, compared and judged by: {', '.join(METRIC_NAMES)}.",
        Check(choices=METRIC_NAMES),
        option="--metric NAME",
    )
    rope: float = setting(
        0.01,
        "Differences in the metric up to this size count as equal; 0.01 is one point (0.01 nats of log loss).",
        Check(minimum=0, below=1, unit="a fraction of 1: 0.01 is one point of accuracy"),
        option="--rope SHARE",
    )
    compare: tuple[str, ...] = setting(
        (),
        "Predictions of another model for the same test documents: columns document, predicted; may be repeated.",
        option="--compare PREDICTIONS...",
    )
    learning_curve: bool = switch(
        "Train on fewer documents too, and show where the two families cross.", "--learning-curve"
    )
    learning_curve_sizes: int = setting(
        5,
        "Numbers of training documents of `--learning-curve`, each half of the next, the "
        "largest all of them; fewer where the smallest would be under 50 documents or two a class.",
        Check(minimum=2),
    )
    shard: str = setting(
        "",
        "Do one share of the run, such as 3/20, and leave a folder for `python -m pipeline merge`; no report.",
        option="--shard K/N",
        decides=False,
    )
    minutes: float = setting(
        0.0,
        "Stop after so many minutes with the scores of what has finished; the same command later goes on. 0: no limit.",
        Check(minimum=0),
        option="--minutes N",
        decides=False,
    )
    out: str | None = named("A new folder for the run; reports/CORPUS-TIME if absent.", "--out DIR")
    protocol: str | None = named(
        "The plan of this run: a new file (TOML or .json), written before anything is fitted; or one that is there: "
        "the report and verify then say whether the run kept to it.",
        "--protocol FILE",
    )
    # what it makes smaller has keys of its own
    quick: bool = switch(
        "A first answer on a sample, with smaller networks, in about a minute.", "--quick", decides=False
    )
    deterministic: bool = switch("The same numbers each time on the same machine; slower.", "--deterministic")
    cache: bool = switch(
        "Train and read word vectors anew, and keep none for the next run.", "--no-cache", decides=False
    )
    cache_gib: float = setting(
        2.0,
        "Most space that the cache takes, in GiB (docs/reference/cache.md).",
        Check(above=0, maximum=100_000),
        decides=False,
    )
    probes: bool = switch(
        "Do not look at what networks remember and what words add to answers; saves some seconds.",
        "--no-probes",
        decides=False,
    )
    extra_probes: tuple[str, ...] = setting(
        (),
        f"More probes, which train networks of their own: {', '.join(EXTRA_PROBES)}.",
        Check(choices=EXTRA_PROBES),
        option="--probes LIST",
        decides=False,
    )
    keep_folds: bool = switch(
        "Save the models of every fold, not of the first alone.", "--keep-folds", decides=False
    )
    debug: bool = switch(
        "Show the traceback of an error, and all that TensorFlow writes.", "--debug", decides=False
    )
    executor: str = setting(
        "local",
        "Where fits run: in processes of this machine (local), on a Ray cluster that is started here (ray), or on one "
        "that runs (ray://HOST:PORT). Results do not depend on it.",
        option="--executor NAME",
        decides=False,
    )
    side_by_side: int = setting(
        0,
        "Most fits that run at once, each in a process of its own; 1: one after the other; "
        "0: as many as pay. Never more than one on a GPU. Results do not depend on it.",
        COUNT_OR_NONE,
        decides=False,
    )
    max_memory: str | None = setting(
        None,
        "Most memory that the run takes, such as 4GB, 500MB or 60% of what is free: fewer fits run at once. "
        "60% if absent; then a fit that needs more by itself is run alone, with a warning.",
        Check(size=True),
        option="--max-memory SIZE",
        decides=False,
    )
