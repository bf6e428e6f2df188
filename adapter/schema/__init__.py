"""JSON Schema: compiling, checking, coercing, and the place of each value in a schema."""
