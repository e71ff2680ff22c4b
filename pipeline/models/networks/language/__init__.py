"""Recurrent language models in Keras: built, and trained on parallel streams of documents."""
