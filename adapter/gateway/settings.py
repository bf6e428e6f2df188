"""The settings of the gateway, one table: flags, variables of the environment and keys of `adapter.toml` follow from it.

    --max-body 1000000      ADAPTER_SERVE_MAX_BODY=1000000      max_body = 1_000_000

The options of the library are settings too: `--dialect`, `ADAPTER_SERVE_DIALECT`, and `dialect` in the table `[options]`. One
option has a flag of another name: `--upstream-api` is the option `upstream`, because `--upstream` is the server's address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from adapter.option_keywords import CHOICES, OptionKeywords

Kind = Literal["text", "whole", "number", "flag", "list"]
PREFIX = "ADAPTER_SERVE_"
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the variable that names the folder where workers' metrics meet
MOST_BODY = 32 * 1024 * 1024
DEFAULT_PORT = 8790
MOST_RECORDED = 1 << 28
# Defaults of options that agents need; each can be set otherwise.
FOR_AGENTS: dict[str, Any] = {
    "dialect": "auto",
    "stream_calls": "validated",
    "on_invalid": "return",
    "on_bad_tool": "leave_out",
    "on_builtin": "leave_out",
    "native": "auto",
    "profile": "auto",
    "alive_after": 15.0,
}
FOR_AGENTS = {name: value for name, value in FOR_AGENTS.items() if name in OptionKeywords.__annotations__}


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the gateway's own, or an option of the library.

    Attributes:
        name: The key in a file of settings.
        kind: The kind of the value.
        default: The value of a gateway where nobody sets another.
        help: A line for the command's help.
        words: The words allowed; empty for any value.
        option: An option of the library.
        flag: The name of the flag, where the key is no name for it.
    """

    name: str
    kind: Kind
    default: Any
    help: str
    words: tuple[str, ...] = ()
    option: bool = False
    flag: str = ""

    @property
    def flags(self) -> str:
        """The flag on the command line."""
        return "--" + (self.flag or self.name).replace("_", "-")

    @property
    def variable(self) -> str:
        """The variable of the environment."""
        return PREFIX + (self.flag or self.name).upper()


_OWN = (
    Setting("upstream", "text", "", "the server that writes the text: http://host:port/v1"),
    Setting("upstream_key_env", "text", "", "the environment variable that holds the key for upstream"),
    Setting("upstream_key_file", "text", "", "a file that holds the key for upstream"),
    Setting("upstream_timeout", "number", 600.0, "seconds of upstream's silence that are waited for (600)"),
    Setting("upstream_first_byte", "number", None, "seconds until the first byte of an answer (as many as upstream_timeout)"),
    Setting("upstream_retries", "whole", 2, "further tries before the first byte, for an upstream that is away or busy (2)"),
    Setting("upstream_wait", "number", 5.0, "seconds before a further try, at most; a longer Retry-After is no use (5)"),
    Setting("circuit_failures", "whole", 5, "failures in a row after which other upstreams are asked first (5)"),
    Setting("circuit_rest", "number", 30.0, "seconds for which they are (30)"),
    Setting("model", "text", "", "send all requests upstream under this model's name"),
    Setting("host", "text", "127.0.0.1", "the address to listen on (127.0.0.1)"),
    Setting("port", "whole", DEFAULT_PORT, f"the port to listen on ({DEFAULT_PORT}); 0 for a free one"),
    Setting("api_key_file", "text", "", "a file with the keys that callers may use, one a line"),
    Setting("no_auth", "flag", False, "listen on another address than loopback without keys"),
    Setting("allow_host", "list", (), "a further name under which callers may reach the gateway, or *"),
    Setting("allow_origin", "list", (), "an origin whose pages may call the gateway from a browser: https://host"),
    Setting("max_body", "whole", MOST_BODY, f"bytes of a request ({MOST_BODY})"),
    Setting("header_timeout", "number", 20.0, "seconds in which the head of a request has to arrive (20)"),
    Setting("body_timeout", "number", 60.0, "seconds of silence within the body of a request (60)"),
    Setting("idle_timeout", "number", 75.0, "seconds after which an idle connection is closed (75)"),
    Setting("stop_timeout", "whole", 30, "seconds in which running requests may end when the gateway stops (30)"),
    Setting("tls_cert", "text", "", "the certificate, with its chain, as a PEM file"),
    Setting("tls_key", "text", "", "the certificate's key, as a PEM file"),
    Setting("workers", "whole", 1, "processes that take requests (1); more than one need a store that all share"),
    Setting("ollama", "flag", False, "serve Ollama's routes too: /api/chat, /api/generate, /api/tags, …"),
    Setting("no_playground", "flag", False, "serve no page at /, and keep no requests for it"),
    Setting("log_level", "text", "info", "how much is told on stderr (info)", ("debug", "info", "warning", "error")),
    Setting("log_json", "flag", False, "write the log in lines of JSON, one for each request"),
    Setting("metrics", "flag", False, "serve /metrics for Prometheus"),
    Setting("record", "text", "", "append each request to upstream and its answer to this file, in lines of JSON"),
    Setting("record_limit", "whole", MOST_RECORDED, f"bytes of the file of records ({MOST_RECORDED})"),
)
# The keys of a table [upstreams.NAME] in a file.
OF_UPSTREAMS = {
    setting.name: setting
    for setting in (
        Setting("url", "text", "", "the base of the API"),
        Setting("key_env", "text", "", "the environment variable that holds the key"),
        Setting("key_file", "text", "", "a file that holds the key"),
        Setting("caller_key", "flag", False, "without a key: send the caller's"),
        Setting("timeout", "number", 600.0, "seconds of silence that are waited for"),
        Setting("first_byte", "number", None, "seconds until the first byte of an answer"),
        Setting("models", "list", ("*",), "globs of the models that the server has"),
        Setting("model", "text", "", "the name under which requests go to this server"),
    )
}
# Options that a file or a flag cannot give: functions, and the store, which is given by a word.
_FUNCTIONS = frozenset({"on_event", "on_exchange", "new_id"})
_FLAGS = frozenset(
    {"coerce", "recover", "thinking_prefilled", "calls_in_thinking", "neutralise", "merge_system", "merge_turns", "replay"}
    | {"reply_tool"}
)
_WHOLE = frozenset({"retries", "longest_string", "max_response_bytes"})
_NUMBERS = frozenset({"temperature", "alive_after"})


def _option(name: str) -> Setting:
    kind: Kind = "flag" if name in _FLAGS else "whole" if name in _WHOLE else "number" if name in _NUMBERS else "text"
    words = tuple(word for word in CHOICES.get(name, ()) if word)
    default = FOR_AGENTS.get(name, "memory" if name == "store" else None)
    said = f" (default here: {default})" if default is not None else ""
    text = (
        "memory, none, the path of an SQLite file, or redis://host:6379/0"
        if name == "store"
        else f"the option {name!r} of the library"
    )
    return Setting(name, kind, default, f"{text}{said}", words, option=True, flag="upstream_api" if name == "upstream" else "")


OWN = {setting.name: setting for setting in _OWN}
OPTIONS = {name: _option(name) for name in sorted(OptionKeywords.__annotations__) if name not in _FUNCTIONS}
ALL = (*OWN.values(), *OPTIONS.values())
