"""Tokens of a request: counted with a tokenizer at hand, else estimated."""
