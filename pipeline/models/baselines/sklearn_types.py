"""What is used of scikit-learn's objects, which ship no types."""

from __future__ import annotations

from typing import Any, Protocol, Self, TypeAlias

from pipeline.core.values import Float64, Int32

# Of N documents: n-gram counts, csr_array (N, F), or averaged vectors, float32 (N, D).
Features: TypeAlias = Any


class Estimator(Protocol):
    """What is fitted to documents, and has parameters."""

    def fit(self, features: Features, labels: Int32) -> Self: ...
    def get_params(self) -> dict[str, object]: ...
    def set_params(self, **values: object) -> Self: ...


class Classifier(Estimator, Protocol):
    """A fitted classifier, or a pipeline that ends with one."""

    @property
    def classes_(self) -> Int32: ...
    def predict_proba(self, features: Features) -> Float64: ...


class Pipeline(Classifier, Protocol):
    """A step that weighs features, then a classifier."""

    @property
    def steps(self) -> list[tuple[str, Any]]: ...
    def __getitem__(self, place: int | slice) -> Any: ...
