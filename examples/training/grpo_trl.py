"""Reinforcement learning with TRL: rewards by the measures of `adapter eval`.

Interface: GRPOTrainer of TRL 1.9, which calls each reward function with `prompts`, `completions` and the data set's columns.

    pip install trl tool-call-adapter
    python grpo_trl.py
"""

import json
import os

from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

import adapter
from adapter.training import reward_function

MODEL = os.environ.get("MODEL", "Qwen/Qwen2.5-0.5B-Instruct")
DIALECT = "qwen2.5"

tools = [
    {
        "type": "function",
        "function": {
            "name": "get_current_weather",
            "description": "Return the weather of a city.",
            "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
        },
    }
]
tasks = [
    ("What's the weather in Singapore?", [{"name": "get_current_weather", "arguments": {"location": "Singapore"}}]),
    ("Is it warm in Oslo?", [{"name": "get_current_weather", "arguments": {"location": {"regex": "Oslo"}}}]),
    ("Say hello.", []),
]

# The prompt is what the server gets; the expectation is JSON text, as columns of data sets know no objects of different keys.
rows = [
    {"prompt": adapter.render([{"role": "user", "content": question}], tools, dialect=DIALECT), "expect": json.dumps(expect)}
    for question, expect in tasks
]
# The parts appear in TRL's log by their names; those of weight 0 are watched only.
parts = [reward_function(tools, dialect=DIALECT, part=part) for part in ("total", "format", "selection", "schema", "arguments")]

trainer = GRPOTrainer(
    MODEL,
    reward_funcs=parts,
    args=GRPOConfig(output_dir="out", reward_weights=[1.0, 0.0, 0.0, 0.0, 0.0]),
    train_dataset=Dataset.from_list(rows),
)
trainer.train()
