"""Round trips: random conversations rendered in a dialect and read again, `python -m benchmarks.round_trip`."""
