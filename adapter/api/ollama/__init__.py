"""Ollama's own wire: `/api/chat` and `/api/generate`, read as chat requests and answered in lines of JSON."""
