"""Call syntaxes of whole messages: channels of text, reasoning and calls."""
