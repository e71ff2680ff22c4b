"""Settings: the order of the layers, the texts of errors with their place, and TOML there and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import PipelineError
from pipeline.core.seeds import stage_generator
from pipeline.settings.reading import load_config
from pipeline.settings.setting import CountOrAuto, Paths, Value
from pipeline.settings.tables import SETTINGS, Config, get, quicken, save_config, settled, with_values


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that writes run.toml in an otherwise empty current folder."""
    monkeypatch.chdir(tmp_path)

    def write_text(text: str) -> Path:
        Path("run.toml").write_text(text, encoding="utf-8")
        return Path("run.toml")

    return write_text


def refused(*arguments: Any, **named: Any) -> list[str]:
    with pytest.raises(PipelineError) as caught:
        load_config(*arguments, **named)
    return str(caught.value).split("\n")


def test_nothing_given_is_the_defaults() -> None:
    assert load_config() == Config()


def test_each_layer_wins_over_the_one_before(write: Any) -> None:
    file = write("[networks]\nunits = 1\nlayers = 1\nbatch_size = 1\n[run]\nseeds = 1\n")
    overrides = ["networks.layers=2", "networks.batch_size=2", "run.seeds=2", "networks.layers=3"]
    config = load_config(file, overrides, {"run.seeds": 4})
    networks = config.networks
    assert (networks.units, networks.layers, networks.batch_size, config.run.seeds) == (1, 3, 2, 4)
    assert networks.max_epochs == 0


def test_text_of_the_command_line_becomes_the_type_of_its_key() -> None:
    overrides = [
        "run.refit=true",
        "networks.learning_rate=1e-4",
        "baselines.bow_strengths=0.1, 1",
        'run.embeddings=["a,b.vec", "learned"]',
        "corpus.text = body ",
        "corpus.label=",
    ]
    config = load_config(None, overrides, {"run.models": "bow,lstm", "corpus.test_size": 0.5})
    assert config.run.refit is True
    assert config.networks.learning_rate == 0.0001
    assert config.baselines.bow_strengths == (0.1, 1.0)
    assert config.run.embeddings == ("a,b.vec", "learned")
    assert config.run.models == ("bow", "lstm")
    assert (config.corpus.text, config.corpus.label, config.corpus.test_size) == ("body", None, 0.5)


def test_a_whole_number_will_do_for_a_number(write: Any) -> None:
    clip_norm = load_config(write("[networks]\nclip_norm = 5\n")).networks.clip_norm
    assert type(clip_norm) is float
    assert clip_norm == 5.0


def test_all_mistakes_are_said_at_once_each_with_its_place(write: Any) -> None:
    file = write(
        "unis = 3\n"
        "units = 3\n"
        'corpus = "a.csv"\n'
        "[network]\n"
        "units = 64\n"
        "[networks]\n"
        "  unit = 64\n"
        'units = "64"\n'
        "patience = 0\n"
        "dropout = 1.0\n"
        'keep = "lst"\n'
        "[run]\n"
        'models = "bow"\n'
        "refit = 1\n"
        "probes = 1\n"
    )
    assert refused(
        file, ["networks.patience=none", "units=3", "nets.units=3", "networks.units"], {"run.seeds": 0}
    ) == [
        'run.toml:1:1: "unis" stands outside a table; the tables are corpus, tokenizer, vocabulary, '
        "word2vec, fasttext, embeddings, baselines, networks, run",
        'run.toml:2:1: "units" stands outside a table; write it below [networks]',
        "run.toml:3:1: corpus is a table; write [corpus] and its keys below it",
        'run.toml:4:1: there is no table [network]; did you mean "networks"?',
        'run.toml:7:3: [networks] has no key "unit"; did you mean "units"?',
        'run.toml:8:1: networks.units is "64"; give a whole number from 1',
        "run.toml:9:1: networks.patience is 0; give a whole number from 1",
        "run.toml:10:1: networks.dropout is 1.0; give a number from 0 below 1",
        'run.toml:11:1: networks.keep is "lst"; did you mean "last"?',
        'run.toml:13:1: run.models is "bow"; give a list of texts, such as ["bow", "lstm"]',
        "run.toml:14:1: run.refit is 1; give true or false",
        "run.toml:15:1: run.probes is 1; give true or false",
        '--set networks.patience=none: networks.patience is "none"; give a whole number from 1',
        '--set units=3: there is no key "units"; write networks.units',
        '--set nets.units=3: there is no key "nets.units"; did you mean "networks"?',
        '--set networks.units: there is no "="; write it like --set networks.units=64',
        "--seeds: run.seeds is 0; give auto, or a whole number from 1",
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("networks.units = 0\n", "run.toml:1:1"),
        ("# units = 1\nnetworks = { layers = 1, units = 0 }\n", "run.toml:2:26"),
        ("[run]\nseed = 1\n\n[ networks ] # units\n\n  'units' = 0\n", "run.toml:6:3"),
        ("[run]\nout = '''\n[networks]\nunits = 9'''\n[networks]\nunits = 0\n", "run.toml:6:1"),
        ("[tokenizer]\r\nname = 'words'\r\n[networks]\r\nunits=0\r\n", "run.toml:4:1"),
        ("\ufeff[networks]\nunits = 0", "run.toml:2:1"),
    ],
)
def test_a_key_is_found_however_it_is_written(write: Any, text: str, place: str) -> None:
    assert refused(write(text)) == [f"{place}: networks.units is 0; give a whole number from 1"]


