"""A model as one file: it answers as in its run, wherever it is, and what was done to it is told by name."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save
from saved_builders import NEW, fit_and_save, seal_again

from pipeline.cli import main
from pipeline.core.errors import PipelineError
from pipeline.core.files import json_text
from pipeline.export.bundle import write_bundle
from pipeline.export.table import Chosen, Target, export_model
from pipeline.models.golden import TEXTS
from pipeline.models.saved import load_model
from pipeline.models.saved.loading import find_model, fits_on
from pipeline.run_folder.models import sealed

MEAN = {
    "bundle.json",
    "embedding-random/vectors.safetensors",
    "embedding-random/vocabulary.json",
    "mean/golden.json",
    "mean/model.json",
    "mean/weights.safetensors",
}
AGAIN = "get the bundle again, or export it again: python -m pipeline export RUN --to bundle FILE.zip"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    fit_and_save(folder, "tfidf")
    fit_and_save(folder, "mean")
    return folder


@pytest.fixture(scope="module")
def bundle(run: Path) -> Path:
    out = run / "mean.zip"
    export_model(run, "bundle", out, "mean")
    return out


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, files: dict[str, bytes], listed: bool = True, how: int = zipfile.ZIP_STORED) -> None:
    """Write files as a bundle; `listed`: with a list that agrees with them."""
    if listed and "bundle.json" in files:
        others = {name: content for name, content in files.items() if name != "bundle.json"}
        of = {name: sha256(content).hexdigest() for name, content in others.items()}
        files = {"bundle.json": json_text({"name": "mean", "files": of}).encode(), **others}
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


# --- what it is


def test_a_bundle_holds_one_model_and_what_it_needs(bundle: Path) -> None:
    assert set(members(bundle)) == MEAN


def test_the_same_model_gives_the_same_bytes(run: Path, bundle: Path, tmp_path: Path) -> None:
    export_model(run, "bundle", tmp_path / "again.zip", "mean")
    assert (tmp_path / "again.zip").read_bytes() == bundle.read_bytes()


def test_it_answers_to_the_last_bit_as_in_the_run_moved_renamed_or_unpacked(
    run: Path, bundle: Path, tmp_path: Path
) -> None:
    expected = load_model(run, "mean").answer(NEW)
    moved = shutil.copy(bundle, tmp_path / "anything.zip")
    shutil.unpack_archive(bundle, tmp_path / "unpacked")
    (tmp_path / "unpacked" / "mean").rename(tmp_path / "unpacked" / "renamed")
    for place in (moved, tmp_path / "unpacked", tmp_path / "unpacked" / "renamed"):
        np.testing.assert_array_equal(load_model(place).answer(NEW), expected)
    np.testing.assert_array_equal(load_model(moved, "mean").answer(NEW), expected)
    with pytest.raises(PipelineError) as error:
        load_model(moved, "tfidf")
    assert str(error.value) == f'{moved}/tfidf/model.json: there is no model "tfidf"; give one of mean'


WITHOUT = """
import sys
for name in ("tensorflow", "keras", "gensim", "sklearn", "altair"):
    sys.modules[name] = None  # an import of it fails
