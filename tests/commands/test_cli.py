"""The command line: exit statuses, whole texts on standard error, and help that names every option."""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from command_lines import help_of, status_of
from markdown_pages import ROOT

from pipeline import cli
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.experiment.data import read_and_split
from pipeline.settings.reading import load_config
from pipeline.settings.tables import SETTINGS, Config

NO_KEY = {"--config", "--set", "--resume", "--json", "--version", "--help"}  # options that are not a setting


Calls = list[tuple[Config, str]]
Asked = list[tuple[str, dict[str, object]]]
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Put an experiment in place that only notes what it was asked for, and a report of one sentence."""
    noted: Calls = []

    def run_experiment(config: Config, console: Console, command: str, *, resume: bool = False) -> Path:
        noted.append((config, command))
        return Path("reports/a")

    put_module(monkeypatch, "pipeline.commands.run", run_experiment=run_experiment)
    said = {"summarise": lambda folder: f"The answer of {folder.name}.", "as_json": lambda folder: "{}"}
    put_module(monkeypatch, "pipeline.report", **said)
    put_module(monkeypatch, "pipeline.commands.unfinished", check_all_is_done=lambda folder: None)
    return noted


def put_module(monkeypatch: pytest.MonkeyPatch, name: str, **functions: Any) -> None:
    module = ModuleType(name)
    for function_name, function in functions.items():
        setattr(module, function_name, function)
    monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.usefixtures("calls")
def test_a_script_gets_json_on_standard_output_and_nothing_else(capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        cli.run_main(["films.csv", "--json"])
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("{}\n", "The answer of a.\n")


EndedBy = Callable[..., None]


@pytest.fixture
def ended_by(monkeypatch: pytest.MonkeyPatch) -> EndedBy:
    """Put an experiment in place that an error ends, after what `before` does with the console."""

    def put(error: BaseException, before: Callable[[Console], object] = lambda console: None) -> None:
        def run_experiment(config: Config, console: Console, command: str, *, resume: bool = False) -> Path:
            before(console)
            raise error

        put_module(monkeypatch, "pipeline.commands.run", run_experiment=run_experiment)
        put_module(monkeypatch, "pipeline.report", summarise=str)
        put_module(monkeypatch, "pipeline.commands.unfinished", check_all_is_done=lambda folder: None)

    return put


def test_a_run_says_the_answer_and_where_the_report_is(calls: Calls, capsys: Captured) -> None:
    assert status_of(cli.main, "run") == 0
    assert capsys.readouterr().out == "The answer of a.\n"
    assert [config for config, _ in calls] == [Config()]


def test_every_option_reaches_its_setting(calls: Calls, tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("[networks]\nlayers = 2\n", encoding="utf-8")
    line = (
        "reviews.csv --test t.csv --validation v.csv --unlabelled u.txt --text body --label stars "
        "--models bow,rnn --embeddings learned,random --seeds 2 --seed 5 --metric macro-f1 --rope 0.02 --test-size 0.3 "
        "--max-tokens 50 --refit --tune 4 --out o --protocol p.toml --quick --deterministic --no-cache --no-probes "
        "--debug --learning-curve --compare p.csv --compare q.csv "
        "--set networks.units=9 --set networks.layers=3"
    )
    assert status_of(cli.run_main, *line.split(), "--config", str(file)) == 0
    files = {"path": "reviews.csv", "test": "t.csv", "validation": "v.csv", "unlabelled": "u.txt"}
    corpus = files | {"text": "body", "label": "stars", "test_size": 0.3}
    run = {"models": "bow,rnn", "embeddings": "learned,random", "seeds": 2, "seed": 5, "metric": "macro-f1"}
    run |= {"rope": 0.02, "tune": 4, "out": "o", "protocol": "p.toml", "compare": ["p.csv", "q.csv"]}
    run |= dict.fromkeys(("refit", "quick", "deterministic", "debug", "learning_curve"), True)
    run |= dict.fromkeys(("cache", "probes"), False)
    options: dict[str, object] = {f"corpus.{key}": value for key, value in corpus.items()}
    options |= {f"run.{key}": value for key, value in run.items()} | {"networks.max_tokens": 50}
    assert calls[0][0] == load_config(None, ["networks.units=9", "networks.layers=3"], options)
    assert status_of(cli.run_main, "--folds", "4", "--probes", "needle,forget-bias") == 0
    assert calls[1][0].corpus.folds == 4
    assert calls[1][0].run.extra_probes == ("needle", "forget-bias")


def test_several_files_may_be_named(calls: Calls) -> None:
    line = "a.csv b.csv --seeds 2 c.csv --test d.csv --test e.csv"
    assert status_of(cli.run_main, *line.split()) == 0
    corpus = calls[0][0].corpus
    assert (corpus.path, corpus.test) == (("a.csv", "b.csv", "c.csv"), ("d.csv", "e.csv"))


def test_the_command_is_noted_as_it_was_typed(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/run_pipeline.py", "my file.csv", "--seeds", "2"])
    with pytest.raises(SystemExit):
        cli.run_main()
    monkeypatch.setattr(sys, "argv", ["/somewhere/pipeline/__main__.py", "run"])
    with pytest.raises(SystemExit):
        cli.main()
    assert [command for _, command in calls] == [
        "python run_pipeline.py 'my file.csv' --seeds 2",
        "python -m pipeline run",
    ]


def test_help_names_every_option_and_no_other(capsys: Captured) -> None:
    text = help_of(capsys, "run")
    shown = set(re.findall(r"^ +(--[a-z-]+)", text, re.MULTILINE))
    assert shown == {setting.flag for setting in SETTINGS.values() if setting.flag.startswith("--")} | NO_KEY
    words = " ".join(text.split())
    for option, default in (
        ("CORPUS", "bbc-news"),
        ("--models", "bow,tfidf,nbsvm,ann,rnn,lstm,lstm:max"),
        ("--embeddings", "auto"),
        ("--seeds", "auto"),
        ("--metric", "accuracy"),
        ("--rope", "0.01"),
        ("--test-size", "0.2"),
        ("--max-tokens", "400"),
    ):
        own = words.partition(f" {option} <" if option == "CORPUS" else f" {option} ")[2]
        assert own.partition("Default: ")[2].split(" ")[0] == f"{default}.", option


def test_help_of_inspect_names_what_decides_how_a_corpus_is_read(capsys: Captured) -> None:
    shown = set(re.findall(r"^ +(--[a-z-]+)", help_of(capsys, "inspect", "corpus"), re.MULTILINE))
    wanted = (
        "--test --validation --unlabelled --text --label --encoding --map --drop-class --only-known-classes",
        "--limit --allow-losses --folds --test-size --seed --config --set --debug --task --tags",
    )
    assert shown == {*" ".join(wanted).split(), "--help"}


def test_help_lists_the_commands(capsys: Captured) -> None:
    text = help_of(capsys)
    commands = re.findall(r"^  (\w+)  ", text.split("Commands:")[1], re.MULTILINE)
    on_runs = ["run", "plan", "report", "merge", "verify", "selftest", "explain", "cache", "inspect"]
    assert commands == [*on_runs, "export", "generate", "diff", "serve", "predict"]


def test_the_version(capsys: Captured) -> None:
    for start in (cli.main, cli.run_main):
        assert status_of(start, "--version") == 0
        assert capsys.readouterr().out == "embedseq 0.1.0\n"


def test_a_misspelt_option_is_answered_with_the_likely_one(capsys: Captured) -> None:
    assert status_of(cli.run_main, "--modles", "bow") == 2
    error = capsys.readouterr().err
    assert "No such option: --modles" in error
    assert "--models" in error


def test_a_mistake_in_the_settings_is_said_without_a_traceback(calls: Calls, capsys: Captured) -> None:
    assert status_of(cli.run_main, "--seeds", "0", "--set", "networks.unit=64") == 2
    assert capsys.readouterr() == (
        "",
        '--set networks.unit=64: [networks] has no key "unit"; did you mean "units"? [unknown-setting]\n'
        '--seeds: run.seeds is "0"; give auto, or a whole number from 1 [setting-out-of-range]\n',
    )
    assert calls == []


@pytest.mark.parametrize("trials", ["-1", "abc", "2.5"])
def test_a_number_of_trials_is_a_whole_number(calls: Calls, capsys: Captured, trials: str) -> None:
    assert status_of(cli.run_main, "--tune", trials) == 2
    error = capsys.readouterr().err
    if trials == "-1":
        assert error == "--tune: run.tune is -1; give a whole number from 0 [setting-out-of-range]\n"
    else:
        assert "Error: Invalid value for '--tune': " in error
        assert "valid integer" in error
    assert calls == []


def test_no_trials_are_no_tuning(calls: Calls) -> None:
    assert status_of(cli.run_main, "--tune", "0") == 0
    assert calls[0][0] == Config()


def test_debug_brings_the_traceback_of_a_mistake_back(calls: Calls, capsys: Captured) -> None:
    assert status_of(cli.run_main, "--seeds", "0", "--debug") == 2
    error = capsys.readouterr().err
    assert error.startswith("Traceback (most recent call last):\n")
    assert error.endswith(
        '\n--seeds: run.seeds is "0"; give auto, or a whole number from 1 [setting-out-of-range]\n'
    )


def test_a_mistake_found_later_is_said_the_same_way(ended_by: EndedBy, capsys: Captured) -> None:
    ended_by(PipelineError("no-label-column", "a.csv:3", "the label is empty", "give one"))
    assert status_of(cli.main, "run", "a.csv") == 2
    assert capsys.readouterr() == ("", "a.csv:3: the label is empty; give one [no-label-column]\n")


FULL = "No space left on device"


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, FULL), RuntimeError(f"parquet: {FULL} (os error 28)")],
    ids=["own", "polars"],
)
def test_a_full_disk_is_no_fault_and_what_had_finished_can_be_scored(
    ended_by: EndedBy, capsys: Captured, tmp_path: Path, error: Exception
) -> None:
    (tmp_path / "details").mkdir()
    ended_by(error, lambda console: console.log_to(tmp_path / "log.txt"))
    assert status_of(cli.main, "run", "a.csv") == 2
    again = f"{tmp_path}: {FULL}; make room, and give the command again [disk-full]\n"
    assert capsys.readouterr() == ("", again)
    (tmp_path / "details" / "journal.jsonl").touch()
    assert status_of(cli.main, "run", "a.csv") == 2
    finish = (
        f"make room; the same command, with --out {tmp_path}, then goes on,"
        f" and `python -m pipeline report {tmp_path}` scores what had finished [disk-full]\n"
    )
    assert capsys.readouterr() == ("", f"{tmp_path}: {FULL}; {finish}")


def test_a_log_that_cannot_be_written_hides_no_fault(
    monkeypatch: pytest.MonkeyPatch, ended_by: EndedBy, capsys: Captured
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, FULL)

    ended_by(ZeroDivisionError("division by zero"), lambda console: monkeypatch.setattr(console, "log", full))
    assert status_of(cli.main, "run", "a.csv") == 1
    assert "ZeroDivisionError: division by zero" in capsys.readouterr().err


def test_a_fault_of_the_program_is_one_line_that_names_the_log(
    ended_by: EndedBy, capsys: Captured, tmp_path: Path
) -> None:
    log = tmp_path / "log.txt"
    ended_by(ZeroDivisionError("division by zero"), lambda console: console.log_to(log))
    line = (
        "embedseq: a fault of this program, ZeroDivisionError: division by zero; "
        f"the log is {log}, and --debug shows the traceback\n"
    )
    assert status_of(cli.main, "run") == 1
    assert capsys.readouterr() == ("", line)
    assert log.read_text(encoding="utf-8").rstrip().endswith("ZeroDivisionError: division by zero")
    assert status_of(cli.main, "run", "--debug") == 1
    error = capsys.readouterr().err
    assert error.startswith("Traceback (most recent call last):\n")
    assert error.endswith(line)


@pytest.mark.parametrize(
    ("status", "finished"),
    [({"finished": ["bow", "tfidf"]}, "bow, tfidf"), ({"finished": []}, "no model"), (None, "no model")],
)
def test_an_interrupt_says_what_was_finished_and_where(
    ended_by: EndedBy, capsys: Captured, tmp_path: Path, status: object, finished: str
) -> None:
    (tmp_path / "details").mkdir()
    if status is not None:
        (tmp_path / "details" / "status.json").write_text(json.dumps(status), encoding="utf-8")
    ended_by(KeyboardInterrupt(), lambda console: console.log_to(tmp_path / "log.txt"))
    assert status_of(cli.main, "run") == 130
    words = f"Interrupted. Finished: {finished}; what there is stands in {tmp_path}\n"
    assert capsys.readouterr() == ("", words)


def test_an_interrupt_before_the_run_has_a_folder(ended_by: EndedBy, capsys: Captured) -> None:
    ended_by(KeyboardInterrupt())
    assert status_of(cli.main, "run") == 130
    assert capsys.readouterr() == ("", "Interrupted before anything was written.\n")


def test_inspect_corpus_reads_and_splits_as_a_run_would(tmp_path: Path, capsys: Captured) -> None:
    good, bad = (
        ("a fine film", "fine", "a  Fine film", "not bad"),
        ("a dull film", "dull", "so dull", "not good"),
    )
    rows = [f"{one},good\n{other},bad\n" for one, other in zip(good, bad, strict=True)]
    films = tmp_path / "films.csv"
    films.write_text("body,verdict\n" + "".join(rows), encoding="utf-8")
    settings = ["--text", "body", "--label", "verdict", "--folds", "2", "--seed", "4"]
    assert status_of(cli.main, "inspect", "corpus", str(films), *settings) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(
        f'films\n  {films}: text "body" (--text), label "verdict" (--label), header in line 1, UTF-8, '
        '8 records read, 8 used; 2 classes: "bad" (4), "good" (4)\n'
    )
    assert "duplicates but for case and blanks (exact ones included): 1" in shown
    given = {"corpus.path": str(films), "corpus.text": "body", "corpus.label": "verdict"}
    config = load_config(None, (), given | {"corpus.folds": 2, "run.seed": 4})
    fold = read_and_split(config, Console(silent=True)).folds[0]
    sizes = [len(fold.train), len(fold.validation), len(fold.test), 8]
    (row,) = re.findall(r"^  in all +(.+)$", shown, re.MULTILINE)
    assert [int(number) for number in row.split()] == sizes


def test_report_draws_a_finished_run_again(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path
) -> None:
    drawn: list[Path] = []
    put_module(monkeypatch, "pipeline.report", draw_report=drawn.append)
    assert status_of(cli.main, "report", str(tmp_path)) == 2
    words = f"{tmp_path}: there is no metrics.json in it; give the folder of a finished run [not-a-finished-run]\n"
    assert capsys.readouterr() == ("", words)
    (tmp_path / "metrics.json").write_text("{}", encoding="utf-8")
    assert status_of(cli.main, "report", str(tmp_path)) == 0
    assert capsys.readouterr().out == f"Report: {tmp_path / 'report.html'}\n"
    assert drawn == [tmp_path]


def shown_without_heavy_imports(*program: str) -> str:
    """Return what a program prints in a process of its own, which imports nothing heavy."""
    heavy = "'numpy', 'polars', 'tensorflow', 'gensim', 'sklearn', 'altair', 'rich', 'jinja2'"
    told = f"print(sorted({{{heavy}}} & set(sys.modules)), file=sys.stderr)"
    lines = ["import sys", "try:", *(f"    {line}" for line in program), "finally:", f"    {told}"]
    command = [sys.executable, "-c", "\n".join(lines)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    assert ended.stderr == "[]\n"
    return ended.stdout


def test_help_answers_at_once_and_imports_nothing_heavy() -> None:
    started = time.perf_counter()
    shown = shown_without_heavy_imports(
        "sys.argv = ['run_pipeline.py', '--help']",
        "import runpy; runpy.run_path('run_pipeline.py', run_name='__main__')",
    )
    assert shown.startswith("Usage: python run_pipeline.py [OPTIONS] [CORPUS]...\n")
    assert time.perf_counter() - started < 5  # 0.1 s on an idle machine; the modules above are what guards it


def test_a_reader_who_leaves_early_does_not_end_the_run() -> None:
    program = (
        "from pipeline.core.console import Console\n"
        "import sys; console = Console(); sys.stdin.readline()\n"
        "console.say('one'); console.say('two'); print('done', file=sys.stderr)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stdin.write("go\n")
    process.stdin.close()
    assert process.stderr.read() == "done\n"
    assert process.wait(timeout=30) == 0
    process.stderr.close()


def example_of(conclusion: str, agrees: bool) -> Any:
    from pipeline.report.page.blocks import Example, Paragraph, Section

    section = Section("s1", "Forward", (Paragraph("The state is 0.5."),))
    return Example('"dog", step by step', "One number.", (section,), conclusion, agrees)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Let `explain` note what it was asked for; TensorFlow disagrees where the text says so."""
    noted: Asked = []

    def explain(text: str, **given: object) -> object:
        noted.append((text, given))
        agrees = text != "off"
        return example_of("All agrees." if agrees else "TENSORFLOW DISAGREES.", agrees)

    monkeypatch.setattr("pipeline.interpret.explain.explain", explain)
    monkeypatch.setenv("COLUMNS", "100")
    return noted


