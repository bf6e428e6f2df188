"""Dialects, the formats in which models were taught to call tools: a template each, found, loaded and checked here."""
