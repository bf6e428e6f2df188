"""Calls that upstream makes itself, turned into the events of the parser: one policy judges both kinds (behaviour 6.11)."""
