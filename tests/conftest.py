"""Settings that all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# Where CI is set the examples are the same in every run; ADAPTER_EXAMPLES asks for more of them.
settings.register_profile(
    "adapter",
    max_examples=int(os.environ.get("ADAPTER_EXAMPLES", "400")),
    deadline=None,
    derandomize="CI" in os.environ,
)
settings.load_profile("adapter")
