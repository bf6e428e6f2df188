"""The loop around a model and its tools: calls are checked, run within limits of time and rights, and answered."""
