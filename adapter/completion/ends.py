"""The ends of an answer that cut it: the model did not come to its own end."""

from __future__ import annotations

# OpenAI's words for an answer that was cut, and None for a connection that broke.
CUT = frozenset({"length", "content_filter", None})
