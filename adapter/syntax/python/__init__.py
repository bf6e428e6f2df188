"""Call syntaxes in the notation of Python."""
