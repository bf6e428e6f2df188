"""Arms of an evaluation: a server, a model, and options of `adapter.wrap`, from flags or from a TOML file."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.evaluation.cases import BadCases, checksum, near
from adapter.evaluation.tool_files import tools_of_file
from adapter.option_keywords import CHOICES, OptionKeywords

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.evaluation.cases import Case

# Options that no text can give: functions, and a store.
_NO_TEXT = frozenset({"on_event", "on_exchange", "new_id", "store", "replay"})
OPTIONS = frozenset(OptionKeywords.__annotations__) - _NO_TEXT
_OWN = ("name", "base_url", "model", "api_key_env", "max_tokens", "timeout", "distractors", "shuffle", "tools")
_TEXTS = frozenset({"tools", "name", "base_url", "model", "api_key_env", "dialect", "chat_template", "profile", *CHOICES})
_WORDS = {"true": True, "false": False, "none": None}
MAX_TOKENS = 4096
_EMBEDDED: dict[str, Any] = {"server": "llama.cpp"}  # the demo's model
_EMBEDDED_TOKENS = 512
TIMEOUT = 300.0
_LONGEST = 1e6  # seconds; sockets take no endless time


class BadArm(ValueError):
    """An unusable arm. The message names the place, the key and the value, and the likely fix."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A way to ask a case.

    Attributes:
        name: The name, unique among the arms of a run.
        base_url: The server; empty for the embedded model, or for recorded answers.
        model: The model's name; empty for the only model of the server.
        api_key_env: The environment variable with the key; empty without a key.
        options: Options of `adapter.wrap`.
        max_tokens: Tokens of an answer, at most.
        timeout: Seconds for a request.
        distractors: Tools of other cases to offer beside.
        shuffle: Offer the tools in an order of their own for each case.
        tools: A file of tools to offer in place of a case's tools of the same names; empty for the case's own.
        definitions: The tools of the file, by name.
    """

    name: str
    base_url: str = ""
    model: str = ""
    api_key_env: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    max_tokens: int = MAX_TOKENS
    timeout: float = TIMEOUT
    distractors: int = 0
    shuffle: bool = False
    tools: str = ""
    definitions: dict[str, Any] = field(default_factory=dict)

    def fingerprint(self, seed: int) -> str:
        """Return eight characters that change with the settings, but not with the name."""
        chosen = self.distractors or self.shuffle
        options = {key: value for key, value in self.options.items() if isinstance(value, str | int | float | list | None)}
        asked = [self.base_url, self.model, options, self.max_tokens, self.distractors, self.shuffle, seed if chosen else None]
        return checksum([*asked, self.definitions] if self.definitions else asked)


def arms_of_text(text: str, defaults: Mapping[str, Any]) -> list[Arm]:
    """Return the arms of a text such as `dialect=hermes,enforce=prompt|json_schema`: one for each combination of values.

    Args:
        text: Settings with commas between; empty for the defaults alone.
        defaults: Settings of all arms.

    Raises:
        BadArm: A setting is unknown, or a value is not allowed.
    """
    given: dict[str, Any] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key, sign, value = part.partition("=")
        if not sign:
            raise BadArm(f"{part!r}: write KEY=VALUE, with commas between: dialect=hermes,enforce=prompt")
        given[_known(key.strip())] = [_value(key.strip(), one.strip()) for one in value.split("|")]
    return _combined(given, defaults)


def arms_of_values(given: Any, defaults: Mapping[str, Any]) -> list[Arm]:
    """Return the arms of values: a text or an object of settings for each, with a list for several values of a setting.

    Args:
        given: Texts as of the flag `--arm`, and mappings; a mapping or a text alone for one.
        defaults: Settings of all arms.

    Raises:
        BadArm: A setting is unknown, or a value is not allowed; or two arms have the same name.
    """
    values = [given] if isinstance(given, str | Mapping) else [*given]
    defaults = {_known(key): value for key, value in defaults.items()}
    found: list[Arm] = []
    for value in values or [""]:
        if isinstance(value, str):
            found += arms_of_text(value, defaults)
        elif isinstance(value, Mapping):
            split = {_known(key): one if isinstance(one, list) and key != "examples" else [one] for key, one in value.items()}
            found += _combined(split, defaults)
        else:
            raise BadArm(f"an arm is {value!r:.80}; give a text like 'dialect=hermes,enforce=prompt', or a mapping of settings")
    check_names(found)
    return found


def arms_of_file(name: str, text: str, defaults: Mapping[str, Any]) -> list[Arm]:
    """Return the arms of a TOML file: tables `[[arm]]`, and settings above them for all.

    Args:
        name: The file, for messages.
        text: The content; files of tools in it are looked for in its folder.
        defaults: Settings of all arms; those of the file go first.

    Raises:
        BadArm: The file is no TOML, or an arm is unusable.
    """
    import tomllib

    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadArm(f"{name}: not TOML: {error}") from error
    tables = value.pop("arm", None)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise BadArm(f"{name}: no arms; write a table [[arm]] for each, with settings below")
    try:
        shared = {**defaults, **{_known(key): one for key, one in value.items()}}
        for table in (shared, *tables):
            if isinstance(table.get("tools"), str) and (table is not shared or "tools" in value):
                table["tools"] = str(Path(name).parent / table["tools"])
        given = [{_known(key): one if isinstance(one, list) else [one] for key, one in table.items()} for table in tables]
        return [arm for settings in given for arm in _combined(settings, shared)]
    except BadArm as error:
        raise BadArm(f"{name}: {error}") from error


def _combined(given: Mapping[str, list[Any]], defaults: Mapping[str, Any]) -> list[Arm]:
    """Return an arm for each combination of values; of several with a name, the settings that differ stand behind the name."""
    several = [key for key, values in given.items() if len(values) > 1]
    found = []
    for values in itertools.product(*given.values()):
        settings = dict(zip(given, values, strict=True))
        title = _title({key: value for key, value in settings.items() if "name" not in settings or key in several})
        name = ",".join(filter(None, (settings.get("name"), title if several else ""))) if "name" in settings else title
        found.append(make_arm({**settings, "name": name}, defaults))
    return found


def _title(settings: Mapping[str, Any]) -> str:
    return ",".join(f"{key}={_said(value)}" for key, value in settings.items()) or "default"


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _known(key: str) -> str:
    """Return a setting's key."""
    found = key.replace("-", "_")
    if found in _NO_TEXT:
        raise BadArm(f"{key!r} cannot be set here: its value is a function or a store")
    if found not in OPTIONS and found not in _OWN:
        words = {*OPTIONS, *_OWN}
        raise BadArm(f"unknown setting {key!r}{near(found, words) or '; docs/options.md has the options'}")
    return found