def test_a_table_inside_a_key_is_named_by_its_header(write: Any) -> None:
    text = "[networks.units]\na = 1\n"
    assert refused(write(text)) == ['run.toml:1:1: networks.units is {"a": 1}; give a whole number from 1']


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "[run]\nseeds 3\n",
            "run.toml:2:7: not TOML: expected '=' after a key in a key/value pair; correct it",
        ),
        ('[run]\nmodels = ["bow"', "run.toml:2:16: not TOML: unclosed array; correct it"),
    ],
)
def test_a_file_that_is_not_toml(write: Any, text: str, error: str) -> None:
    assert refused(write(text)) == [error]


def test_files_that_cannot_be_read(write: Any) -> None:
    write("")
    assert refused(Path("absent.toml")) == ["absent.toml: there is no such file; correct --config"]
    assert refused(Path()) == [".: Is a directory; correct --config"]
    Path("latin.toml").write_bytes(b"[run]\nout = '\xe9'\n")
    assert refused(Path("latin.toml")) == ["latin.toml: the file is not UTF-8; save it as UTF-8"]


def test_what_contradicts_itself_is_refused(write: Any) -> None:
    assert refused(None, [], {"corpus.folds": 5, "corpus.test": "t.csv"}) == [
        "--folds: folds test every document of CORPUS, so t.csv (--test) would not be used; "
        "leave one of the two out"
    ]
    assert refused(write('[corpus]\ntest = "t.csv"\n'), ["corpus.folds=5"]) == [
        "--set corpus.folds=5: folds test every document of CORPUS, so t.csv (run.toml:2:1) would not be "
        "used; leave one of the two out"
    ]
    assert refused(None, [], {"corpus.folds": 1}) == [
        "--folds: one fold leaves nothing to train on; give 2 or more, or 0 for a single split"
    ]
    assert refused(None, ["baselines.ngram_min=3"]) == [
        "--set baselines.ngram_min=3: baselines.ngram_min is 3 and baselines.ngram_max is 2; "
        "the first cannot be greater"
    ]
    assert refused(None, [], {"run.models": "bow,lstm,bow"}) == [
        '--models: run.models names "bow" twice; leave one out'
    ]
    assert load_config(None, [], {"corpus.folds": 0, "corpus.test": "t.csv"}).corpus.test == "t.csv"


def test_numbers_that_are_not_finite_or_too_large_are_refused() -> None:
    overrides = ["networks.clip_norm=inf", "networks.learning_rate=nan", "run.seed=2147483648"]
    assert refused(None, overrides) == [
        '--set networks.clip_norm=inf: networks.clip_norm is "inf"; give a number above 0',
        '--set networks.learning_rate=nan: networks.learning_rate is "nan"; give a number from 0',
        '--set run.seed=2147483648: run.seed is "2147483648"; give a whole number from 0 to 2147483647',
    ]
    assert refused(None, ["baselines.bow_strengths=1,-1", "run.models="]) == [
        '--set baselines.bow_strengths=1,-1: baselines.bow_strengths is "1,-1"; '
        "give a list of numbers each above 0",
        '--set run.models=: run.models is ""; give a list of texts, such as ["bow", "lstm"]',
    ]


@pytest.mark.parametrize("points", [1.0, 2.0])
def test_a_region_meant_in_points_is_refused(points: float) -> None:
    assert refused(None, [], {"run.rope": points}) == [
        f"--rope: run.rope is {points}; "
        "give a number from 0 below 1 (a fraction of 1: 0.01 is one point of accuracy)"
    ]
    assert load_config(None, [], {"run.rope": 0.02}).run.rope == 0.02


