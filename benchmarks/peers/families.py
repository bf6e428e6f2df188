"""The servers' parsers that read a dialect of the adapter's, by the names of `--tool-call-parser`.

Each parser is measured once, with the dialect of its family named here. Dialects that share a text share the row: hermes stands
for qwen2.5, granite-4 and other dialects of the same tags, qwen3-coder for qwen3.5, qwen3.6 and nemotron-3-nano. Only the
standard library is imported, as in `workloads.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

_DEEPSEEK = ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", "<｜tool▁sep｜>")
_KIMI = (
    "<|tool_calls_section_begin|>",
    "<|tool_calls_section_end|>",
    "<|tool_call_begin|>",
    "<|tool_call_argument_begin|>",
    "<|tool_call_end|>",
)


@dataclass(frozen=True)
class Family:
    """A dialect and the servers' parsers of the same call syntax.

    Attributes:
        dialect: Name of the adapter's dialect; its macros write the workload.
        vllm: Name of vLLM's parser; empty for none.
        sglang: Name of SGLang's detector; empty for none.
        tokens: Special tokens that a parser looks up in the model's vocabulary. Each is a delta of its own, as the server's
            detokenizer hands special tokens over; a parser of the family need not find them in two halves.
    """

    dialect: str
    vllm: str = ""
    sglang: str = ""
    tokens: tuple[str, ...] = ()


FAMILIES = (
    Family("hermes", "hermes", "qwen25"),
    Family("hermes-3", "", "hermes"),
    Family("granite-4", "granite4"),
    Family("granite-3", "granite"),
    Family("llama-3.1", "llama3_json", "llama3", ("<|python_tag|>",)),
    Family("mistral-v3", "mistral", "mistral", ("[TOOL_CALLS]",)),
    Family("mistral-v11", "mistral", "mistral", ("[TOOL_CALLS]", "[ARGS]")),
    Family("phi-4-mini", "phi4_mini_json"),
    Family("xlam-2", "xlam"),
    Family("deepseek-v3", "deepseek_v3", "deepseekv3", _DEEPSEEK),
    Family("deepseek-v3.1", "deepseek_v31", "deepseekv31", _DEEPSEEK),
    Family("kimi-k2", "kimi_k2", "kimi_k2", _KIMI),
    Family("qwen3-coder", "qwen3_coder", "qwen3_coder"),
    Family("seed-oss", "seed_oss"),
    Family("minimax-m2", "minimax_m2", "minimax-m2", ("<minimax:tool_call>", "</minimax:tool_call>")),
    Family("deepseek-v3.2", "deepseek_v32", "deepseekv32"),
    Family("deepseek-v4", "deepseek_v4", "deepseekv4"),
    Family("deepseek-v4.1", "deepseek_v41", "deepseekv41"),
    Family("glm-4.5", "glm45", "glm45"),
    Family("glm-4.7", "glm47", "glm47"),
    Family("gpt-oss", "openai", "gpt-oss", ("<|start|>", "<|channel|>", "<|message|>", "<|call|>")),
    Family("kimi-k3", "kimi_k3", "kimi_k3"),
    Family("minimax-m3", "minimax_m3", "minimax-m3"),
    Family("gemma-4", "gemma4", "gemma4", ("<|tool_call>", "<tool_call|>", '<|"|>')),
    Family("functiongemma", "functiongemma", "", ("<start_function_call>", "<end_function_call>", "<escape>")),
    Family("llama-4", "llama4_pythonic", "pythonic"),
    Family("toolace", "pythonic"),
    Family("lfm2", "lfm2", "lfm2", ("<|tool_call_start|>", "<|tool_call_end|>")),
)
