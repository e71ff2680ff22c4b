"""What the search space of --tune promises for every model, whatever the tables hold."""

from __future__ import annotations

import pytest

from pipeline.core import models
from pipeline.experiment.tuning import draw_trials
from pipeline.experiment.tuning.trials import first_settings
from pipeline.models.search_space import OneOf
from pipeline.models.table import space_of
from pipeline.settings.tables import SETTINGS, TUNED_TABLES, Config, settled, with_values

MODELS = sorted(model for model in models.MODELS if space_of(model))


def test_every_model_with_something_to_choose_has_a_search_space() -> None:
    classifiers = {name for name, entry in models.MODELS.items() if "classify" in entry.tasks}
    assert set(MODELS) == classifiers - {"majority"}


@pytest.mark.parametrize("model", MODELS)
def test_every_setting_is_a_key_of_the_tables_that_are_tuned(model: str) -> None:
    assert {key.split(".")[0] for key in space_of(model)} <= set(TUNED_TABLES)
    assert set(space_of(model)) <= set(SETTINGS)


@pytest.mark.parametrize("model", MODELS)
def test_every_drawn_value_is_one_that_a_person_could_give(model: str) -> None:
    trials = draw_trials(model, with_values(Config(), {"run.tune": 60}))
    assert len(trials) == 60
    for settings in trials:
        for key, value in settings.items():
            assert SETTINGS[key].check.allows(value), (key, value)
            expected = tuple if SETTINGS[key].hint == tuple[float, ...] else SETTINGS[key].hint
            assert type(value) is expected, (key, value)


def test_a_drawn_nbsvm_may_count_n_grams_seen_once_where_documents_are_short() -> None:
    """0 is 1 for sentences, whose n-grams seen once are a gain (docs/decisions/0010), and 2 for long documents."""
    trials = draw_trials("nbsvm", with_values(Config(), {"run.tune": 60}))
    assert {settings["baselines.nbsvm_min_df"] for settings in trials[1:]} == {0, 2, 3, 5}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("n_train", [100, 5_000, 100_000])
def test_every_default_lies_inside_its_range(model: str, n_train: int) -> None:
    """An end may be the default only where the setting itself ends there: no dropout is the least there is."""
    config = settled(Config(), model, n_train)
    for key, value in first_settings(model, config).items():
        default = value[0] if isinstance(value, tuple) else value
        drawn = space_of(model)[key]
        if isinstance(drawn, OneOf):
            assert default in drawn.values, (key, default)
        else:
            check = SETTINGS[key].check
            assert drawn.low < default or check.minimum == drawn.low, (key, default)
            assert default < drawn.high or check.maximum == drawn.high, (key, default)


@pytest.mark.parametrize("model", sorted(models.networks()))
def test_a_network_draws_its_own_head_or_another_never_one_twice(model: str) -> None:
    heads = models.MODELS[model].heads
    drawn = space_of(model).get("networks.head")
    assert (drawn is None) == (not heads)
    if isinstance(drawn, OneOf):
        others = {head for head in drawn.values if head != "own"}
        assert {*others, models.MODELS[model].default_head} == set(heads)
        assert models.MODELS[model].default_head not in others
