"""The prompt of a request, as `adapter preview` shows the prompt; no model is asked."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from adapter.errors import AdapterError
from adapter.exchange import previewed
from adapter.gateway.playground.choices import made, options_of, request_in
from adapter.gateway.playground.sections import sections
from adapter.prompt.broken_marks import broken_marks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.gateway.config import Config
    from adapter.options import Options


def preview(config: Config, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the prompt in parts, the request to upstream, the tokens, constraints and problems.

    With `native="auto"` the prompt is that in words, and `native` is the request that goes upstream before.

    Raises:
        AdapterError: The request or the options are wrong.
    """
    request, options = request_in(body), made(options_of(config, body))
    first = found = previewed(request, options, time.time)
    native = bool(first.body.get("tools"))
    if native and options.native == "auto":
        options = dataclasses.replace(options, native="never")
        found = previewed(request, options, time.time)
    told = dict.fromkeys((*first.problems, *found.problems))
    return {
        **sections(found.body, request, options),
        "body": found.body,
        "native": first.body if native else None,
        "constraints": found.constraints(),
        "problems": [asdict(problem) for problem in told],
        "neutralised": broken_marks(found.body, request, found.dialect),
        "tokens": None if options.native == "always" and native else _tokens(request, options),
    }


def _tokens(request: Mapping[str, Any], options: Options) -> dict[str, Any] | None:
    """Return the counts of tokens by section; None for a request that upstream refuses in its own words."""
    from adapter.counting.count import count_request
    from adapter.counting.vocabularies import by_name

    try:
        counted = count_request(request, options, by_name(str(request.get("model") or "")), each=False)
    except AdapterError:
        return None
    return counted.as_json()
