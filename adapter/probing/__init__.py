"""`adapter.probe`: the abilities of a server and a model, told by facts that do not depend on how clever the model is.

A probe is a generator of requests (`run.py` sends them), with at most 12 requests and 200 tokens. Questions are functions in a
table (`questions.py`); each request answers as many questions as do not disturb one another. Facts have careful answers: a
server that accepts a field and ignores the field is told apart from a server that refuses the field.
"""
