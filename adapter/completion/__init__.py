"""From the completion of a model to the events for the caller: content, reasoning and checked tool calls."""