def test_the_name_of_a_file_has_to_be_utf8() -> None:
    """What Python makes of the byte 0xFF in a name can be written into no config.toml."""
    with pytest.raises(PipelineError) as error:
        load_config(None, (), {"run.compare": ["bad\udcff.csv"]})
    assert str(error.value) == (
        '--compare: run.compare is ["bad\udcff.csv"]; rename the file or folder: its name is not UTF-8'
    )


def test_quick_makes_a_run_smaller_and_leaves_what_was_asked_for(write: Any) -> None:
    config = load_config(write("[word2vec]\nepochs = 9\n"), [], {"run.quick": True, "run.seeds": 2})
    assert (config.run.seeds, config.word2vec.epochs) == (2, 9)
    assert (config.networks.units, config.word2vec.vector_size) == (64, 50)
    assert (config.networks.budget_updates, config.networks.budget_growth) == (300, 1)
    assert load_config(write(save_config(config))) == config
    small = with_values(Config(), {"networks.units": 8})
    assert quicken(small).networks.units == 8
    assert quicken(small).run.seeds == 1


def test_tuning_keeps_every_key_that_was_given(write: Any) -> None:
    file = write('[networks]\nunits = 64\n[run]\nmodels = ["lstm"]\n')
    assert load_config(file, ["baselines.min_df=3"]).run.tune_fixed == ()  # nothing is drawn
    config = load_config(file, ["baselines.min_df=3", "networks.units=64"], {"run.tune": 4, "run.seed": 1})
    assert config.run.tune_fixed == ("baselines.min_df", "networks.units")


def test_a_saved_run_names_the_keys_that_were_given_to_it_and_more_can_be_given(write: Any) -> None:
    config = load_config(None, ["networks.units=64"], {"run.tune": 4})
    saved = write(save_config(config))
    assert load_config(saved) == config
    again = load_config(saved, ["networks.dropout=0.1"])
    assert again.run.tune_fixed == ("networks.dropout", "networks.units")


@pytest.mark.parametrize(
    ("key", "fix"),
    [("networks.unit", 'did you mean "networks.units"?'), ("run.seed", "it is one of baselines.ngram_min, ")],
)
def test_only_keys_of_models_can_be_kept_from_tuning(key: str, fix: str) -> None:
    (message,) = refused(None, [f"run.tune_fixed={key}"], {"run.tune": 4})
    assert message.startswith(f'--set run.tune_fixed={key}: run.tune_fixed names "{key}"; {fix}')


def test_a_probe_that_does_not_exist_is_refused_with_the_likely_name() -> None:
    assert refused(None, ["run.extra_probes=needle,forget-bios"]) == [
        '--set run.extra_probes=needle,forget-bios: run.extra_probes is "forget-bios"; did you mean "forget-bias"?'
    ]
    assert refused(None, [], {"run.extra_probes": "needle,needle"}) == [
        '--probes: run.extra_probes names "needle" twice; leave one out'
    ]


def test_probes_cannot_be_asked_for_and_switched_off() -> None:
    assert refused(None, [], {"run.extra_probes": "needle", "run.probes": False}) == [
        "--probes: no probe is run, so that needle would not be; leave out --no-probes, or this"
    ]


def test_every_default_is_allowed_and_every_number_has_bounds() -> None:
    refused = [key for key, setting in SETTINGS.items() if not setting.check.allows(setting.default)]
    assert refused == []
    numbers = {key for key, setting in SETTINGS.items() if setting.hint in (int, float, tuple[float, ...])}
    unbounded = {key for key in numbers if not SETTINGS[key].check.words()}
    assert unbounded == {"word2vec.ns_exponent"}  # any finite exponent has a meaning


def test_every_setting_says_what_it_means_in_a_sentence() -> None:
    assert [key for key, setting in SETTINGS.items() if not setting.help.endswith(".")] == []


# Any value that a key may take: text with every character TOML can hold, numbers within their bounds.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
NUMBERS: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(0, 2**31 - 1),
    float: st.floats(0, 1e300),
    tuple[float, ...]: st.lists(st.floats(1e-300, 1e300), min_size=1).map(tuple),
}


def values(key: str) -> st.SearchStrategy[Value]:
    hint, check = SETTINGS[key].hint, SETTINGS[key].check
    if check.choices or check.size:
        return st.sampled_from(check.choices or ("4GB", "500 MB", "62.5%"))
    if hint in NUMBERS:
        return NUMBERS[hint].filter(check.allows)
    if hint is bool:
        return st.booleans()
    if hint == CountOrAuto:
        return st.just("auto") | st.integers(1, 2**31 - 1)
    if hint == tuple[str, ...]:
        return st.lists(TEXTS, min_size=1, unique=True).map(tuple)
    paths = TEXTS | st.lists(TEXTS, min_size=2).map(tuple)
    others = {str: TEXTS, str | None: st.none() | TEXTS, Paths: paths, Paths | None: st.none() | paths}
    return others[hint]


