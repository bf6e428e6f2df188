"""`adapter templates export`: dialects as response templates for transformers and all that read them."""
