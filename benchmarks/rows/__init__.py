"""The rows of the list of targets, one module each, with a function `run`."""

# Name on the command line → module.
ROWS = {
    "stream": "benchmarks.rows.stream",
    "growth": "benchmarks.rows.growth",
    "whole": "benchmarks.rows.whole",
    "rendering": "benchmarks.rows.rendering",
    "validation": "benchmarks.rows.validation",
    "client": "benchmarks.rows.client",
    "start": "benchmarks.rows.start",
    "memory": "benchmarks.rows.memory",
    "dialects": "benchmarks.rows.dialects",
    "markers": "benchmarks.rows.markers",
    "gateway": "benchmarks.rows.gateway",
    "batch": "benchmarks.rows.batch",
}
