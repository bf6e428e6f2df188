"""Tools chosen for a turn of a conversation: by BM25 over the definitions, and by embeddings of the caller's."""
