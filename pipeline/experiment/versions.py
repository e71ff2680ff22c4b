"""What has to be equal on every node of a cluster: what is sent, and the numbers that come back, depend on it."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pipeline

_OF_NUMBERS = ("tensorflow", "keras", "gensim", "scikit-learn", "numpy", "scipy", "polars", "icu4py")
_SHOWN_OF_A_HASH = 12  # characters


def versions_here() -> dict[str, str]:
    """Return the version of Python, of each package that numbers depend on, and of this package's code.

    The code counts by its content: two copies of one version that differ by an edit are told apart.
    """
    found = {"Python": platform.python_version(), "embedseq": pipeline.__version__}
    found["the code of embedseq"] = hash_of_code(Path(pipeline.__file__).parent)
    return found | {package: _version(package) for package in ("ray", *_OF_NUMBERS)}


@cache
def hash_of_code(folder: Path) -> str:
    """Return the first 12 characters of the SHA-256 of the Python files below a folder, with their names."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py"), key=lambda file: file.relative_to(folder).parts):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:_SHOWN_OF_A_HASH]


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Return in words what is not the same there; what one side alone names counts as absent on the other.

    >>> differences({"Python": "3.11.7", "ray": "2.60.0"}, {"Python": "3.11.9", "ray": "2.60.0"})
    ['Python 3.11.9 there, 3.11.7 here']
    """
    names = dict.fromkeys([*here, *there])
    pairs = [(name, there.get(name, "absent"), here.get(name, "absent")) for name in names]
    return [f"{name} {other} there, {own} here" for name, other, own in pairs if other != own]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
