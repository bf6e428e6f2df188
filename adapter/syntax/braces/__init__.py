"""Call syntaxes with a notation of braces of their own."""
