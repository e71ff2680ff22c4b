"""Names from the command line to planned models."""

from __future__ import annotations

import pytest

from pipeline.core.errors import PipelineError
from pipeline.experiment.plan import (
    check_settings,
    kinds_for_verdict,
    left_out,
    own_source,
    plan_models,
    unused_sources,
)
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import NetworkSettings


def names(models: tuple[str, ...], sources: tuple[str, ...]) -> list[str]:
    return [planned.name for planned in plan_models(models, sources)]


def test_baselines_come_first_and_networks_are_crossed_with_sources() -> None:
    in_order = "bow lstm@word2vec lstm@learned:frozen rnn:max@word2vec rnn:max@learned:frozen"
    assert names(("lstm", "bow", "rnn:max"), ("word2vec", "learned:frozen")) == in_order.split()


def test_a_planned_model_keeps_its_parts() -> None:
    assert plan_models(("majority", "tfidf", "lstm:max", "ann", "gru"), ("random:tuned",)) == (
        PlannedModel("majority", "control", "majority"),
        PlannedModel("tfidf", "baseline", "tfidf"),
        PlannedModel("lstm:max@random:tuned", "network", "lstm", "max", "random:tuned", "random:tuned"),
        PlannedModel("ann@random:tuned", "network", "ann", "", "random:tuned", "random:tuned"),
        PlannedModel("gru@random:tuned", "network", "gru", "last", "random:tuned", "random:tuned"),
    )


def test_mean_is_a_control_crossed_with_the_frozen_sources() -> None:
    sources = ("word2vec", "word2vec:tuned", "learned", "random:shuffled-rows")
    assert plan_models(("mean", "nbsvm"), sources) == (
        PlannedModel("nbsvm", "baseline", "nbsvm"),
        *(
            PlannedModel(f"mean@{source}", "control", "mean", None, source, source)
            for source in ("word2vec", "random:shuffled-rows")
        ),
    )
    assert left_out(("mean", "nbsvm", "lstm"), sources) == [
        "mean@word2vec:tuned is left out: mean reads vectors that no network changes [model-left-out]",
        "mean@learned is left out: mean reads vectors that no network changes [model-left-out]",
    ]
    assert left_out(("nbsvm", "lstm"), sources) == []


def test_only_networks_are_fitted_once_a_seed() -> None:
    planned = plan_models(("majority", "nbsvm", "mean", "ann", "lstm"), ("word2vec",))
    assert [model.model for model in planned if model.seeded] == ["ann", "lstm"]


def test_two_names_of_one_network_are_refused() -> None:
    with pytest.raises(PipelineError) as error:
        plan_models(("rnn", "rnn:last"), ("learned",))
    assert str(error.value) == '--models: "rnn@learned" and "rnn:last@learned" are one network; leave one out'


@pytest.mark.parametrize(
    ("models", "sources", "settings", "what"),
    [
        ("lstm lstm:max", "word2vec", {"head": "max"}, "lstm@word2vec lstm:max@word2vec networks.head max"),
        (
            "lstm",
            "random:tuned random",
            {"vectors": "tuned"},
            "lstm@random:tuned lstm@random networks.vectors tuned",
        ),
        (
            "rnn rnn:max",
            "random",
            {"head": "max", "vectors": "tuned"},
            "rnn@random rnn:max@random networks.head max and networks.vectors tuned",
        ),
    ],
)
def test_settings_that_make_two_names_one_network_are_refused(
    models: str, sources: str, settings: dict[str, str], what: str
) -> None:
    planned = plan_models(tuple(models.split()), tuple(sources.split()))
    check_settings(planned, NetworkSettings())
    with pytest.raises(PipelineError) as error:
        check_settings(planned, NetworkSettings(**settings))  # type: ignore[arg-type]
    one, other, key = what.split(" ", 2)
    assert str(error.value) == (
        f'--models: "{one}" and "{other}" are one network with {key}; leave one out, or the setting'
    )


@pytest.mark.parametrize(
    ("models", "sources"),
    [
        (("lstm:last", "lstm:max"), ("random",)),  # both names say their head
        (("lstm", "lstm:max:shuffled-words"), ("random",)),
        (("lstm",), ("random", "random:shuffled-rows", "learned", "random:frozen-then-tuned")),
        (("ann", "mean", "bow"), ("random",)),
    ],
)
def test_settings_leave_networks_two_whose_names_differ_otherwise(
    models: tuple[str, ...], sources: tuple[str, ...]
) -> None:
    check_settings(plan_models(models, sources), NetworkSettings(head="max", vectors="tuned"))


