"""Prompts: tools and conversation as plain messages, without `tools` and `tool_calls`."""
