"""What trained models have learned: probes, contributions of words, worked examples."""