import polars as pl
from pipeline.models.saved import load_model
print(load_model(sys.argv[1]).answer(pl.Series(["a good plot", ""])).tolist())
"""


@pytest.mark.longer
@pytest.mark.parametrize("name", ["mean", "tfidf"])
def test_it_is_loaded_where_nothing_is_that_trains_models(run: Path, tmp_path: Path, name: str) -> None:
    export_model(run, "bundle", tmp_path / "model.zip", name)
    asked = [sys.executable, "-c", WITHOUT, str(tmp_path / "model.zip")]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=300, cwd=Path.cwd())
    assert done.returncode == 0, done.stderr
    answers = load_model(run, name).answer(NEW.head(1).extend(NEW.slice(2, 1)))
    assert json.loads(done.stdout) == answers.tolist()


# --- twenty ways to damage one

Files = dict[str, bytes]
WEIGHTS, VECTORS = "mean/weights.safetensors", "embedding-random/vectors.safetensors"


def flipped(name: str) -> Callable[[Path], None]:
    """Return what changes the last bit of a member, and leaves a zip file that is whole."""

    def damage(path: Path) -> None:
        files = members(path)
        files[name] = files[name][:-1] + bytes([files[name][-1] ^ 1])
        write(path, files, listed=False)

    return damage


def without(name: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        write(path, {one: content for one, content in members(path).items() if one != name}, listed=False)

    return damage


def named(name: str) -> Callable[[Path], None]:
    """Return what adds a member of a name that no bundle has."""

    def damage(path: Path) -> None:
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(name, b"")

    return damage


def resealed(change: Callable[[Files], None]) -> Callable[[Path], None]:
    """Return what changes members and then makes every sha256 agree: only what is in them is wrong."""

    def damage(path: Path) -> None:
        files = members(path)
        change(files)
        content = json.loads(files["mean/model.json"])
        content.pop("sha256", None)
        for key, folder in (("files", "mean"), ("embedding_files", "embedding-random")):
            content[key] = {name: sha256(files[f"{folder}/{name}"]).hexdigest() for name in content[key]}
        files["mean/model.json"] = sealed(json_text(content).encode())
        write(path, files)

    return damage


def with_json(name: str, change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def of_files(files: Files) -> None:
        content = json.loads(files[name])
        change(content)
        files[name] = json_text(content).encode()

    return resealed(of_files)


def with_arrays(name: str, change: Callable[[dict[str, np.ndarray]], object]) -> Callable[[Path], None]:
    def of_files(files: Files) -> None:
        arrays = {key: array.copy() for key, array in load(files[name]).items()}
        change(arrays)
        files[name] = save(arrays)

    return resealed(of_files)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def patched(at: bytes, offset: int, value: bytes) -> Callable[[Path], None]:
    """Return what overwrites bytes of each zip header that begins with `at`."""

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        place = content.find(at)
        while place >= 0:
            content[place + offset : place + offset + len(value)] = value
            place = content.find(at, place + 4)
        path.write_bytes(bytes(content))

    return damage


def twice(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("mean/model.json", b"{}")


def commented(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"hello"


def flipped_in_place(path: Path) -> None:
    """Change a byte of the weights and nothing else: the zip file's own checksum tells."""
    with zipfile.ZipFile(path) as archive:
        begins = archive.getinfo(WEIGHTS).header_offset
    content = bytearray(path.read_bytes())
    content[begins + 200] ^= 1  # behind its header
    path.write_bytes(bytes(content))


