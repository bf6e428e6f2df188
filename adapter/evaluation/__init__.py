"""Evaluation: cases asked of a model through the adapter, their answers checked, counted and reported."""
