"""Response templates of tokenizers (transformers 5.13 and later): read, tried on sample calls, and made into dialects."""
