"""`adapter lint`: tools as the model will read them, held against rules of which each names its source."""
