"""Facts about a server, and the questions in the order of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Answer = Literal["yes", "no", "not told", "not asked"]

# Names of the facts, with their words in the report.
TITLES: dict[str, str] = {
    "tools": "tools reach the prompt",
    "calls": "calls are parsed",
    "required": "tool_choice 'required' is kept",
    "json_schema": "JSON schema is enforced",
    "json_object": "JSON mode without a schema",
    "grammar": "GBNF grammar is enforced",
    "structural_tags": "structural tags are enforced",
    "prefill": "a begun answer is continued",
    "stop": "stop is kept",
    "logprobs": "logprobs are sent",
    "n": "n=2 gives two answers",
    "stream_options": "streams tell usage",
    "developer": "role developer reaches the prompt",
    "reasoning_content": "reasoning_content reaches it",
    "images": "images are taken",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """The answer to a question, with its evidence.

    Attributes:
        name: The name of the question, a key of `TITLES`.
        answer: `yes`, `no`, `not told` (asked, and the evidence decides nothing) or `not asked`.
        evidence: A sentence.
    """

    name: str
    answer: Answer
    evidence: str
