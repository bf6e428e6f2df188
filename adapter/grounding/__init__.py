"""Grounding: do the values of a call occur in the conversation? Pure functions, linear in the length of the conversation."""
