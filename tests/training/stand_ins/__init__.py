"""Stand-ins of trainers, found by the examples under the names of the real packages."""