CHANGED = "it was changed: its sha256 is another one"
OTHER_SIZE = "is said to be of another size than it is"
CENTRAL, LOCAL = b"PK\x01\x02", b"PK\x03\x04"
DAMAGES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "cut": (cut, "", "this is no whole zip file (File is not a zip file)"),
    "not a zip file": (
        lambda path: path.write_bytes(b"no zip file"),
        "",
        "this is no whole zip file (File is not a zip file)",
    ),
    "empty": (lambda path: path.write_bytes(b""), "", "this is no whole zip file (File is not a zip file)"),
    "another zip file": (without("bundle.json"), "", "there is no bundle.json in it, so it is no bundle"),
    "a byte within": (
        flipped_in_place,
        "",
        "this is no whole zip file (Bad CRC-32 for file 'mean/weights.safetensors')",
    ),
    **{f"a changed bit of {name}": (flipped(name), f"/{name}", CHANGED) for name in MEAN - {"bundle.json"}},
    "a changed list": (
        lambda path: write(path, members(path) | {"bundle.json": b"[]"}, listed=False),
        "/bundle.json",
        "it does not say what is in the bundle",
    ),
    **{f"no {name}": (without(name), "", f"{name} is missing in it") for name in MEAN - {"bundle.json"}},
    "a file too many": (named("mean/more.py"), "", "mean/more.py is in it, and no part of the model"),
    "an absolute name": (named("/etc/model.json"), "", '"/etc/model.json" is no name in a bundle'),
    "a name above": (named("../model.json"), "", '"../model.json" is no name in a bundle'),
    "a name above within": (
        named("mean/../../model.json"),
        "",
        '"mean/../../model.json" is no name in a bundle',
    ),
    "a name of Windows": (named("C:\\model.json"), "", '"C:\\\\model.json" is no name in a bundle'),
    "a file twice": (twice, "", '"mean/model.json" is in it twice'),
    "a comment": (commented, "", '"a comment" is in it'),
    "encrypted": (patched(CENTRAL, 8, b"\x01\x00"), "", '"bundle.json" is encrypted'),
    "a bomb": (
        lambda path: write(path, members(path) | {"mean/more": bytes(10**7)}, how=zipfile.ZIP_DEFLATED),
        "",
        '"bundle.json" is compressed; a bundle stores',
    ),
    "a size that is not true": (
        patched(CENTRAL, 24, b"\xff\xff\xff\x7f"),
        "",
        f'"bundle.json" {OTHER_SIZE}',
    ),
    "an older version": (
        with_json("mean/model.json", lambda content: content.update(format_version=2)),
        "/mean/model.json",
        "its format_version is 2; this version reads 4; run again, and export again",
    ),
    "a newer version": (
        with_json("mean/model.json", lambda content: content.update(format_version=5, versions=None)),
        "/mean/model.json",
        "its format_version is 5; this version reads 4; install embedseq in the version that wrote it or newer",
    ),
    "weights of another shape": (
        with_arrays(WEIGHTS, lambda arrays: arrays.update(intercepts=np.zeros(5))),
        f"/{WEIGHTS}",
        "intercepts is 5; expected 3",
    ),
    "weights that are none": (
        with_arrays(WEIGHTS, lambda arrays: arrays["coefficients"].__setitem__((0, 0), np.nan)),
        f"/{WEIGHTS}",
        "coefficients holds numbers that are not finite",
    ),
    "other weights": (
        with_arrays(WEIGHTS, lambda arrays: arrays["intercepts"].__imul__(-3)),
        "/mean/golden.json",
        "golden answers differ by ",
    ),
    "another embedding": (
        with_arrays(VECTORS, lambda arrays: arrays["vectors"].__imul__(-1)),
        "/mean/golden.json",
        "golden answers differ by ",
    ),
    "an embedding of another width": (
        with_arrays(VECTORS, lambda arrays: arrays.update(vectors=arrays["vectors"][:, :3].copy())),
        f"/{VECTORS}",
        "vectors is ",
    ),
    "labels too few": (
        with_json("mean/model.json", lambda content: content.update(label_names=["good", "bad"])),
        "/mean/model.json",
        "it describes no model of this version (classes are [0, 1, 2] of 2 labels)",
    ),
    "a label too many": (
        with_json("mean/model.json", lambda content: content["label_names"].append("more")),  # type: ignore[attr-defined]
        "/mean/golden.json",
        "it holds no golden answers (52 texts, 52 x 4 answers)",
    ),
    "no safetensors": (
        resealed(lambda files: files.update({WEIGHTS: b"\x80\x04N."})),  # a pickle
        f"/{WEIGHTS}",
        "this is no whole safetensors file",
    ),
}


