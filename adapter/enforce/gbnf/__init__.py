"""Grammars in GBNF, the notation of llama.cpp."""