def _value(key: str, text: str) -> Any:
    """Return the value of a text: a word, a number, true, false or none."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if key.replace("-", "_") in _TEXTS:
        return text
    for make in (int, float):
        try:
            return make(text)
        except ValueError:
            continue
    return text


def make_arm(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Arm:
    """Return an arm of settings.

    Args:
        given: The arm's own settings, with `name`.
        defaults: Settings for what the arm leaves out.

    Raises:
        BadArm: A value is not allowed.
    """
    from adapter.options import Options

    settings = {**defaults, **given}
    if not settings.get("base_url"):
        settings = {**_EMBEDDED, "max_tokens": _EMBEDDED_TOKENS, **settings}
    options = {key: value for key, value in settings.items() if key in OPTIONS}
    if options.get("chat_template") is not None:
        options.setdefault("upstream", "completions")
    # A whole number, as any of its spellings: recorded requests are compared as text.
    warmth = options.setdefault("temperature", 0)
    if isinstance(warmth, float) and warmth.is_integer():
        options["temperature"] = int(warmth)
    try:
        Options(**options)
    except (TypeError, ValueError) as error:
        raise BadArm(f"arm {settings['name']!r}: {' '.join(str(error).split())}") from error
    own = {key: value for key, value in settings.items() if key in _OWN}
    arm = Arm(**own, options=options)
    _check(arm)
    try:
        definitions = tools_of_file(Path(arm.tools), "tools") if arm.tools else {}
    except BadCases as error:
        raise BadArm(f"arm {arm.name!r}: {error}") from error
    return replace(arm, definitions=definitions)


def _check(arm: Arm) -> None:
    checks: tuple[tuple[str, bool, str], ...] = (
        *(
            (key, isinstance(getattr(arm, key), str), "write a text")
            for key in ("name", "base_url", "model", "api_key_env", "tools")
        ),
        ("max_tokens", _number(arm.max_tokens, int) and arm.max_tokens > 0, "use a whole number from 1 up"),
        (
            "timeout",
            _number(arm.timeout, (int, float)) and 0 < arm.timeout <= _LONGEST,
            "use a number of seconds, 1,000,000 at most",
        ),
        ("distractors", _number(arm.distractors, int) and arm.distractors >= 0, "use a whole number from 0 up"),
        ("shuffle", isinstance(arm.shuffle, bool), "use true or false"),
    )
    for key, sound, fix in checks:
        if not sound:
            raise BadArm(f"arm {arm.name!r}: {key}={getattr(arm, key)!r}: {fix}")


def _number(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def check_names(arms: Iterable[Arm]) -> None:
    """Refuse arms of the same name.

    Raises:
        BadArm: Two arms have the same name.
    """
    seen: set[str] = set()
    for arm in arms:
        if arm.name in seen:
            raise BadArm(f"two arms are named {arm.name!r}; give each a name: name=…")
        seen.add(arm.name)


def check_definitions(arms: Iterable[Arm], cases: Iterable[Case]) -> None:
    """Refuse an arm's tools that no case offers: the names are those of the cases.

    Raises:
        BadArm: No case offers a tool of this name.
    """
    names = {name for case in cases for name in case.names}
    for arm in arms:
        for name in arm.definitions:
            if name not in names:
                hint = near(name, names) or "; the tools of an arm have the names of the cases' tools"
                raise BadArm(f"arm {arm.name!r}: {arm.tools}: no case offers a tool {name!r}{hint}")
