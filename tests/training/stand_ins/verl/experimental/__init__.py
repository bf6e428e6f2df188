"""Of verl."""
