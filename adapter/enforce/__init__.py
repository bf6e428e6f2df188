"""The ladder from words to grammars: how a tool choice is held."""
