"""The forms of a re-ask, by the kind of the fault (behaviour 5.3); measured by `benchmarks/reasks.py`."""

from __future__ import annotations

from typing import NamedTuple


class Form(NamedTuple):
    """A way to ask again.

    Attributes:
        quote: The bad answer is quoted before the objection; else the objection stands alone.
        tools: The model is shown its tools; else the conversation goes in words, without an objection.
        higher: The request is held to the next higher rung of the ladder, where the server has one.
        examples: The worked examples are shown again.
    """

    quote: bool = True
    tools: bool = True
    higher: bool = False
    examples: bool = True


QUOTED = Form()
QUOTED_HIGHER = Form(higher=True)
DROPPED = Form(quote=False)
DROPPED_HIGHER = Form(quote=False, higher=True)
WITHOUT_EXAMPLES = Form(quote=False, examples=False)
WITHOUT_TOOLS = Form(quote=False, tools=False)

# The form for each kind of fault. Repeated calls were measured (`benchmarks/results/reasks.md`), ungrounded ones few times, the
# other kinds not yet.
FORMS: dict[str, Form] = {
    "invalid": QUOTED,
    "unreadable": QUOTED,
    "required": QUOTED_HIGHER,
    "format": QUOTED,
    "repeated": WITHOUT_TOOLS,
    "ungrounded": WITHOUT_TOOLS,
    "native": QUOTED,
}
