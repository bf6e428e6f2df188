"""The configuration of a gateway, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapter.gateway.settings import MOST_BODY, MOST_RECORDED

if TYPE_CHECKING:
    from collections.abc import Mapping


class BadConfig(Exception):
    """A setting is unknown or cannot be used. The message is a line: the place, the value and the likely fix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """The server that writes the text.

    Attributes:
        url: The base of its API, without a slash at the end and without credentials.
        key: The key for the server; empty: the caller's own.
        timeout: Seconds of silence that are waited for.
        name: The name in the settings, in logs and in metrics.
        first_byte: Seconds until the first byte of an answer; None: as many as `timeout`.
        models: Globs of the models that the server has.
        model: The name under which requests go to this server; empty for the name that they have.
        caller_key: The server gets the caller's key, where `key` is empty.
    """

    url: str
    key: str = field(default="", repr=False)
    timeout: float = 600.0
    name: str = "default"
    first_byte: float | None = None
    models: tuple[str, ...] = ("*",)
    model: str = ""
    caller_key: bool = True

    @property
    def shown(self) -> str:
        """The address for people."""
        return self.url


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRule:
    """Options for the models that a pattern names.

    Attributes:
        pattern: A glob: `qwen3-*`.
        options: All options for these models.
        model: The name under which the requests go upstream; empty for the caller's own.
        upstreams: Names of the upstreams that are asked, in order; empty: those whose `models` fit.
    """

    pattern: str
    options: Mapping[str, Any]
    model: str = ""
    upstreams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A gateway.

    Attributes:
        upstream: The server that writes the text; of several the first.
        others: Further servers, in the order in which they are asked.
        retries: Further rounds of tries for a request that no server has begun to answer.
        wait: Seconds before a further try, at most.
        circuit_failures: Failures in a row after which an upstream is left alone.
        circuit_rest: Seconds for which an upstream is left alone.
        options: Options of the library, for models that no rule names.
        models: Rules by the model's name; the first that fits holds.
        model: The name under which requests go upstream; empty for the caller's own.
        store: The store's word: `memory`, `none` or a path.
        keys: The keys that callers may use; empty for a gateway without keys.
        no_auth: Others may use the gateway without keys.
        hosts: Further names in the `Host` header; `*` for any.
        origins: Origins whose pages may call the gateway.
        workers: Processes that take requests.
        ollama: Ollama's routes are served too.
        compares: With `native="auto"`, upstream is asked first if tools reach the prompt.
        playground: The page at `/` is served, and the last requests are kept for it.
        log_json: The log is written in lines of JSON.
        metrics: `/metrics` is served.
        record: The file that records are appended to; empty for none.
        record_limit: Bytes of the file of records, at most.
        source: The file of settings; empty without one.
    """

    upstream: Upstream
    others: tuple[Upstream, ...] = ()
    retries: int = 0
    wait: float = 5.0
    circuit_failures: int = 5
    circuit_rest: float = 30.0
    options: Mapping[str, Any] = field(default_factory=dict)
    models: tuple[ModelRule, ...] = ()
    model: str = ""
    store: str = "memory"
    host: str = "127.0.0.1"
    port: int = 0
    keys: frozenset[str] = field(default=frozenset(), repr=False)
    no_auth: bool = False
    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    max_body: int = MOST_BODY
    header_timeout: float = 20.0
    body_timeout: float = 60.0
    idle_timeout: float = 75.0
    stop_timeout: int = 30
    tls: tuple[str, str] | None = None
    workers: int = 1
    ollama: bool = False
    compares: bool = True
    playground: bool = True
    log_level: str = "info"
    log_json: bool = False
    metrics: bool = False
    record: str = ""
    record_limit: int = MOST_RECORDED
    source: str = ""

    @property
    def upstreams(self) -> tuple[Upstream, ...]:
        """All servers, in the order in which they are asked."""
        return (self.upstream, *self.others)
