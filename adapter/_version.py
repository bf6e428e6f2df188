"""The version, alone in a file that is cheap to import."""

__version__ = "0.1.0"
