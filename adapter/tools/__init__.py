"""Tools of a request: definitions, and the tool choice."""
