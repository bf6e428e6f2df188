"""`adapter demo`: a real model on loopback, and a whole conversation with the model through a wrapped client."""


class DemoUnavailable(Exception):
    """The demo cannot run on the machine. The message is a sentence that tells the user how to proceed."""
