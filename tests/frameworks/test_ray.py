"""Ray: a cluster of two machines, of which a process and then a machine are killed, gives one row out for one row in."""

from __future__ import annotations

import io
import json
import os
import signal
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

ray = pytest.importorskip("ray")
from ray.cluster_utils import Cluster  # noqa: E402

import adapter  # noqa: E402
from adapter.batching.lines import Chunk, LineReader, LineSettings, chunks, written  # noqa: E402
from adapter.batching.on_ray import over_ray  # noqa: E402
from adapter.batching.parts import Parts  # noqa: E402
from adapter.cli import run  # noqa: E402
from tests.frameworks.support import CALL  # noqa: E402
from tests.support.loopback import Upstream, completion  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.loopback import Received, Reply

TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {}}}}}
]
SETTINGS = LineSettings(tools=TOOLS, keep=("id",))
ROWS = 4_000
OF_A_CHUNK = 100


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Two machines with a processor each, on this one."""
    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    found.add_node(num_cpus=1)
    try:
        yield found
    finally:
        ray.shutdown()
        found.shutdown()


def lines(number: int) -> list[bytes]:
    """Rows, every tenth of which is bad."""
    good = [json.dumps({"id": place, "text": f"Row {place}. {CALL}"}).encode() + b"\n" for place in range(number)]
    return [b'{"text": null}\n' if place % 10 == 9 else line for place, line in enumerate(good)]


def whole(found: list[bytes]) -> bytes:
    return b"".join(written(row) for row in LineReader(SETTINGS).rows(Chunk(0, 0, found, 0)))


def workers_of(cluster: Any, task: bytes) -> list[int]:
    """The processes of the cluster that do a task."""
    raylets = {raylet.process.pid for node in cluster.list_all_nodes() for raylet in node.all_processes["raylet"]}
    found = []
    for one in Path("/proc").iterdir():
        try:
            parent = int((one / "stat").read_text().rpartition(")")[2].split()[1]) if one.name.isdigit() else 0
            if parent in raylets and task in (one / "cmdline").read_bytes():
                found.append(int(one.name))
        except (OSError, ValueError, IndexError):
            continue  # it has ended
    return found


def test_a_process_and_a_machine_are_lost_and_no_row_is(cluster: Any, tmp_path: Path) -> None:
    found, killed = lines(ROWS), []
    other = next(node for node in cluster.list_all_nodes() if node is not cluster.head_node)

    def jobs() -> Iterator[Chunk]:
        for chunk in chunks(found, OF_A_CHUNK):
            if chunk.number == 12:
                end = time.monotonic() + 60
                while not (readers := workers_of(cluster, b"_made")):
                    assert time.monotonic() < end, "no process reads"
                os.kill(readers[0], signal.SIGKILL)
                killed.append("process")
            if chunk.number == 24:
                cluster.remove_node(other, allow_graceful=False)
                killed.append("machine")
            yield chunk

    with closing(Parts(tmp_path / "out.jsonl", "jsonl", {})) as parts:
        for made in over_ray(SETTINGS, "jsonl", jobs(), cluster.address):
            assert made.number not in parts.done, "no chunk comes twice"
            parts.add(made)
        parts.join(ROWS // OF_A_CHUNK)
    assert killed == ["process", "machine"]
    assert (tmp_path / "out.jsonl").read_bytes() == whole(found)


def test_the_command_reads_on_a_cluster(cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(b"".join(lines(300)))
    (tmp_path / "tools.json").write_text(json.dumps(TOOLS))
    words = ["batch", "parse", str(tmp_path / "in.jsonl"), "--tools", str(tmp_path / "tools.json"), "--keep", "id"]
    err = io.StringIO()
    out = ["--out", str(tmp_path / "out.jsonl"), "--ray", cluster.address]
    assert run([*words, *out], io.StringIO(), err, io.StringIO()) == 1, err.getvalue()
    assert (tmp_path / "out.jsonl").read_bytes() == whole(lines(300))


def cases(folder: Path, number: int) -> str:
    path = folder / "cases.jsonl"
    expect = [{"name": "get_weather", "arguments": {"city": "Paris"}}]
    with path.open("w") as out:
        for place in range(number):
            messages = [{"role": "user", "content": f"Question {place}"}]
            out.write(json.dumps({"id": f"q{place}", "messages": messages, "tools": TOOLS, "expect": expect}) + "\n")
    return str(path)


def test_an_evaluation_outlives_a_process(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that asks is killed while its server holds an answer back; each case has one outcome."""
    monkeypatch.chdir(tmp_path)
    killed: list[int] = []

    def reply(received: Received) -> Reply:
        if str(received.body["messages"][-1]["content"]) == "Question 20" and not killed:
            killed.append(workers_of(cluster, b"_asked")[0])
            os.kill(killed[0], signal.SIGKILL)
        return completion(CALL)

    with Upstream(reply) as upstream:
        err = io.StringIO()
        server = ["--base-url", upstream.url, "--model", "m", "--concurrency", "1", "--out", "results.jsonl"]
        status = run(["eval", cases(tmp_path, 40), *server, "--ray", cluster.address], io.StringIO(), err, io.StringIO())
    assert status == 0, err.getvalue()
    assert killed
    outcomes = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert sorted(one["case"] for one in outcomes) == sorted(f"q{place}" for place in range(40))
    assert {one["verdict"] for one in outcomes} == {"right"}


def test_a_server_that_nobody_reaches_is_one_line(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    err = io.StringIO()
    words = ["eval", cases(tmp_path, 3), "--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--ray", cluster.address]
    assert run(words, io.StringIO(), err, io.StringIO()) == 2
    told = [line for line in err.getvalue().splitlines() if line != "adapter eval: 3 cases, 1 arm"]
    assert len(told) == 1, told
    assert told[0].startswith("adapter: arm ")
    assert "127.0.0.1:9" in told[0]


@pytest.mark.parametrize("command", ["batch", "eval"])
def test_no_cluster_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_bytes(b"".join(lines(3)))
    err = io.StringIO()
    words = {
        "batch": ["batch", "parse", "in.jsonl", "--out", "out.jsonl"],
        "eval": ["eval", cases(tmp_path, 1), "--base-url", "http://127.0.0.1:9/v1", "--model", "m"],
    }
    assert run([*words[command], "--ray", "no/address"], io.StringIO(), err, io.StringIO()) == 2
    told = [line for line in err.getvalue().splitlines() if line != "adapter eval: 1 case, 1 arm"]
    assert len(told) == 1, told
    assert told[0].startswith("adapter: --ray no/address: no cluster answers there")


def test_ray_data_maps_batches(cluster: Any) -> None:
    ray.init(address=cluster.address)
    texts = [f"Row {place}. {CALL}" if place % 10 else None for place in range(500)]
    rows = ray.data.from_items([{"id": place, "text": text} for place, text in enumerate(texts)])
    read = adapter.batch(TOOLS)
    found = sorted(rows.map_batches(read, batch_format="pyarrow", batch_size=50).take_all(), key=lambda row: row["id"])
    assert [row["id"] for row in found] == list(range(500))
    assert [{name: row[name] for name in row if name not in {"id", "text"}} for row in found] == read(texts)
    in_arrays = sorted(rows.map_batches(read, batch_size=50).take_all(), key=lambda row: row["id"])
    assert [row["content"] for row in in_arrays] == [row["content"] for row in found]
