"""The run of `adapter batch run`: requests read, asked some at a time, and answers written in their order."""

from __future__ import annotations

import gzip
import os
import zlib
from collections import Counter
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput, Console
from adapter.cli.inputs import check_seconds
from adapter.cli.option_flags import PROMPT, REQUEST, given_values

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from adapter.batching.answers import Answers
    from adapter.batching.asking import Request, RequestAsker

_INTERRUPTED = 130
_MOST = 1_000_000
_LOOKED_AT = 100  # lines at the beginning of a file


def run_requests(args: argparse.Namespace, console: Console) -> int:
    """Ask all requests. Returns 1 if one has no answer, 130 after an interrupt."""
    from adapter.batching.answers import Answers, put_in_order
    from adapter.batching.asking import RequestAsker, Unreachable
    from adapter.batching.parts import BadRun
    from adapter.errors import AdapterError
    from adapter.evaluation.cases import BadCases

    _check(args)
    out = Path(os.path.realpath(args.out))  # a link stays a link
    source, before, whole = _source(args.requests), _Before(out), False
    try:
        with ExitStack() as stack:
            client = stack.enter_context(_client(args))
            asker = RequestAsker(client, given_values(args, (*PROMPT, *REQUEST), console), args.model or "")
            if args.fresh:
                before.set_aside()
            found = _Requests(source, asker, Answers(out))
            _ask(args, found, asker, console)
            failed = put_in_order(out, found.number)
            whole = not failed
    except (BadRun, BadCases, Unreachable) as error:
        raise BadInput(str(error)) from error
    except EOFError as error:
        raise BadInput(f"{args.requests}: the packed file ends in the middle; pack it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(f"{args.requests}: not a whole file of gzip: {error}") from error
    except AdapterError as error:
        raise BadInput(" ".join(error.message.split())) from error
    except KeyboardInterrupt:
        console.error(f"adapter batch: interrupted; what is done stays in {args.out}, and the same command goes on from there")
        return _INTERRUPTED
    finally:
        if kept := before.settle(whole=whole):
            console.error(f"adapter batch: the answers before this run are kept in {kept}")
    hint = "; the same command asks again those that may get one" if failed else ""
    console.error(f"adapter batch: {found.number:,} rows in {args.out}, {failed:,} without an answer{hint}")
    return 1 if failed else 0


def _source(name: str) -> Path:
    """Return the file of requests."""
    from adapter.plain_file import check_plain

    try:
        return check_plain(name)
    except (OSError, ValueError) as error:
        raise BadInput(f"{name}: {getattr(error, 'strerror', None) or error}; give a file of JSON lines") from error


class _Before:
    """The file of answers that stands before a run; `--fresh` sets it aside until each request has an answer.

    Args:
        out: The file, which may be missing.
    """

    def __init__(self, out: Path) -> None:
        self._out, self._stood = out, out.exists()
        self._aside = out.with_name(f"{out.name}.before")
        self._moved = False

    def set_aside(self) -> None:
        """Make room for new answers.

        Raises:
            BadInput: Answers of an earlier `--fresh` are still set aside.
            BadRun: The file is not one of answers.
            BadCases: Another run writes to the file.
        """
        from adapter.batching.answers import Answers

        if not self._stood:
            return
        if self._aside.exists():
            raise BadInput(f"{self._aside}: the answers before an earlier --fresh, which are kept; move or remove the file")
        Answers(self._out).opened().close()
        self._out.replace(self._aside)
        self._moved = True

    def settle(self, *, whole: bool) -> str:
        """End the run: without a row the folder is as it was. Returns the file that keeps the answers before, if it is needed.

        Args:
            whole: Each request has an answer.
        """
        got = self._out.is_file() and self._out.stat().st_size > 0
        if self._moved and whole:
            self._aside.unlink()
        elif self._moved and not got:
            self._aside.replace(self._out)
        elif self._moved:
            return str(self._aside)
        elif not self._stood and self._out.is_file() and not got:
            self._out.unlink()
        return ""


def _check(args: argparse.Namespace) -> None:
    from adapter.cli.probe import check_address
    from adapter.plain_file import check_plain

    for flag, least in (("concurrency", 1), ("per_minute", 0.01), ("tries", 1)):
        value = getattr(args, flag)
        if value is not None and not least <= value <= _MOST:
            raise BadInput(f"--{flag.replace('_', '-')} {value:g}: give a number from {least:g} to {_MOST:,}")
    check_seconds("--timeout", args.timeout)
    check_address(args.base_url)
    out = Path(args.out)
    if os.path.realpath(out) == os.path.realpath(args.requests):
        raise BadInput(f"--out {out}: this is the input; give another file")
    if out.is_dir() or not Path(os.path.realpath(out)).parent.is_dir():
        raise BadInput(f"--out {out}: a folder, or in no folder that there is; give the name of a file")
    if out.exists():
        try:
            check_plain(out)
        except (OSError, ValueError) as error:
            raise BadInput(f"--out {out}: {getattr(error, 'strerror', None) or error}; give the name of a file") from error


def _client(args: argparse.Namespace) -> Any:
    from openai import OpenAI

    key = os.environ.get(args.api_key_env, "") if args.api_key_env else "none"
    if not key:
        raise BadInput(f"--api-key-env {args.api_key_env}: no such variable is set; give the variable's name, not the key")
    return OpenAI(base_url=args.base_url, api_key=key, timeout=args.timeout, max_retries=args.tries - 1)


class _Requests:
    """The requests of a file that have no final answer yet.

    Attributes:
        number: Requests that were passed, all in the end.
        done: Of these, the number that have an answer from an earlier run.
    """

    def __init__(self, source: Path, asker: RequestAsker, answers: Answers) -> None:
        self._source, self._asker = source, asker
        self.answers = answers
        self.number = self.done = 0

    def lines(self) -> Iterable[bytes]:
        """Yield the rows; lines without text are none."""
        from adapter.batching.lines import plain_stream

        with self._source.open("rb") as opened, plain_stream(opened) as stream:
            yield from (line for line in stream if line.strip())

    def __iter__(self) -> Iterator[Request]:
        from adapter.batching.asking import Request

        for line in self.lines():
            number = self.number
            self.number += 1
            if self.answers.has(number, self._asker.fingerprint(line)):
                self.done += 1
            else:
                yield Request(number, line)


def _ask(args: argparse.Namespace, found: _Requests, asker: RequestAsker, console: Console) -> None:
    """Ask the requests that are left."""
    from adapter.batching.asking import is_answered
    from adapter.batching.lines import first_names
    from adapter.cli.progress import shown
    from adapter.evaluation.running import Pace, worked

    total = sum(1 for _ in found.lines())
    if not total:
        raise BadInput(f"{args.requests}: the file has no requests")
    if not first_names(islice(found.lines(), _LOOKED_AT)):
        raise BadInput(f"{args.requests}: the first lines are no JSON objects; give a file of JSON lines, one request each")
    before = found.answers.number
    if before:
        console.error(f"adapter batch: {before:,} of {total:,} have an answer in {args.out}")
    counts: Counter[str] = Counter()
    with found.answers.opened() as file, shown(max(total - before, 1), console, "adapter batch") as progress:

        def ask(request: Request) -> dict[str, Any]:
            row = asker.ask(request)
            file.write(row)
            return row

        for row in worked(iter(found), ask, args.concurrency, Pace(args.per_minute)):
            counts["answered" if is_answered(row) else "without an answer"] += 1
            progress.advance(1, ", ".join(f"{number:,} {word}" for word, number in sorted(counts.items())))
