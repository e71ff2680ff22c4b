"""Keras models that read word vectors: how they are built, fed, trained and saved."""
