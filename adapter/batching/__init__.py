"""Completions by the thousand: read row by row into columns, over data frames, files, processes and machines."""
