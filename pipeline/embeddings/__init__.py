"""Vocabulary > EmbeddingMatrix: one file a source, and the table that names them."""

from pipeline.embeddings.request import EmbeddingRequest, WordVectors
from pipeline.embeddings.sources import SOURCES, Embedded, embed, parse_source

__all__ = ["SOURCES", "Embedded", "EmbeddingRequest", "WordVectors", "embed", "parse_source"]
