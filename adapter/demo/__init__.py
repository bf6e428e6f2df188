"""`adapter demo`: a real model on loopback, and a whole conversation with it through a wrapped client."""


class DemoUnavailable(Exception):
    """The demo cannot run here; the message is one sentence that says what to do."""
