"""Call syntaxes whose arguments are JSON."""
