"""Vocabulary > EmbeddingMatrix: one file a source, and the table that names them."""
