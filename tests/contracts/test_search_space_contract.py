"""What the search space of --tune promises for every model, whatever the tables hold."""

from __future__ import annotations

import pytest

from pipeline.baselines import BASELINES
from pipeline.config import CHECKS, KEY_TYPES, TUNED_TABLES, Check, Config, with_values
from pipeline.networks.models import NETWORKS
from pipeline.tuning import SPACES, draw_trials

MODELS = sorted(SPACES)


def test_every_model_with_something_to_choose_has_a_search_space() -> None:
    assert set(SPACES) == {*BASELINES, *NETWORKS} - {"majority"}


@pytest.mark.parametrize("model", MODELS)
def test_every_setting_is_a_key_of_the_tables_that_are_tuned(model: str) -> None:
    assert {key.split(".")[0] for key in SPACES[model]} <= set(TUNED_TABLES)
    assert set(SPACES[model]) <= set(KEY_TYPES)


@pytest.mark.parametrize("model", MODELS)
def test_every_drawn_value_is_one_that_a_person_could_give(model: str) -> None:
    trials = draw_trials(model, with_values(Config(), {"run.tune": 60}))
    assert len(trials) == 60
    for settings in trials:
        for key, value in settings.items():
            assert CHECKS.get(key, Check()).allows(value), (key, value)
            expected = tuple if KEY_TYPES[key] == tuple[float, ...] else KEY_TYPES[key]
            assert type(value) is expected, (key, value)


def test_a_drawn_nbsvm_may_count_n_grams_seen_once_where_documents_are_short() -> None:
    """0 is 1 for sentences, whose n-grams seen once are a gain (docs/decisions/0010), and 2 for long documents."""
    trials = draw_trials("nbsvm", with_values(Config(), {"run.tune": 60}))
    assert {settings["baselines.nbsvm_min_df"] for settings in trials[1:]} == {0, 2, 3, 5}
