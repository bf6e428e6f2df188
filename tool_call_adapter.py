"""The command `adapter`, where the package `adapter` is this project's; else a line that says whose it is.

The name `adapter` is common: another distribution, or a file `adapter.py` on the path, may be imported in our place.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line. Returns the exit status; 2 where another module is imported as `adapter`."""
    try:
        import adapter

        if "wrap" in getattr(adapter, "__all__", ()):
            from adapter.__main__ import main as run

            return run()
    except ImportError as error:
        if not (error.name or "").startswith("adapter"):
            raise
    place = getattr(sys.modules.get("adapter"), "__file__", None) or "an unknown place"
    sys.stderr.write(
        f"adapter: another module of the name 'adapter' is imported, from {place}; rename that file, or install "
        "tool-call-adapter into an environment of its own\n"
    )
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
