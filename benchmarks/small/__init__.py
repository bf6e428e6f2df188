"""The measure of small models: texts, ways to ask, kept answers, judgement. `benchmarks/effect.py` is its command line."""