@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_a_damaged_bundle_is_refused_by_name(
    bundle: Path, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(shutil.copy(bundle, tmp_path / "sent.zip"))
    spoil, where, what = DAMAGES[damage]
    spoil(path)
    with pytest.raises(PipelineError) as error:
        load_model(path)
    assert str(error.value).startswith(f"{path}{where}: {what}")
    assert error.value.fix
    with pytest.raises(SystemExit) as ended:
        main(["export", str(path), str(tmp_path / "out.zip")])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(
        f"{path}{where}: {what}"
    )  # how far golden answers are off depends on which are asked
    assert said.count("\n") == 1
    assert not (tmp_path / "out.zip").exists()


def test_nothing_of_a_bundle_is_written_and_nothing_in_it_is_run(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("builtins.exec", None)
    monkeypatch.setattr("builtins.eval", None)
    monkeypatch.setattr("pickle.loads", None)
    load_model(bundle).answer(NEW)
    assert list(tmp_path.iterdir()) == []


# --- export


@pytest.fixture
def answers_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what is exported hold an order of classes that is not that of the model."""

    def other(chosen: Chosen, out: Path) -> None:
        write_bundle(chosen.fits, out)
        with_arrays(WEIGHTS, lambda arrays: arrays.update(intercepts=-arrays["intercepts"]))(out)

    monkeypatch.setattr("pipeline.export.table.TARGETS", {"bundle": Target(other, load_model, ".zip")})


def test_what_answers_otherwise_is_not_left(run: Path, tmp_path: Path, answers_otherwise: None) -> None:
    with pytest.raises(PipelineError, match="golden answers differ by"):
        export_model(run, "bundle", tmp_path / "out.zip", "mean")
    assert not (tmp_path / "out.zip").exists()


def test_a_model_that_does_not_answer_as_its_fit_did_is_not_exported(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run / "models", tmp_path / "models")
    golden = tmp_path / "models" / "mean" / "golden.json"
    content = json.loads(golden.read_text(encoding="utf-8"))
    content["answers"][20][0] += 0.001  # one that loading does not ask
    golden.write_text(json.dumps(content), encoding="utf-8")
    seal_again(tmp_path / "models")
    load_model(tmp_path, "mean")
    with pytest.raises(PipelineError, match=r"golden answers differ by 0\.001 from those of scikit-learn"):
        export_model(tmp_path, "bundle", tmp_path / "out.zip", "mean")


def test_the_command_says_what_it_wrote(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tfidf.zip"
    with pytest.raises(SystemExit) as ended:
        main(["export", str(run), "--to", "bundle", str(out), "--model", "tfidf"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(
        f"Exported tfidf: {out} (0.0 MiB; 52 golden texts answered as when it was fitted, within "
    )
    assert set(members(out)) == {"bundle.json", *(f"tfidf/{name}" for name in _OWN)}


_OWN = ("golden.json", "model.json", "weights.safetensors")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "bundel", "x.zip"], '--to: there is no target "bundel"; did you mean "bundle"?'),
        (["x.tar"], "x.tar: the file's name has to end in .zip; write x.tar.zip"),
        (["mean.zip", "--model", "tfidf"], "mean.zip: it is there already; give a new file"),
        (["no/x.zip", "--model", "tfidf"], "no/x.zip: its folder is not there; make no first"),
        (["x.zip"], ".: it has several models; give one of mean, tfidf"),
        (
            ["x.zip", "--model", "bow"],
            'models/bow/model.json: there is no model "bow"; give one of mean, tfidf',
        ),
    ],
)
def test_what_cannot_be_exported_is_told(
    run: Path,
    bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(run)
    with pytest.raises(SystemExit) as ended:
        main(["export", ".", *arguments])
    assert ended.value.code == 2
    assert capsys.readouterr().err.rpartition(" [")[0] == said


def test_a_bundle_of_every_seed_is_an_ensemble(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run / "models", tmp_path / "models")
    further = tmp_path / "models" / "mean" / "s1.f0"
    further.mkdir()
    for name in _OWN:
        shutil.copy(tmp_path / "models" / "mean" / name, further / name)
    content = json.loads((further / "model.json").read_text(encoding="utf-8")) | {"seed": 1}
    (further / "model.json").write_text(json.dumps(content), encoding="utf-8")
    seal_again(tmp_path / "models")
    found = export_model(tmp_path, "bundle", tmp_path / "all.zip", "mean", every_seed=True)
    assert (found.seeds, found.texts) == (2, len(TEXTS))
    assert found.in_words().startswith(f"Exported 2 seeds of mean: {tmp_path / 'all.zip'} (")
    assert [one.folder for one in fits_on(*find_model(tmp_path / "all.zip"))] == ["mean", "mean/s1.f0"]
    assert export_model(tmp_path, "bundle", tmp_path / "one.zip", "mean", seed=1).seeds == 1
    assert [one.described["seed"] for one in fits_on(*find_model(tmp_path / "one.zip"))] == [1]
    expected = load_model(run, "mean").answer(NEW)
    np.testing.assert_allclose(
        load_model(tmp_path / "all.zip", ensemble=True).answer(NEW), expected, atol=1e-7
    )
