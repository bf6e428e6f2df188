"""The listeners that a configuration asks for: metrics, the log in JSON, the file of records (behaviour 9.13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from adapter.gateway.config import Config
    from adapter.gateway.metrics import Metrics
    from adapter.gateway.seen import Sink


class Sinks(NamedTuple):
    """The listeners of a gateway, from its start to its end.

    Attributes:
        all: The listeners.
        metrics: The metrics among them, if any.
    """

    all: tuple[Sink, ...] = ()
    metrics: Metrics | None = None

    def hide(self, config: Config) -> None:
        """Show no key of a configuration, which may hold from now on; keys of those before stay hidden."""
        keys = config.keys | {upstream.key for upstream in config.upstreams}
        for sink in self.all:
            sink.hide(keys)

    def close(self) -> None:
        """End, with what waits written."""
        for sink in self.all:
            sink.close()


def sinks_for(config: Config) -> Sinks:
    """Return the listeners; the modules behind them are loaded only where they are asked for.

    Raises:
        BadConfig: The file of records cannot be written, or a library is not there.
    """
    found: list[Sink] = []
    metrics = None
    if config.metrics:
        from adapter.gateway.metrics import Metrics

        metrics = Metrics()
        found.append(metrics)
    if config.log_json and config.log_level in {"debug", "info"}:
        from adapter.gateway.json_log import JsonLog

        found.append(JsonLog())
    if config.record:
        from adapter.gateway.recording import Recorder

        found.append(Recorder(config.record, config.record_limit))
    return Sinks(tuple(found), metrics)
