"""The Responses API: requests read as chat requests, and chat answers written as items and events (behaviour 7)."""
