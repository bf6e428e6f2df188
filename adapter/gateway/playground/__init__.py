"""The Playground: a page of the gateway that shows prompts, completions and the requests of other clients."""
