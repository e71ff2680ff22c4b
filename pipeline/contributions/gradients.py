"""Networks: integrated gradients, from a document of average words to the document."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.values import Float32, Float64, Int32

# (vectors (B, T, D), lengths (B,), class weights (B, C)) > scores (B,), gradients (B, T, D)
ScoreGradients = Callable[[Float32, Int32, Float32], tuple[Float32, Float32]]


def integrated_gradients(
    vectors: Float32,
    lengths: Int32,
    baseline: Float32,
    weights: Float32,
    gradients: ScoreGradients,
    n_points: int,
) -> Float64:
    """Return what each word adds to a score that a network computes from word vectors.

    Parameters
    ----------
    vectors : float32 array (B, T, D)
        Documents as vectors, padded on the right.
    lengths : int32 array (B,)
        Real timesteps.
    baseline : float32 array (D,)
        The vector that stands for a word that says nothing.
    weights : float32 array (B, C)
        What each class's logit counts in a document's score.
    gradients : callable
        (vectors, lengths, weights) to the scores (B,) and their gradients with respect to the vectors (B, T, D).
    n_points : int
        Points of the integral.

    Returns
    -------
    float64 array (B, T)
        Real timesteps; 0 at padding.

    Notes
    -----
    With x_t the vector of word t and b the baseline, word t gets

        sum over d of (x_td - b_d) * integral over a from 0 to 1 of dS(b + a (x - b)) / dx_td

    (equation 1 of [1]_, summed over a word's dimensions), by Gauss-Legendre quadrature. All words together get
    S(x) - S(b) (completeness, proposition 1 there) but for the error of the quadrature, which a caller can see.

    References
    ----------
    .. [1] Sundararajan, Taly, Yan (2017), arXiv:1703.01365v2.
    """
    nodes, shares = np.polynomial.legendre.leggauss(n_points)  # on -1 .. 1
    difference = vectors - baseline  # (B, T, D)
    total = np.zeros(vectors.shape[:2])  # (B, T)
    for node, share in zip((nodes + 1) / 2, shares / 2, strict=True):
        _, gradient = gradients(baseline + np.float32(node) * difference, lengths, weights)
        total += share * np.einsum("btd,btd->bt", gradient, difference)
    real = np.arange(vectors.shape[1]) < np.asarray(lengths)[:, None]  # (B, T)
    return np.where(real, total, 0.0)
