"""What the caller offers: tool definitions, the choice among them, and the checking of calls against them."""
