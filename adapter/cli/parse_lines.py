"""Many completions: a file of JSON lines read to rows, in parts, so that a run that was killed goes on."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from contextlib import ExitStack, closing
from functools import partial
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput, Console
from adapter.cli.inputs import read_tool_file

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from adapter.batching.lines import Chunk, Counts, LineSettings
    from adapter.batching.parts import Form, Made, Parts

_PROBED = 100  # rows of the first chunk that are looked at for the column
_INTERRUPTED = 130


def run_lines(args: argparse.Namespace, console: Console) -> int:
    """Read a file of completions. Returns 1 if a row could not be read, 130 after an interrupt."""
    _check(args)
    settings = settings_of(args, console)
    from adapter.batching.lines import chunks

    with ExitStack() as stack:
        stream, total, place = _opened(args.jsonl, stack, console)
        try:
            found = _looked_at(chunks(stream, place=place), args, settings)
            if args.out is None:
                return _printed(found, settings, console)
            return write_parts(args, settings, found, total, console, _engine(args))
        except EOFError as error:
            raise BadInput(f"{args.jsonl}: the packed file ends in the middle; pack it again") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise BadInput(f"{args.jsonl}: not a whole file of gzip: {error}") from error


def _check(args: argparse.Namespace) -> None:
    if args.completion is not None:
        raise BadInput(f"{args.completion} and --jsonl {args.jsonl}: give one of them")
    if args.json:
        raise BadInput("--json: the rows of --jsonl are JSON lines in any case; leave the flag out")
    if args.tools and args.tools_column:
        raise BadInput("--tools and --tools-column: give one; a row has its own tools, or all rows have the same")
    if args.workers is not None and args.workers < 1:
        raise BadInput(f"--workers {args.workers}: give a number from 1 up")
    if args.workers is not None and args.workers > 1 and args.out is None:
        raise BadInput("--workers needs --out FILE: lines on standard output are read one after the other")
    if args.fresh and args.out is None:
        raise BadInput("--fresh needs --out FILE")
    if args.out is None and args.format == "parquet":
        raise BadInput("--format parquet needs --out FILE")
    if args.dialect == "auto":
        raise BadInput("--dialect auto tries one text; give the dialect of the model that wrote the file")
    if args.out is not None:
        _check_out(args)


def _check_out(args: argparse.Namespace) -> None:
    out = Path(args.out)
    form_of(args)
    if args.jsonl != "-" and os.path.realpath(out) == os.path.realpath(args.jsonl):
        raise BadInput(f"--out {out}: this is the input; give another file")
    if out.is_dir():
        raise BadInput(f"--out {out}: a folder stands here; give the name of a file")
    if not Path(os.path.realpath(out)).parent.is_dir():
        raise BadInput(f"--out {out}: no such folder; make it, or give another file")


def form_of(args: argparse.Namespace) -> Form:
    """Return the form of the output.

    Raises:
        BadInput: The name says no form, or pyarrow is missing.
    """
    forms: dict[str, Form] = {".jsonl": "jsonl", ".parquet": "parquet"}
    form: Form | None = args.format or forms.get(Path(args.out).suffix)
    if form is None:
        raise BadInput(f"--out {args.out}: end the name with .jsonl or .parquet, or give --format")
    if form == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise BadInput("Parquet needs pyarrow: pip install 'tool-call-adapter[batch]'; or give --format jsonl") from error
    return form


def settings_of(args: argparse.Namespace, console: Console) -> LineSettings:
    """Return the settings that the flags give, with tools and options that were tried.

    Raises:
        BadInput: The tools or the dialect are none.
    """
    from adapter.batching.lines import LineReader, LineSettings
    from adapter.dialects.registry import by_model
    from adapter.errors import AdapterError, DialectError

    options: dict[str, Any] = {"dialect": args.dialect, "coerce": not args.no_coerce, "recover": not args.no_recover}
    settings = LineSettings(
        tools=read_tool_file(args.tools, console) if args.tools else [],
        options={**options, "thinking_prefilled": args.thinking_prefilled},
        text_column=args.text_column or "text",
        tools_column=args.tools_column,
        finish_reason=args.finish_reason,
        finish_reason_column=args.finish_reason_column,
        keep=tuple(args.keep or ()),
    )
    _check_kept(settings.keep)
    try:
        if reason := by_model(args.dialect)[1]:
            console.error(f"adapter: {reason}")
        LineReader(settings)
    except DialectError as error:
        raise BadInput(" ".join(error.message.split())) from error
    except AdapterError as error:
        raise BadInput(f"{args.tools}: {error.param}: {' '.join(error.message.split())}") from error
    return settings


def _check_kept(names: tuple[str, ...]) -> None:
    from adapter.batching.columns import COLUMNS

    for name in names:
        if name in COLUMNS or name == "row":
            raise BadInput(f"--keep {name}: the output has a column of this name, with what was read; rename the member")
    if len(set(names)) < len(names):
        raise BadInput("--keep: a member is named twice")


def _opened(name: str, stack: ExitStack, console: Console) -> tuple[Iterable[bytes], int, Callable[[], int] | None]:
    """Return the lines of a file, its size in bytes, and a function that tells how many are read; 0 and None for a pipe."""
    from adapter.batching.lines import plain_stream
    from adapter.plain_file import check_plain

    if name == "-":
        return plain_stream(console.binary_source), 0, None
    try:
        path = check_plain(name)
        opened = stack.enter_context(path.open("rb"))
    except (OSError, ValueError) as error:
        raise BadInput(f"--jsonl {name}: {getattr(error, 'strerror', None) or error}; give the path of a file, or -") from error
    return plain_stream(opened), path.stat().st_size, opened.tell


def _looked_at(found: Iterator[Chunk], args: argparse.Namespace, settings: LineSettings) -> Iterator[Chunk]:
    """Refuse a file of which no row has the column: its name is wrong, or the file is of another kind."""
    from adapter.batching.lines import first_names
    from adapter.text.some_of import some_names

    first = next(found, None)
    if first is None:
        raise BadInput(f"{args.jsonl}: the file has no rows")
    names = first_names(islice(first.lines, _PROBED))
    if names is None:
        raise BadInput(f"{args.jsonl}: the first lines are no JSON objects; give a file of JSON lines, one object each")
    asked: dict[str, Sequence[str | None]] = {
        "--text-column": [settings.text_column],
        "--tools-column": [settings.tools_column],
        "--finish-reason-column": [settings.finish_reason_column],
        "--keep": settings.keep,
    }
    for flag, name in ((flag, name) for flag, listed in asked.items() for name in listed):
        if name is not None and names and name not in names:
            raise BadInput(f"{args.jsonl}: no row has a member {name!r}; give {flag} {some_names(names, name, ' or ')}")
    return chain([first], found)


def _printed(found: Iterator[Chunk], settings: LineSettings, console: Console) -> int:
    """Print the rows."""
    from adapter.batching.lines import Counts, LineReader, written

    reader, counts = LineReader(settings), Counts()
    for chunk in found:
        for row in reader.rows(chunk):
            counts.count(row)
            console.raw_line(written(row).decode())
    console.error(f"adapter parse: {summary(counts)}")
    return 1 if counts.bad else 0


def _engine(args: argparse.Namespace) -> Any:
    """Return the function that makes parts of chunks: in this process, or in several."""

    def here(settings: LineSettings, form: Form, found: Iterator[Chunk], _: object) -> Iterator[Made]:
        from adapter.batching.parts import PartMaker

        return map(PartMaker(settings, form), found)

    def over(settings: LineSettings, form: Form, found: Iterator[Chunk], tell: Callable[[str], object]) -> Iterator[Made]:
        from adapter.batching.parts import PartMaker
        from adapter.batching.pool import over_processes

        return over_processes(PartMaker, (settings, form), found, args.workers, tell)

    if getattr(args, "ray", None) is not None:
        return partial(_over_ray, args.ray or None)
    return over if (args.workers or 1) > 1 else here


def _over_ray(address: str | None, settings: LineSettings, form: Form, found: Iterator[Chunk], _: object) -> Iterator[Made]:
    from adapter.batching.on_ray import over_ray

    return over_ray(settings, form, found, address)


def write_parts(
    args: argparse.Namespace, settings: LineSettings, found: Iterator[Chunk], total: int, console: Console, engine: Any
) -> int:
    """Make the output, in parts. Returns 1 if a row could not be read, 130 after an interrupt."""
    from adapter.batching.parts import BadRun, Parts
    from adapter.batching.pool import JobFailed, WorkerLost
    from adapter.cli.progress import shown
    from adapter.cluster import ClusterFault

    form, out = form_of(args), Path(args.out)
    try:
        parts = Parts(out, form, _as_json(settings), fresh=args.fresh)
        with closing(parts), shown(total, console, "adapter parse", counted=False) as progress:
            if parts.counts.rows:
                progress.tell(f"adapter parse: goes on behind {parts.counts.rows:,} rows in {parts.folder}")
            left = _Left(found, parts, progress.advance)
            for made in engine(settings, form, iter(left), lambda text: progress.tell(f"adapter parse: {text}")):
                parts.add(made)
                progress.advance(made.size, summary(parts.counts))
            parts.join(left.number)
    except (BadRun, ClusterFault, JobFailed, WorkerLost) as error:
        raise BadInput(str(error)) from error
    except KeyboardInterrupt:
        console.error(f"adapter parse: interrupted; what is done stays in {out}.parts, and the same command goes on from there")
        return _INTERRUPTED
    console.error(f"adapter parse: {summary(parts.counts)}, in {out}")
    return 1 if parts.counts.bad else 0


class _Left:
    """The chunks whose parts are missing; the others advance the progress as they are passed."""

    def __init__(self, found: Iterator[Chunk], parts: Parts, advance: Callable[[int, str], None]) -> None:
        self._found, self._parts, self._advance = found, parts, advance
        self.number = 0

    def __iter__(self) -> Iterator[Chunk]:
        for chunk in self._found:
            self.number += 1
            if self._parts.is_done(chunk):
                self._advance(chunk.size, summary(self._parts.counts))
            else:
                yield chunk


def _as_json(settings: LineSettings) -> dict[str, Any]:
    """Return all that the rows depend on, as JSON types."""
    from dataclasses import asdict

    from adapter._version import __version__

    dialect = Path(settings.options["dialect"])
    source = sha256(dialect.read_bytes()).hexdigest() if dialect.is_file() else None
    return {**asdict(settings), "dialect": source, "adapter": __version__, "python": list(sys.version_info[:2])}


def summary(counts: Counts) -> str:
    """Return the counts in words."""
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in counts.problems.most_common() if kind != "bad_row")
    bad = f", {counts.bad:,} bad" if counts.bad else ""
    told = f"; problems: {kinds}" if kinds else ""
    return f"{counts.rows:,} {'row' if counts.rows == 1 else 'rows'}, {counts.calls:,} with calls{bad}{told}"
