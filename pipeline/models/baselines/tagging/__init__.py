"""Linear taggers: what stands around a word, and a weight for each of it and each tag."""
