"""`adapter` and `python -m adapter`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line. Returns the exit status."""
    if sys.argv[1:] == ["--version"] and sys.stdout is not None:
        # Answered before any module is loaded: scripts ask for the version in a loop.
        from adapter._version import __version__

        try:
            sys.stdout.write(f"adapter {__version__}\n")
            sys.stdout.flush()
        except OSError:  # a full disk or a closed pipe, which the command line tells
            pass
        else:
            return 0
    from adapter.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
