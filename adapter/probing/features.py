"""Questions about single features of a chat endpoint."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adapter.probing.session import Part, fields_away
from adapter.probing.wire import shown
from adapter.servers import SERVERS

if TYPE_CHECKING:
    from collections.abc import Generator

    from adapter.probing.session import Session
    from adapter.probing.wire import Ask, Reply

# The begun answer ends inside a word that stands in the question: continued, the answer begins with the rest of the word; a new
# answer never does. Servers that repeat the beginning repeat its first sign, which the question does not have.
_SENTENCE = "The secret word is kumquat."
_BEGUN, _REST = "@@ The secret word is kumq", "uat"
_PREFILL_TOKENS = 8
_FEW = 2
# Words of a message by the hundred: the count of prompt tokens tells the messages that reached the prompt.
_COUNT = "one two three four five six seven eight nine ten "
_DEVELOPER, _REASONING = _COUNT * 8, _COUNT * 24
_ONLY_DEVELOPER, _ONLY_REASONING, _BOTH = 60, 180, 290  # tokens beyond the plain prompt, at least
_LEAST_OF_IMAGE = 20  # tokens that an image adds to a prompt shorter than the plain prompt
_DOT = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


def prefill(session: Session) -> Generator[Ask, Reply, None]:
    """Ask with a last message of the assistant that ends inside a word."""
    server = SERVERS[session.server]
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": f"Repeat: {_SENTENCE}"},
        {"role": "assistant", "content": _BEGUN, **server.prefill_message},
    ]
    body = session.chat(messages, _PREFILL_TOKENS, **server.prefill_body)
    reply = yield from session.sent(body, _PREFILL_TOKENS)
    if reply is None:
        return
    text = reply.text.strip()
    if reply.refused:
        session.tell("prefill", "no", f"refused ({reply.status}): {reply.words}")
    elif not reply.ok:
        session.tell("prefill", "not told", f"no answer ({reply.status}): {reply.words}")
    elif text.startswith(_BEGUN) and text != _BEGUN:
        session.tell("prefill", "yes", f"the answer repeats the beginning and goes on: {shown(text)!r}")
    elif text.startswith(_REST):
        session.tell("prefill", "yes", f"the answer begins inside the word: {shown(text)!r}")
    elif reply.is_thinking or not text:
        session.tell("prefill", "not told", "the answer is empty, or was cut inside the reasoning")
    elif text[:1].islower():
        session.tell("prefill", "not told", f"the answer may go on, with other letters: {shown(text)!r}")
    else:
        session.tell("prefill", "no", f"accepted, and answered anew: {shown(text)!r}")


_N = Part("n", re.compile(r"\bn\b|choices?\b|multiple", re.IGNORECASE), fields_away("n"))
_USAGE = Part("stream_options", re.compile(r"stream_options|include_usage", re.IGNORECASE), fields_away("stream_options"))


def stream(session: Session) -> Generator[Ask, Reply, None]:
    """Ask for two short answers in a stream, with usage."""
    body = session.chat([{"role": "user", "content": "Hi."}], 1, stream=True, stream_options={"include_usage": True}, n=2)
    outcome = yield from session.tried(body, _FEW, [_USAGE, _N])
    session.tell_refused(outcome)
    reply = outcome.reply
    if reply is None or not reply.ok:
        return
    if not reply.events:
        session.tell("stream_options", "not told", "a stream was asked for, and a whole answer came")
    elif "stream_options" not in session.facts:
        told = reply.usage("prompt_tokens") is not None
        session.tell(
            "stream_options",
            "yes" if told else "no",
            "the stream has usage" if told else "accepted, and the stream has no usage",
        )
    if "n" not in session.facts:
        places = [choice for event in (reply.events or [reply.json]) for choice in _choices(event)]
        several = len({choice.get("index") for choice in places}) > 1
        session.tell("n", "yes" if several else "no", "two answers came" if several else "accepted, and a single answer came")


def _choices(event: dict[str, Any]) -> list[dict[str, Any]]:
    found = event.get("choices")
    return [choice for choice in found if isinstance(choice, dict)] if isinstance(found, list) else []


def _no_developer(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "messages": [message for message in body["messages"] if message["role"] != "developer"]}


def _no_reasoning(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "messages": [fields_away("reasoning_content")(message) for message in body["messages"]]}


_LOGPROBS = Part("logprobs", re.compile(r"log_?probs", re.IGNORECASE), fields_away("logprobs"))
_ROLE = Part("developer", re.compile(r"developer|\broles?\b", re.IGNORECASE), _no_developer)
_THOUGHT = Part("reasoning_content", re.compile(r"reasoning", re.IGNORECASE), _no_reasoning)


def history(session: Session) -> Generator[Ask, Reply, None]:
    """Ask with a developer message and reasoning in a past turn, of different lengths, and for log probabilities."""
    messages = [
        {"role": "developer", "content": _DEVELOPER},
        {"role": "user", "content": "Hi."},
        {"role": "assistant", "content": "Hello.", "reasoning_content": _REASONING},
        {"role": "user", "content": "Hi."},
    ]
    outcome = yield from session.tried(session.chat(messages, 1, logprobs=True), 1, [_ROLE, _THOUGHT, _LOGPROBS])
    session.tell_refused(outcome)
    reply = outcome.reply
    if reply is None or not reply.ok:
        return
    if "logprobs" not in session.facts:
        found = bool(reply.choices and reply.choices[0].get("logprobs"))
        session.tell(
            "logprobs", "yes" if found else "no", "the answer has them" if found else "accepted, and the answer has none"
        )
    _tell_history(session, reply)


def _tell_history(session: Session, reply: Reply) -> None:
    """Tell by the length of the prompt which messages are in the prompt."""
    if None in {reply.prompt_tokens, session.prompt_tokens}:
        for name in ("developer", "reasoning_content"):
            if name not in session.facts:
                session.tell(name, "not told", "accepted; the server tells no prompt tokens")
        return
    more = (reply.prompt_tokens or 0) - (session.prompt_tokens or 0)
    seen = {
        "developer": _ONLY_DEVELOPER <= more < _ONLY_REASONING or more >= _BOTH,
        "reasoning_content": more >= _ONLY_REASONING,
    }
    for name, found in seen.items():
        if name not in session.facts:
            words = f"accepted, and the prompt has {reply.prompt_tokens} tokens"
            left = "left out of the prompt" if name == "developer" else "left out of the prompt, in a past turn"
            session.tell(
                name, "yes" if found else "no", words if found else f"accepted and {left}: {reply.prompt_tokens} tokens"
            )


def images(session: Session) -> Generator[Ask, Reply, None]:
    """Ask with an image of a single dot, unless the server says if images are read."""
    vision = session.identity.vision
    if vision is not None:
        session.tell("images", "yes" if vision else "no", "the server says so")
        return
    content = [{"type": "text", "text": "Hi."}, {"type": "image_url", "image_url": {"url": _DOT}}]
    reply = yield from session.sent(session.chat([{"role": "user", "content": content}], 1), 1)
    if reply is None:
        return
    if reply.refused:
        session.tell("images", "no", f"refused ({reply.status}): {reply.words}")
    elif not reply.ok:
        session.tell("images", "not told", f"no answer ({reply.status}): {reply.words}")
    elif (reply.prompt_tokens or 0) > (session.prompt_tokens or _ONLY_REASONING) + _LEAST_OF_IMAGE:
        session.tell("images", "yes", f"accepted, and the prompt has {reply.prompt_tokens} tokens")
    else:
        session.tell("images", "not told", "accepted; the server may leave images out silently")
