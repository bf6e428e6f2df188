"""The router: the tools for a turn of a conversation."""
