"""Questions to a plain request and to the same request with a tool."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adapter.errors import ProbeFailed
from adapter.probing.dialect import call_in
from adapter.probing.identify import identified_by_answer
from adapter.probing.session import Part, fields_away
from adapter.probing.wire import shown, shown_url

if TYPE_CHECKING:
    from collections.abc import Generator

    from adapter.probing.session import Session
    from adapter.probing.wire import Ask, Reply

WORD = "kumquat-7"
QUESTION = [{"role": "user", "content": f"Call the tool report_word with the word {WORD}."}]
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "report_word",
        "description": "Report a word.",
        "parameters": {
            "type": "object",
            "properties": {"word": {"type": "string", "enum": [WORD]}},
            "required": ["word"],
            "additionalProperties": False,
        },
    },
}
_STOPS = [" ", "e", "a", "o"]  # nearly every text of a few tokens has a string among these
_PLAIN_TOKENS = 8
_CALL_TOKENS = 48
_STOP = Part("stop", re.compile(r"\bstop\b", re.IGNORECASE), fields_away("stop"))
_CHOICE = Part("required", re.compile(r"tool_choice|tool choice|required", re.IGNORECASE), fields_away("tool_choice"))


def plain(session: Session) -> Generator[Ask, Reply, None]:
    """Ask a plain question, with stop strings.

    Raises:
        ProbeFailed: The server answers no chat request.
    """
    body = session.chat(QUESTION, _PLAIN_TOKENS, stop=_STOPS)
    outcome = yield from session.tried(body, _PLAIN_TOKENS, [_STOP])
    reply = outcome.reply
    if reply is None or not reply.ok or not reply.choices:
        raise ProbeFailed(_no_chat(session, reply))
    session.tell_refused(outcome)
    session.prompt_tokens = reply.prompt_tokens
    if "stop" not in session.facts:
        _tell_stop(session, reply)
    yield from identified_by_answer(session, reply)


def _tell_stop(session: Session, reply: Reply) -> None:
    text = reply.text
    seen = next((stop for stop in _STOPS if stop in text.strip()), None)
    if reply.is_thinking or text.lstrip().startswith("<think>"):
        session.tell("stop", "not told", "the answer is cut inside the reasoning")
    elif seen is not None:
        session.tell("stop", "no", f"accepted, and the answer {shown(text)!r} goes on behind {seen!r}")
    else:
        session.tell("stop", "yes", f"the answer {shown(text)!r} ends before each of {', '.join(map(repr, _STOPS))}")


def _no_chat(session: Session, reply: Reply | None) -> str:
    where = f"{shown_url(session.base)}/chat/completions"
    if reply is None or reply.fault:
        said = "no time left" if reply is None else reply.fault
        return f"{where}: {said}; a model that is being loaded needs time: try again, or a longer --timeout"
    if reply.status == 404 and "model" in reply.words.lower():
        names = ", ".join(session.identity.models[:10])
        return f"the server does not know the model {session.model!r}: {reply.words}" + (f"; it has {names}" if names else "")
    if reply.status in {404, 405}:
        return (
            f"{where}: {reply.status}: no chat endpoint here. Check the base URL (most end in /v1); a server with "
            "/v1/completions only needs upstream='completions' and a chat_template"
        )
    if reply.status == 429:
        return f"{where}: too many requests (429): {reply.words}; wait and try again"
    kind = " with no chat completion" if reply.status == 200 else ""
    return f"{where}: the server answered {reply.status}{kind}: {reply.words or 'nothing'}"


def tools(session: Session) -> Generator[Ask, Reply, None]:
    """Ask the same question with a tool that must be called."""
    choice: Any = "required"
    if session.identity.kind == "dashscope":  # has no `required`
        choice = {"type": "function", "function": {"name": "report_word"}}
    body = session.chat(QUESTION, _CALL_TOKENS, tools=[TOOL], tool_choice=choice)
    outcome = yield from session.tried(body, _CALL_TOKENS, [_CHOICE] if session.budget.covers(2 * _CALL_TOKENS) else [])
    reply = outcome.reply
    if reply is None:
        return
    if not reply.ok or not reply.choices:
        said = f"{'refused' if reply.refused else 'no answer'} ({reply.status}): {reply.words}"
        session.tell("tools", "no" if reply.refused else "not told", said)
        return
    _tell_prompt(session, reply)
    _tell_calls(session, reply)
    if outcome.refused:
        session.tell("required", "no", outcome.refused["required"])


def _tell_prompt(session: Session, reply: Reply) -> None:
    without, given = session.prompt_tokens, reply.prompt_tokens
    if reply.message.get("tool_calls"):
        session.tell("tools", "yes", "the answer is a call of the tool")
    elif without is None or given is None:
        session.tell("tools", "not told", "the server tells no prompt tokens")
    elif given == without:
        session.tell("tools", "no", f"accepted and ignored: the prompt has {given} tokens with and without tools")
    elif given > without:
        session.tell("tools", "yes", f"the prompt has {given} tokens with a tool, {without} without")
    else:  # servers that do not count a cached part
        session.tell("tools", "not told", f"the prompt has {given} tokens with a tool, {without} without")


def _tell_calls(session: Session, reply: Reply) -> None:
    calls = reply.message.get("tool_calls")
    if calls:
        session.tell("calls", "yes", "the answer has tool_calls")
        session.tell("required", "yes", "a call was due, and a call came")
        return
    name = call_in(reply.text, session.model)
    if name:
        session.left_call = name
        session.tell("calls", "no", f"the call stands in the content, in the dialect {name!r}")
        session.tell("required", "yes", "a call was due, and a call came, as text")
    elif reply.is_thinking or reply.choices[0].get("finish_reason") == "length":
        session.tell("calls", "not told", f"the answer was cut at {_CALL_TOKENS} tokens: {shown(reply.text)!r}")
        session.tell("required", "not told", "the answer was cut")
    else:
        ignored = session.facts["tools"].answer == "no"
        told = "the model never saw the tool" if ignored else "no call was made"
        session.tell("calls", "not told", f"{told}: {shown(reply.text)!r}")
        session.tell("required", "no", "accepted and ignored: the answer has no call")
