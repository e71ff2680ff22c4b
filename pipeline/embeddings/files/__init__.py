"""Vector files of any common format: sniffed from the content, streamed, only wanted rows kept."""
