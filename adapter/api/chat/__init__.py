"""Chat Completions: requests read, answers written, whole and in chunks (behaviour 3)."""
