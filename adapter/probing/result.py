"""The result of a probe, as a frozen value, as JSON and as a line of Python."""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.errors import ProbeFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from adapter.probing.facts import Answer, Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """The abilities of a server and a model.

    Attributes:
        base_url: The base URL, without user, password and query.
        model: The model's name.
        models: The names of the models on offer.
        server: The kind of the server as in the option `server`, or empty.
        server_evidence: The mark that told the kind.
        version: The server's version, or empty.
        size: The model's size in billions of parameters, or None.
        context: Tokens of the context window, or None.
        tokenizer: The name of the tokenizer, or empty.
        dialect: The dialect that fits, or `auto`.
        dialect_evidence: The reason for the dialect.
        facts: Answers to the questions, each with its evidence.
        settings: Options for `adapter.wrap`.
        notes: Further sentences.
        requests: Requests sent.
        tokens: Tokens generated, or allowed where the server tells no usage.
    """

    base_url: str
    model: str
    models: tuple[str, ...] = ()
    server: str = ""
    server_evidence: str = ""
    version: str = ""
    size: float | None = None
    context: int | None = None
    tokenizer: str = ""
    dialect: str = "auto"
    dialect_evidence: str = ""
    facts: tuple[Fact, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    requests: int = 0
    tokens: int = 0

    def answer(self, name: str) -> Answer:
        """Return the answer to a question by its name: `yes`, `no`, `not told` or `not asked`.

        Raises:
            KeyError: No question has the name.
        """
        return {fact.name: fact.answer for fact in self.facts}[name]

    @property
    def wrap_line(self) -> str:
        """The line of Python that makes a fitting client."""
        return f"adapter.wrap({', '.join(['client', *(f'{name}={value!r}' for name, value in self.settings.items())])})"

    @property
    def serve_line(self) -> str:
        """The command of a fitting gateway."""
        flags = [f"--{name.replace('_', '-')} {shlex.quote(str(value))}" for name, value in self.settings.items()]
        return " ".join(["adapter serve --upstream", shlex.quote(self.base_url), *flags])

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON types."""
        values = {name: getattr(self, name) for name in self.__slots__}
        facts = {fact.name: {"answer": fact.answer, "evidence": fact.evidence} for fact in self.facts}
        return values | {
            "models": list(self.models),
            "notes": list(self.notes),
            "facts": facts,
            "settings": dict(self.settings),
        }

    def save(self, file: str | PathLike[str]) -> None:
        """Write the result to a file for `adapter.load_settings`; an older file is replaced.

        Raises:
            ProbeFailed: The file cannot be written.
        """
        path = Path(file)
        try:
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            with os.fdopen(handle, "w", encoding="utf-8") as text:
                json.dump(self.as_json(), text, indent=2, ensure_ascii=False)
                text.write("\n")
            Path(name).replace(path)
        except OSError as error:
            raise ProbeFailed(f"{file}: {error.strerror or error}; give a path that can be written") from error
