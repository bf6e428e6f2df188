"""TRL's trainers as far as data and rewards go: rows are checked as TRL reads them, rewards are called as TRL calls them."""

from __future__ import annotations

import inspect
import json
import os
from types import SimpleNamespace
from typing import Any


class SFTConfig(SimpleNamespace):
    """Settings."""


class GRPOConfig(SimpleNamespace):
    """Settings."""


class SFTTrainer:
    """Takes rows with `prompt` and `completion`, or with `input_ids` and `labels`; prints what would be learnt."""

    def __init__(self, model: str, *, args: SFTConfig, train_dataset: Any, processing_class: Any) -> None:
        self.args, self.rows, self.tokenizer = args, train_dataset, processing_class
        assert isinstance(model, str)
        assert {"prompt", "completion"} <= {*train_dataset.column_names} or {"input_ids", "labels"} <= {
            *train_dataset.column_names
        }

    def train(self) -> None:
        """Print the tokens of each row that the loss is of."""
        for row in self.rows:
            assert len(row["input_ids"]) == len(row["labels"])
            assert all(label in {-100, one} for one, label in zip(row["input_ids"], row["labels"], strict=True))
            learnt = [label for label in row["labels"] if label != -100]
            print(f"learn {self.tokenizer.decode(learnt)!r} of {len(row['input_ids'])} tokens")


class GRPOTrainer:
    """Takes a data set with `prompt` and further columns, and calls each reward function; the completions are given."""

    def __init__(
        self, model: str, *, reward_funcs: Any, args: GRPOConfig, train_dataset: Any, processing_class: Any = None
    ) -> None:
        assert isinstance(model, str)
        self.functions = reward_funcs if isinstance(reward_funcs, list) else [reward_funcs]
        self.args, self.rows, self.tokenizer = args, train_dataset, processing_class

    def train(self) -> None:
        """Print the rewards of each function, under the name by which TRL logs it."""
        texts = json.loads(os.environ["STAND_IN_COMPLETIONS"])
        assert len(texts) == len(self.rows)
        completions = [[{"role": "assistant", "content": text}] for text in texts]
        columns = {name: [row[name] for row in self.rows] for name in self.rows.column_names if name != "prompt"}
        for function in self.functions:
            assert not inspect.iscoroutinefunction(function)
            rewards = function(
                prompts=[row["prompt"] for row in self.rows], completions=completions, completion_ids=[[0]] * len(texts),
                trainer_state=None, log_extra=None, log_metric=None, environments=None, **columns,
            )  # fmt: skip
            print(f"rewards/{function.__name__}", [None if one is None else round(one, 3) for one in rewards])
