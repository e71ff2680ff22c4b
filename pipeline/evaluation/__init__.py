"""Saved predictions > scores, intervals, paired comparisons, verdict: one scorer for every model."""