# Left out: pairs of keys that can contradict each other.
FREE_KEYS = sorted(
    set(SETTINGS)
    - {"corpus.folds", "baselines.ngram_min", "baselines.ngram_max", "word2vec.alpha", "word2vec.min_alpha"}
    - {"word2vec.negative"}
    - {"fasttext.min_n", "fasttext.max_n"}
    - {"run.tune_fixed", "run.extra_probes"}
)


@given(st.fixed_dictionaries({}, optional={key: values(key) for key in FREE_KEYS}))
def test_saved_settings_are_read_back_the_same(tmp_path_factory: Any, changed: dict[str, Value]) -> None:
    config = with_values(Config(), changed)
    file = tmp_path_factory.getbasetemp() / "round.toml"
    file.write_bytes(save_config(config).encode())
    assert load_config(file) == config


def test_a_setting_of_paths_is_one_or_several(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    for written, there in (
        ('"a,b.csv"', "a,b.csv"),
        ('["a.csv", "b.csv"]', ("a.csv", "b.csv")),
        ('["a.csv"]', "a.csv"),
    ):
        file.write_text(f"[corpus]\npath = {written}\n", encoding="utf-8")
        assert load_config(file).corpus.path == there
    set_ = load_config(
        None, ["corpus.path=a,b.csv", 'corpus.test=["c.csv", "d,e.csv"]', "corpus.validation=[ab].csv"]
    )
    corpus = set_.corpus
    assert (corpus.path, corpus.test, corpus.validation) == ("a,b.csv", ("c.csv", "d,e.csv"), "[ab].csv")
    assert load_config(None, [], {"corpus.path": ["a.csv", "b.csv"]}).corpus.path == ("a.csv", "b.csv")
    file.write_text("[corpus]\npath = []\ntest = 3\n", encoding="utf-8")
    assert refused(file, [], {}) == [
        f"{file}:2:1: corpus.path is []; give a path or a list of paths",
        f"{file}:3:1: corpus.test is 3; give a path or a list of paths",
    ]


def test_the_saved_text_is_toml_with_one_table_a_part() -> None:
    config = with_values(Config(), {"corpus.text": 'a "b"\x7f', "run.refit": True})
    lines = save_config(config).splitlines()
    assert lines[:3] == ["[corpus]", 'path = "bbc-news"', 'text = "a \\"b\\"\\u007f"']
    assert "sample = 0.001" in lines
    assert "refit = true" in lines
    assert 'models = ["bow", "tfidf", "nbsvm", "ann", "rnn", "lstm", "lstm:max"]' in lines
    assert get(config, "corpus.test") is None
    assert not any(line.startswith("test =") for line in lines)


def test_a_stage_has_its_own_random_numbers() -> None:
    first = stage_generator(7, "split").integers(1 << 40)
    assert first == stage_generator(7, "split").integers(1 << 40)
    others = [stage_generator(8, "split"), stage_generator(7, "splits"), stage_generator(7, "tokens")]
    assert all(generator.integers(1 << 40) != first for generator in others)


@pytest.mark.parametrize(
    ("model", "n_train", "batch_size", "rate"),
    [
        ("lstm", 1, 16, 0.002),
        ("lstm", 999, 16, 0.002),
        ("gru", 1_000, 32, 0.004),
        ("bilstm", 8_000, 64, 0.004),
        ("rnn", 1_000, 32, 0.002),
        ("ann", 1_000_000, 64, 0.002),
    ],
)
def test_a_network_has_the_batch_size_and_learning_rate_of_its_corpus(
    model: str, n_train: int, batch_size: int, rate: float
) -> None:
    own = settled(Config(), model, n_train).networks
    assert (own.batch_size, own.learning_rate) == (batch_size, rate)


def test_a_batch_size_that_was_given_has_its_own_learning_rate() -> None:
    config = load_config(None, ["networks.batch_size=64"], {})
    assert settled(config, "lstm", 40).networks.learning_rate == 0.004
    fewest = load_config(None, ["networks.batch_size=1"], {})
    assert settled(fewest, "lstm", 40_000).networks.learning_rate == 0.002


def test_what_the_settings_say_of_training_holds_for_every_network() -> None:
    config = load_config(None, ["networks.learning_rate=0.01", "networks.batch_size=8"], {})
    assert {settled(config, model, n_train) for model in ("lstm", "rnn") for n_train in (40, 9_000)} == {
        config
    }