def test_a_head_without_a_name_is_refused() -> None:
    with pytest.raises(PipelineError) as error:
        plan_models(("lstm:",), ("learned",))
    assert str(error.value) == '--models: "lstm:" names no head; use "lstm", or lstm:last'


def test_a_name_given_twice_is_one_model() -> None:
    assert names(("bow", "lstm", "bow", "lstm"), ("learned",)) == ["bow", "lstm@learned"]


def test_baselines_need_no_source_and_leave_one_unused() -> None:
    assert names(("bow",), ()) == ["bow"]
    assert unused_sources(plan_models(("bow",), ("random",)), ("random",)) == [
        "embedding source random was asked for, but no model of this run reads it [source-not-used]"
    ]
    assert unused_sources(plan_models(("bow",), ("auto",)), ("auto",)) == []  # the default: nobody asked
    assert unused_sources(plan_models(("ann",), ("word2vec",)), ("word2vec",)) == []


@pytest.mark.parametrize(
    ("models", "sources", "message"),
    [
        (("lsmt",), ("learned",), '--models: there is no model "lsmt"; did you mean "lstm"?'),
        (
            ("zzz",),
            ("learned",),
            '--models: there is no model "zzz"; it is one of majority, bow, tfidf, nbsvm, mean, ann, rnn, gru, lstm, '
            "bilstm, most-frequent, window, crf, unigram, kneser-ney, kneser-ney-characters",
        ),
        (
            ("lstm:maximum",),
            ("learned",),
            '--models: "lstm:maximum" has no head "maximum"; did you mean "max"?',
        ),
        (("ann:max",), ("learned",), '--models: "ann:max" has no head "max"; use "ann" alone'),
        (("bow:max",), ("learned",), '--models: there is no model "bow:max"; did you mean "bow"?'),
        (("lstm",), (), "--embeddings: a network needs an embedding source; add word2vec"),
        (("mean",), (), "--embeddings: a model of averaged vectors needs an embedding source; add word2vec"),
        (
            ("bow", "mean"),
            ("learned", "word2vec:tuned"),
            '--embeddings: "mean" reads vectors that no network changes, and these are tuned: learned, '
            "word2vec:tuned; add a frozen source, such as word2vec",
        ),
        (("mean:max",), ("word2vec",), '--models: there is no model "mean:max"; did you mean "mean"?'),
        (("lstm",), ("lerned",), '--embeddings: there is no source "lerned"; did you mean "learned"?'),
        (
            ("lstm",),
            ("learned:froze",),
            '--embeddings: "learned:froze" has no mode "froze"; did you mean "frozen"?',
        ),
    ],
)
def test_what_cannot_be_planned_is_named(
    models: tuple[str, ...], sources: tuple[str, ...], message: str
) -> None:
    with pytest.raises(PipelineError) as error:
        plan_models(models, sources)
    assert str(error.value) == message


def kinds(*models: str) -> dict[str, str]:
    return kinds_for_verdict(plan_models(models, ("learned",)))


def test_ann_stands_for_the_networks_only_where_no_recurrent_one_was_run() -> None:
    assert kinds("bow", "ann") == {"bow": "baseline", "ann@learned": "network"}
    assert kinds("majority", "ann", "rnn") == {
        "majority": "control",
        "ann@learned": "control",
        "rnn@learned": "network",
    }


def test_auto_is_planned_as_word2vec_and_stands_alone() -> None:
    assert names(("lstm",), ("auto",)) == ["lstm@word2vec"]
    with pytest.raises(PipelineError) as error:
        plan_models(("lstm",), ("auto", "learned"))
    assert str(error.value) == (
        '--embeddings: "auto" stands beside other sources; give auto alone, or name every source'
    )


def test_short_documents_have_their_vectors_tuned() -> None:
    assert [own_source(tokens) for tokens in (49.9, 50.0)] == ["word2vec:tuned", "word2vec"]


def test_mean_reads_the_vectors_before_a_network_tunes_them() -> None:
    assert names(("mean", "ann"), ("word2vec:tuned",)) == ["mean@word2vec", "ann@word2vec:tuned"]
    assert left_out(("mean", "ann"), ("word2vec:tuned",)) == []
    assert left_out(("mean", "ann"), ("word2vec:tuned", "random:tuned")) == [
        "mean@random:tuned is left out: mean reads vectors that no network changes [model-left-out]"
    ]
