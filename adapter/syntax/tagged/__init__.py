"""Call syntaxes of tags around raw values."""
