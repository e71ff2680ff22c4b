"""Networks that read word vectors: built, fed and trained with Keras; their equations and saved ones in NumPy."""
