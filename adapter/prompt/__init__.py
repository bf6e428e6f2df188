"""Tools and conversation, turned into what the model reads: plain messages without `tools` or `tool_calls`."""
