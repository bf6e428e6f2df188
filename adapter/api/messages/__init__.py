"""Anthropic's Messages API: requests read as chat requests, answers written as messages, whole and in events."""
