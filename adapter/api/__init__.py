"""The wire formats spoken with the caller."""
