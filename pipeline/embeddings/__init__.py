"""Vocabulary > EmbeddingMatrix: one file a source, and the table that names them."""

from pipeline.embeddings.request import EmbeddingRequest, Source, WordVectors
from pipeline.embeddings.table import SOURCES, Embedded, embed, parse_source, parse_sources

__all__ = [
    "SOURCES",
    "Embedded",
    "EmbeddingRequest",
    "Source",
    "WordVectors",
    "embed",
    "parse_source",
    "parse_sources",
]
