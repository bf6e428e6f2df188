"""The library behind the gateway: the exchange of a request, by the rules for its model."""

from __future__ import annotations

import contextlib
import importlib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from adapter.gateway.config import ModelRule
from adapter.gateway.playground.kept import Kept
from adapter.gateway.reaching import Reach
from adapter.gateway.upstreams import LOG, Upstreams
from adapter.gateway.values import is_loopback
from adapter.gateway.wires import wire_of
from adapter.options import make_options
from adapter.store import MemoryStore, RedisStore, SqliteStore, StoreAway
from adapter.store.redis_store import is_redis
from adapter.transport import open_exchange_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapter.exchange import Opener
    from adapter.exchange.protocol import Exchange
    from adapter.gateway.asgi import Scope
    from adapter.gateway.config import Config
    from adapter.gateway.upstreams import Member
    from adapter.gateway.wires import Wire
    from adapter.records import ExchangeRecord
    from adapter.store import Store

__all__ = ["LOG", "Service"]
with contextlib.suppress(ImportError):  # comes with the openai client; loaded, it writes JSON in half of the time
    importlib.import_module("pydantic_core")


class _Rule:
    """Options for the models of a pattern, with an opener for each upstream: what is learnt is learnt of one server.

    Args:
        rule: The rule.
        make: Makes an opener.
    """

    __slots__ = ("_make", "_openers", "model", "pattern", "upstreams")

    def __init__(self, rule: ModelRule, make: Callable[[], Opener]) -> None:
        self.pattern, self.model, self.upstreams = rule.pattern, rule.model, rule.upstreams
        self._make = make
        self._openers: dict[str, Opener] = {}

    def opener(self, upstream: str) -> Opener:
        """Return the opener for an upstream."""
        if upstream not in self._openers:
            self._openers[upstream] = self._make()
        return self._openers[upstream]


class Service:
    """Opens the exchanges of requests.

    Args:
        config: The gateway's configuration.
        before: The service of the settings before: its store and its upstreams stay, as far as their settings do.
        listeners: Called with the record of each request to upstream.

    Attributes:
        config: The same.
        upstreams: The servers behind the gateway.
        kept: The last requests, for the Playground; None where they are not kept.
        reach: The limits of tries.
        stopping: The gateway takes no new requests.

    Raises:
        sqlite3.Error: The file of the store cannot be opened.
    """

    def __init__(
        self,
        config: Config,
        before: Service | None = None,
        listeners: Sequence[Callable[[ExchangeRecord], object]] = (),
    ) -> None:
        self.config = config
        self.upstreams: Upstreams = Upstreams(config, None if before is None else before.upstreams)
        self.stopping = False
        self.kept = _kept(config, before)
        self.reach = Reach(config.retries, config.wait)
        kept = before is not None and before.config.store == config.store
        self._store: Store | None = before._store if kept and before is not None else _store(config.store)  # noqa: SLF001  # of this class
        self._listeners = [*listeners, *([] if self.kept is None else [self.kept.hear])]
        self._any = self._made(ModelRule(pattern="*", options=config.options, model=config.model))
        self._rules = [self._made(rule) for rule in config.models]

    def _made(self, rule: ModelRule) -> _Rule:
        heard = {"on_exchange": self._heard} if self._listeners else {}
        options = make_options({**rule.options, "store": self._store, **heard})
        made = _Rule(rule, lambda: open_exchange_for(options, compares=self.config.compares))
        made.opener(self.upstreams.members[0].name)  # a wrong option is told at the start
        return made

    def _heard(self, record: ExchangeRecord) -> None:
        for listener in self._listeners:
            listener(record)

    def renamed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a request under the name that its model has upstream; the same object where the name stays."""
        name = self._rule(body).model
        return {**body, "model": name} if name and body.get("model") != name else body

    def route(self, body: Mapping[str, Any]) -> list[Member]:
        """Return the upstreams for a request, in the order in which they are asked.

        Raises:
            NotFound: No upstream serves the model.
        """
        rule = self._rule(body)
        return self.upstreams.route(rule.model or _model(body), rule.upstreams)

    def serving(self, model: str) -> list[Member]:
        """Return the upstreams for a model in the order of the settings; an empty list for a model of no upstream."""
        rule = self._rule({"model": model})
        return self.upstreams.serving(rule.model or model, rule.upstreams)

    def forget(self, body: Mapping[str, Any], member: Member) -> None:
        """Forget what was learnt about an upstream: answers of another were taken for its own."""
        self._rule(body).opener(member.name).reset()

    def opened(self, path: str, body: dict[str, Any]) -> Exchange | None:
        """Return the exchange for a request with a body; None for a request that upstream understands unchanged.

        The rule is chosen by the caller's name of the model, the request goes on under upstream's.

        Raises:
            AdapterError: The request is wrong.
        """
        return self._opener(body)(path, self.renamed(body))

    def stored(self, path: str, method: str, query: Mapping[str, str]) -> Exchange | None:
        """Return the exchange for a request about a stored response; None for any other request."""
        return self._any.opener(self.upstreams.members[0].name)(path, b"", method, query)

    def foreign(self, path: str, body: dict[str, Any]) -> Exchange:
        """Return the exchange for a request of another maker's wire; see `adapter.exchange.foreign_wires`."""
        return self._opener(body).foreign(path, self.renamed(body))

    def wire_of(self, scope: Scope) -> Wire:
        """Return the wire of a request."""
        return wire_of(scope, ollama=self.config.ollama)

    def _opener(self, body: Mapping[str, Any]) -> Opener:
        return self._rule(body).opener(self.route(body)[0].name)

    def _rule(self, body: Mapping[str, Any]) -> _Rule:
        model = body.get("model")
        if self._rules and isinstance(model, str):
            return next((rule for rule in self._rules if fnmatchcase(model, rule.pattern)), self._any)
        return self._any


def _model(body: Mapping[str, Any]) -> str:
    """Return the model's name in a request; empty for a request without one."""
    model = body.get("model")
    return model if isinstance(model, str) else ""


def _kept(config: Config, before: Service | None) -> Kept | None:
    if not config.playground or not (config.keys or is_loopback(config.host)):
        return None  # without keys, on another address than loopback: everybody would read everybody's conversations
    kept = Kept() if before is None or before.kept is None else before.kept
    kept.hide(config.keys | {upstream.key for upstream in config.upstreams})
    return kept


def fault_of_store(word: str) -> str:
    """Return the reason for which a store that is a server cannot be used now; empty for one that answers, or no server."""
    if not is_redis(word):
        return ""
    store = RedisStore(word)
    try:
        store.check()
    except StoreAway as error:
        return str(error)
    finally:
        store.close()
    return ""


def _store(word: str) -> Store | None:
    if word == "memory":
        return MemoryStore()
    if word == "none":
        return None
    return RedisStore(word) if is_redis(word) else SqliteStore(word)