EXPLAINED = """\
"dog", step by step
===================

One number.

Forward
-------

The state is 0.5.

All agrees.
"""


def test_explain_shows_the_example_and_writes_the_page(
    asked: Asked, capsys: Captured, tmp_path: Path
) -> None:
    page = tmp_path / "dog.html"
    line = ["explain", "a dog", "--cell", "lstm", "--units", "3", "--out", str(page)]
    assert status_of(cli.main, *line) == 0
    assert capsys.readouterr() == (f"{EXPLAINED}\nPage: {page}\n", "")
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>\n")
    assert status_of(cli.main, "explain", "dog", "--run", "reports/a", "--model", "lstm@word2vec") == 0
    assert capsys.readouterr() == (EXPLAINED, "")
    assert asked == [
        ("a dog", {"cell": "lstm", "units": 3, "run": None, "model": None, "each_word": False}),
        (
            "dog",
            {
                "cell": None,
                "units": None,
                "run": Path("reports/a"),
                "model": "lstm@word2vec",
                "each_word": False,
            },
        ),
    ]


def test_explain_ends_with_status_1_where_tensorflow_disagrees(asked: Asked, capsys: Captured) -> None:
    assert status_of(cli.main, "explain", "off") == 1
    shown, error = capsys.readouterr()
    assert error == "TENSORFLOW DISAGREES.\n"
    assert shown.endswith("TENSORFLOW DISAGREES.\n")


def test_explain_checks_where_it_writes_before_it_computes(
    asked: Asked, capsys: Captured, tmp_path: Path
) -> None:
    there = tmp_path / "a.html"
    there.write_text("mine", encoding="utf-8")
    assert status_of(cli.main, "explain", "dog", "--out", str(there)) == 2
    said = f"--out: {there} is there already; name a new file, or remove this one first\n"
    out, told = capsys.readouterr()
    assert (out, told.rpartition(" [")[0]) == ("", said.strip())
    assert asked == []


def test_a_mistake_in_what_is_to_be_explained_has_status_2(capsys: Captured) -> None:
    assert status_of(cli.main, "explain", "dog", "--cell", "ltsm") == 2
    assert capsys.readouterr() == (
        "",
        '--cell: there is no cell "ltsm"; did you mean "lstm"? [unknown-choice]\n',
    )


def test_help_of_explain_imports_nothing_heavy() -> None:
    shown = shown_without_heavy_imports("from pipeline import cli", "cli.main(['explain', '--help'])")
    options = set(re.findall(r"^ +(--[a-z-]+)", shown, re.MULTILINE))
    assert options == {"--cell", "--each-word", "--units", "--run", "--model", "--out", "--debug", "--help"}
