"""Special tokens that servers sometimes leave in the text by mistake (behaviour 1.11).

They mean the end of a turn, or its header, in the chat templates of the large model families. A dialect adds its own.
"""

from __future__ import annotations

_ROLES = ("assistant", "user", "system", "tool")

COMMON_TOKENS: tuple[str, ...] = (
    "<|im_start|>",
    *(f"<|im_start|>{role}" for role in _ROLES),
    "<|im_end|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    *(f"<|start_header_id|>{role}<|end_header_id|>" for role in _ROLES),
    "<|end|>",
    "<|eos|>",
    "</s>",
    "<end_of_turn>",
    "<eos>",
)
