"""The command on a real run: every path to an answer gives the same one, and soon, without what trained it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from command_lines import help_of, status_of
from predict_builders import Asked, asked  # noqa: F401 -- a fixture
from saved_builders import fit_and_save
from whole_runs import made_once, perform, write_films

from pipeline import cli
from pipeline.models.saved import load_model

WORDS = {"pos": ["good", "great", "warm"], "neg": ["bad", "dull", "cold"]}
HEAVY = ("tensorflow", "keras", "gensim", "sklearn", "altair", "rich")


def texts_and_labels() -> tuple[list[str], list[str]]:
    """Return 360 sentences that their words tell apart, but for one in twelve."""
    labels = [("pos", "neg")[number % 2] for number in range(360)]
    other = {"pos": "neg", "neg": "pos"}
    said = [other[label] if number % 12 < 2 else label for number, label in enumerate(labels)]
    return [f"the film was {WORDS[side][number % 3]}, {number}" for number, side in enumerate(said)], labels


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        write_films(folder, *texts_and_labels())
        perform(folder, run_models="bow,tfidf,lstm", run_embeddings="learned", run_seeds=2)

    return made_once(tmp_path_factory, "predicted", make) / "run"


def ask(*arguments: str, standard_input: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", "predict", *arguments],
        input=standard_input,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.slow
@pytest.mark.parametrize("model", ["bow", "tfidf", "lstm@learned"])
def test_the_same_text_gets_the_same_answer_by_every_path(run: Path, tmp_path: Path, model: str) -> None:
    texts, _ = texts_and_labels()
    direct = load_model(run, model).answer(pl.Series(texts))
    out = tmp_path / "answers.parquet"
    found = ask(str(run), str(run.parent / "films.csv"), "--model", model, "--out", str(out))
    assert found.returncode == 0, found.stderr
    table = pl.read_parquet(out)
    assert table["text"].to_list() == texts
    assert (table.select("p(neg)", "p(pos)").to_numpy() == direct).all()
    assert "Scores on 360 documents with an answer and a label" in found.stderr
    lines = ask(str(run), "-", "--model", model, standard_input="\n".join(texts)).stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == table["predicted"].to_list()
    said = ask(str(run), "--say", texts[5], "--model", model).stdout
    assert said.strip() == lines[5]


@pytest.mark.slow
def test_the_answers_are_those_that_the_run_gave_its_test_documents(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    assert ask(str(run), str(run.parent / "films.csv"), "--model", "tfidf", "--out", str(out)).returncode == 0
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    (path,) = (run / "predictions").glob("tfidf.*")
    tested = pl.read_parquet(path)
    for document, share in tested.select("document", "p(pos)").iter_rows():
        assert rows[document]["p(pos)"] == pytest.approx(share, abs=1e-5)


@pytest.mark.slow
def test_all_trainings_can_answer_together(run: Path) -> None:
    together = ask(str(run), "--say", "good", "--model", "lstm@learned", "--ensemble", "--top", "2").stdout
    own = [
        ask(str(run), "--say", "good", "--model", "lstm@learned", "--seed", seed, "--top", "2").stdout
        for seed in ("0", "1")
    ]
    shares = [
        dict(zip(line.split("\t")[::2], map(float, line.split("\t")[1::2]), strict=False)) for line in own
    ]
    mean = {label: sum(one[label] for one in shares) / 2 for label in shares[0]}
    label, share = together.split("\t")[:2]
    assert float(share) == pytest.approx(mean[label], abs=1e-4)


@pytest.mark.slow
def test_a_promise_rests_on_the_answers_that_the_run_kept(run: Path, tmp_path: Path) -> None:
    assert {path.name for path in (run / "validation").iterdir()} == {
        *("bow.s0.f0.parquet", "tfidf.s0.f0.parquet"),
        *("lstm@learned.s0.f0.parquet", "lstm@learned.s1.f0.parquet"),
    }
    refused = ask(str(run), str(run.parent / "films.csv"), "--model", "bow", "--max-error", "1%")
    assert refused.returncode == 2
    assert "bow cannot promise at most 1 % of wrong answers, by 29 validation documents" in refused.stderr
    kept = ask(str(run), str(run.parent / "films.csv"), "--model", "bow", "--max-error", "40%")
    assert (
        "Promise: at most 40 % of the answers that are given are wrong, with 95 % confidence" in kept.stderr
    )


@pytest.mark.slow
@pytest.mark.parametrize("model", ["tfidf", "lstm@learned"])
def test_a_text_is_answered_without_what_trained_the_model(run: Path, model: str) -> None:
    code = (
        "import sys\nfrom pipeline.cli import main\n"
        f"sys.argv = ['pipeline', 'predict', {str(run)!r}, '--say', 'a good film', '--model', {model!r}]\n"
        "try:\n    main()\nfinally:\n"
        f"    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=120
    )
    assert (found.returncode, found.stderr.strip().splitlines()[-1]) == (0, "[]")


NOT_FOR_ONE_TEXT = (
    *(*HEAVY, "psutil", "pydantic", "scipy", "starlette"),
    *("pipeline.core.fits", "pipeline.predict.promise"),
    *("pipeline.run_folder.metrics", "pipeline.run_folder.details", "pipeline.predict.inputs"),
    *("pipeline.corpus.readers.table", "pipeline.corpus.readers.encodings", "pipeline.predict.answer_files"),
)


def test_what_one_text_imports_is_nothing_that_trains_or_reads_files(tmp_path: Path) -> None:
    fit_and_save(tmp_path, "tfidf")
    code = (
        "import sys, pipeline.predict.predicting\n"
        "import polars as pl\n"
        "from pipeline.models.saved import load_model\n"
        f"load_model({str(tmp_path)!r}, 'tfidf').answer(pl.Series(['a good film']))\n"
        "next(pipeline.predict.predicting.of_said('a good film').rows)\n"
        f"print([name for name in {NOT_FOR_ONE_TEXT!r} if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert found.stdout.strip() == "[]"


def test_help_names_what_goes_in_and_what_comes_out(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(help_of(capsys, "predict").split())
    for option in ("--say", "--out", "--model", "--top", "--explain", "--max-error", "--seed", "--ensemble"):
        assert option in text
    assert "Answer each document of INPUT with a model that RUN trained" in text


def test_a_mistake_is_told_without_a_traceback(
    asked: Asked,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert status_of(cli.main, "predict", str(asked.run)) == 2
    told, _, name = capsys.readouterr().err.partition(" [")
    assert told == 'INPUT: there is nothing to predict; give a file, - for standard input, or --say "TEXT"'
    assert name == "options-exclude-each-other]\n"
    assert status_of(cli.main, "predict", str(asked.folder / "absent"), "--say", "good") == 2
    assert "there is no such run; give a run folder, such as reports/NAME" in capsys.readouterr().err


def test_a_reader_that_goes_away_and_a_full_disk_leave_whole_lines(asked: Asked) -> None:  # noqa: F811
    from pipeline.predict.outputs import Lines

    class Full:
        """A file on a disk with room for ten bytes."""

        def __init__(self) -> None:
            self.data = b""

        def seekable(self) -> bool:
            return True

        def tell(self) -> int:
            return len(self.data)

        def truncate(self, size: int) -> None:
            self.data = self.data[:size]

        def write(self, data: bytes) -> int:
            room = 10 - len(self.data)
            if room <= 0:
                raise OSError(28, "No space left on device")
            self.data += data[:room]
            return min(room, len(data))

    file = Full()
    lines = Lines(file)  # type: ignore[arg-type]
    lines._write_whole(b"pos\t0.9\n")
    with pytest.raises(OSError, match="No space left"):
        lines._write_whole(b"neg\t0.8\n")
    assert file.data == b"pos\t0.9\n"
    path = asked.write("a.txt", "good film\n" * 200_000)
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from pathlib import Path\n"
        "from predict_builders import MODEL\n"
        "from pipeline.predict import predicting\n"
        "from pipeline.predict.which_model import AskedModel, Loaded\n"
        "from pipeline.core.console import Console\n"
        "predicting.load = lambda *known, **more: Loaded(MODEL, 0.0)\n"
        f"options = predicting.Options(AskedModel(Path({str(asked.run)!r})), {str(path)!r})\n"
        "predicting.predict(options, Console(sys.stderr))\n"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert reader.stdout is not None
    assert reader.stderr is not None
    assert reader.stdout.readline() == b"pos\t0.7311\n"
    reader.stdout.close()
    told = reader.stderr.read().decode()
    assert reader.wait(timeout=60) == 0
    assert "The reader of the answers has gone: the rest is not answered." in told
