"""Vector files of any common format: sniffed from the content, streamed, only wanted rows kept."""

from pipeline.embeddings.files.reading import VectorFile, read_vector_file

__all__ = ["VectorFile", "read_vector_file"]
