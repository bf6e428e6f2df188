"""DashScope's own wire: `text-generation` and `multimodal-generation`, read as chat requests."""
