"""S: tools that change the world, secrets, and orders to the model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.linting.finding import Found, Rule
from adapter.linting.words import parts_of, word_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.linting.subject import LintedTool, Subject

# Verbs of calls that cannot be taken back, or that reach other people.
_GRAVE = word_set(
    "buy cancel delete destroy drop erase kill overwrite pay purchase purge refund remove send terminate truncate "
    "uninstall unsubscribe wipe withdraw"
)
_WRITES = _GRAVE | frozenset(["create", "insert", "update", "write", "upload", "modify", "edit"])
_WARNED = re.compile(
    r"\b(?:permanent|permanently|irreversibl\w+|cannot be (?:undone|reversed|recovered)|can't be undone|undo|undone|"
    r"confirm\w*|careful\w*|"
    r"caution|warning|destructive|approv\w+|only (?:if|when|after)|do not|don't|never|must|ask(?:s|ed)? (?:the user|"
    r"before|for)|dry.?run|"
    r"trash|recoverable|draft)\b",
    re.IGNORECASE,
)
_HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "read_only_hint", "destructive_hint")
_ORDERS = (
    re.compile(
        r"\b(?:ignore|disregard|forget) (?:all |any )?(?:of )?(?:the |your )?(?:previous|prior|other|above|earlier|"
        r"preceding|system) (?:\w+ )?(?:instructions?|tools?|prompts?|messages?|rules?)",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:do not|don't|never) (?:tell|inform|mention|reveal|show)\b[^.]{0,40}\b(?:the )?user\b", re.IGNORECASE),
    re.compile(
        r"\balways (?:call|use|choose|pick|select|prefer|invoke|run) (?:this|me)\b(?! (?:\w+ ){0,2}(?:when|if|before|"
        r"after|for|to|over|instead|rather)\b)",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:do not|don't|never) (?:call|use) (?:any )?other tools?\b", re.IGNORECASE),
    re.compile(
        r"\b(?:this|the) (?:is the )?(?:best|most (?:reliable|accurate|trusted|powerful)|only) tool\b(?! (?:that|"
        r"which|to|for)\b)",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:prefer|use) this (?:tool |function )?(?:over|instead of) (?:all|any|every) (?:the )?(?:other|others)\b",
        re.IGNORECASE,
    ),
    re.compile(r"<\s{0,9}/?\s{0,9}(?:important|system|secret|instructions?)\s{0,9}>", re.IGNORECASE),
)
_SECRETS = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|secret|secrets|secret_key|client_secret|api_?key|apikey|private_key|access_token|auth_token|"
    r"bearer_token|refresh_token|credential|credentials|cvv|cvc|ssn)$"
)


def _verb(tool: LintedTool, verbs: frozenset[str]) -> str:
    """Return the verb at the beginning of a name, or behind a prefix that ends in a point, a slash or a double underscore."""
    name = re.split(r"[./:]|__", tool.name)[-1]
    first = (parts_of(name) or [""])[0]
    return first if first in verbs and len(parts_of(name)) > 1 else ""


def _unmarked(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        verb = _verb(tool, _GRAVE)
        if verb and not any(hint in tool.hints for hint in _HINTS) and not _WARNED.search(tool.description):
            message = f"{tool.named} can {verb}, and neither its description nor an annotation warns"
            hint = 'say what cannot be undone and when to ask the user; an MCP tool: "annotations": {"destructiveHint": true}'
            yield Found(message, tool.description_path, tool.description or tool.name, hint, tool.name)


def _not_read_only(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        for key in ("readOnlyHint", "read_only_hint"):
            if tool.hints.get(key) is True and (verb := _verb(tool, _WRITES)):
                message = f"{tool.named} says that it only reads, and its name begins with {verb!r}"
                yield Found(message, (*tool.path, "annotations", key), {key: True}, f'write "{key}": false', tool.name)


def _orders(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        texts = [
            (tool.description, tool.description_path),
            *((one.description, one.at("description")) for one in tool.parameters),
        ]
        for text, path in texts:
            found = next((found for pattern in _ORDERS if (found := pattern.search(text))), None)
            if found:
                message = f"{tool.named} gives the model an order: {found[0]!r}"
                yield Found(
                    message,
                    path,
                    found[0],
                    "say what the tool is for, and leave the choice to the model; of a server that is not yours: do "
                    "not trust it",
                    tool.name,
                )


def _secrets(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        for one in tool.parameters:
            if _SECRETS.search("_".join(parts_of(one.name))):
                message = f"{tool.named} asks the model for a secret: parameter {one.shown!r}"
                yield Found(
                    message,
                    one.path,
                    one.name,
                    "let the program add secrets: what the model reads and writes is logged",
                    tool.name,
                )


RULES = (
    Rule(
        "S01",
        "warning",
        "A tool that cannot be taken back has neither warning nor annotation",
        "MCP, ToolAnnotations",
        _unmarked,
    ),
    Rule("S02", "error", "A tool that writes says that it only reads", "mcplint; MCP, ToolAnnotations", _not_read_only),
    Rule(
        "S03",
        "error",
        "A description gives the model orders",
        "arXiv 2505.18135: assertive cues are chosen 81.8 : 7.3 %",
        _orders,
    ),
    Rule("S04", "warning", "A tool asks the model for a secret", "agent-friend", _secrets),
)
