"""The openai client: `wrap`, and the HTTP client put under a wrapped one."""
