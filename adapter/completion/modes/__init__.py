"""Handlers of the parser, one module per mode."""
