"""How word vectors fit a corpus: coverage, neighbours, known pairs of words."""
