"""Speed, memory and accuracy as ratios measured in one run: `python -m benchmarks NAME --corpora CORPORA`."""
