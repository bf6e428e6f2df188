"""JSON and text as characters: buffers, spans, tokens, repair. No other room is known here."""
