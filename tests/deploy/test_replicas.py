"""Two gateways behind nginx that share a Redis: one is killed, nothing is lost; Redis goes, and what needs no store goes on."""

from __future__ import annotations

import json
import signal
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import OpenAI

from tests.deploy.programs import free_port, gateway, missing, nginx, redis
from tests.facts import tools
from tests.support.loopback import Upstream, completion

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.loopback import Received, Reply

TURNS = 200
TOOLS: Any = tools.TOOLS
# As no template writes it: only the text that was kept shows it to the model again.
ODD_CALL = '<tool_call>{"arguments" :  {"city":"Paris"},  "name":"get_weather"}</tool_call>'

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(bool(missing("redis-server")), reason=missing("redis-server")),
]


class Deployment:
    """Redis, two gateways, and nginx before them where the test asks for it.

    Attributes:
        url: The base URL for callers.
        gateways: The processes of the gateways.
        redis: The process of Redis.
    """

    def __init__(self, stack: ExitStack, folder: Path, upstream: str, *, balanced: bool) -> None:
        ports = [free_port() for _ in range(4)]
        store, front, *behind = ports
        self.redis: subprocess.Popen[bytes] = stack.enter_context(redis(folder, store))
        flags = ("--store", f"redis://127.0.0.1:{store}/0", "--native", "never")
        self.gateways = [stack.enter_context(gateway(folder, port, upstream, *flags)) for port in behind]
        if balanced:
            stack.enter_context(nginx(folder, front, behind))
        self.urls = [f"http://127.0.0.1:{port}/v1" for port in ([front] if balanced else behind)]
        self.url = self.urls[0]


def echo(request: Received) -> Reply:
    """Answer `answer to N` to the question `question N`."""
    asked = request.body["messages"][-1]["content"]
    return completion(f"answer to {asked.rpartition(' ')[2]}")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


@pytest.mark.skipif(bool(missing("nginx")), reason=missing("nginx"))
def test_one_of_two_is_killed_in_the_middle_of_a_conversation(stack: ExitStack, tmp_path: Path) -> None:
    upstream = stack.enter_context(Upstream(echo))
    deployed = Deployment(stack, tmp_path, upstream.url, balanced=True)
    client = stack.enter_context(OpenAI(base_url=deployed.url, api_key="none", max_retries=2))
    previous = None
    for turn in range(TURNS):
        if turn == TURNS // 2:  # while a request is on its way
            threading.Timer(0.002, deployed.gateways[0].kill).start()
        response = client.responses.create(model="m", input=f"question {turn}", previous_response_id=previous)
        assert response.output_text == f"answer to {turn}"
        previous = response.id
    assert deployed.gateways[0].wait(10) == -signal.SIGKILL
    said = [message["content"] for message in upstream.bodies[-1]["messages"]]
    whole = [text for turn in range(TURNS) for text in (f"question {turn}", f"answer to {turn}")]
    assert said == whole[:-1]


def test_what_one_keeps_the_other_knows(stack: ExitStack, tmp_path: Path) -> None:
    """The model's own text of a call, in the next prompt of another gateway; a response, found and deleted by another."""
    upstream = stack.enter_context(Upstream(completion(ODD_CALL)))
    first, second = (
        stack.enter_context(OpenAI(base_url=url, api_key="none", max_retries=0))
        for url in Deployment(stack, tmp_path, upstream.url, balanced=False).urls
    )
    asked: list[Any] = [{"role": "user", "content": "Weather in Paris?"}]
    message = first.chat.completions.create(model="m", messages=asked, tools=TOOLS).choices[0].message
    assert message.tool_calls is not None
    asked += [
        message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "18 C"},
    ]
    second.chat.completions.create(model="m", messages=asked, tools=TOOLS)
    assert ODD_CALL in json.dumps(upstream.bodies[-1]["messages"], ensure_ascii=False).replace('\\"', '"')
    response = first.responses.create(model="m", input="Hello")
    assert second.responses.retrieve(response.id).id == response.id
    second.responses.delete(response.id)
    with pytest.raises(openai.NotFoundError):
        first.responses.retrieve(response.id)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["gone", "hanging"])
def test_redis_is_away(how: signal.Signals, stack: ExitStack, tmp_path: Path) -> None:
    upstream = stack.enter_context(Upstream(echo))
    deployed = Deployment(stack, tmp_path, upstream.url, balanced=False)
    client = stack.enter_context(OpenAI(base_url=deployed.url, api_key="none", max_retries=0, timeout=30))
    kept = client.responses.create(model="m", input="question 1")
    deployed.redis.send_signal(how)
    asked: list[Any] = [{"role": "user", "content": "question 2"}]
    for _ in range(3):
        assert (
            client.chat.completions.create(model="m", messages=asked, tools=TOOLS).choices[0].message.content == "answer to 2"
        )
        assert client.responses.create(model="m", input="question 3", store=False).output_text == "answer to 3"
    unkept = client.responses.create(model="m", input="question 4")
    assert (unkept.output_text, unkept.model_dump()["store"]) == ("answer to 4", False)
    before = len(upstream.bodies)
    questions: list[Callable[[], Any]] = [
        lambda: client.responses.create(model="m", input="question 5", previous_response_id=kept.id),
        lambda: client.responses.retrieve(kept.id),
    ]
    for ask in questions:
        with pytest.raises(openai.APIStatusError) as caught:
            ask()
        assert (caught.value.status_code, caught.value.code) == (503, "store_unavailable")
        assert "The store is away: redis://127.0.0.1:" in caught.value.message
    assert len(upstream.bodies) == before
    if how == signal.SIGSTOP:
        deployed.redis.send_signal(signal.SIGCONT)
        again = client.with_options(max_retries=4).responses.create(model="m", input="question 6", previous_response_id=kept.id)
        assert again.output_text == "answer to 6"
