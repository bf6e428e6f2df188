"""For training: the tokens of a completion's parts, loss masks, samples out of conversations, rewards, a tool parser for verl.

    tokens = token_spans(adapter.parse(text, tools), tokenizer)
    labels = tokens.labels("calls", "content")

Tokenizers are the caller's: nothing here imports `tokenizers`, `transformers`, TRL or verl before it is used.
"""

from adapter.training.offsets import Tokens, decode, tokenize
from adapter.training.rewards import CallReward, call_reward, reward_function
from adapter.training.samples import TrainingSample, training_samples
from adapter.training.token_spans import CallTokens, Straddling, TokenSpans, token_spans

__all__ = [
    "CallReward",
    "CallTokens",
    "Straddling",
    "TokenSpans",
    "Tokens",
    "TrainingSample",
    "call_reward",
    "decode",
    "reward_function",
    "token_spans",
    "tokenize",
    "training_samples",
]
