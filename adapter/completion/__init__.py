"""What the model wrote, turned into what the caller gets: content, reasoning and checked tool calls."""
