"""The statistics on fixed arrays, beside what other implementations answer.

The expected figures come from mlxtend 0.25, baycomp 1.0.3 and statsmodels 0.15, by the calls that stand beside
them; `python -m benchmarks statistics_references` asks those packages again.
"""
