"""Cases in JSON lines of this project's own form; docs/eval.md describes the form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.evaluation.cases import ANY_TOOL, BadCases, Case, ExpectedCall, Turn, among, name_of, near
from adapter.evaluation.matchers import KEYS, is_matcher, shown, type_of
from adapter.evaluation.regular import check_pattern
from adapter.evaluation.tool_files import never_right, tools_by_name, tools_of_file

if TYPE_CHECKING:
    from pathlib import Path

_CASE = ("id", "messages", "tools", "category", "cluster", "expect", "order", "turns", "tool_choice", "parallel_tool_calls")
_TURN = ("messages", "expect", "order")
_CALL = ("name", "arguments", "result")
_ORDERS = ("any", "same")
_REQUEST = ("tool_choice", "parallel_tool_calls")
_CHOICES = ("none", "auto", "required")


def read_case(value: dict[str, Any], place: str, folder: Path) -> Case:
    """Read a case.

    Args:
        value: The object of a line.
        place: File and line, for messages.
        folder: The folder of the file, in which files of tools are looked for.

    Raises:
        BadCases: The case is malformed.
    """
    reader = _Reader(place, folder)
    reader.only(value, _CASE, "")
    case_id = reader.text(value, "id", "")
    if not case_id:
        raise reader.bad("id", value.get("id"), "give each case an id of its own, as text")
    tools = reader.tools(value.get("tools"))
    if "turns" in value:
        if "expect" in value or "messages" in value:
            raise reader.bad("turns", ..., "'messages' and 'expect' stand in the turns then")
        turns = reader.turns(value["turns"], tools)
    else:
        turns = (reader.turn({key: value[key] for key in _TURN if key in value}, tools, ""),)
    if not turns[0].messages:
        raise reader.bad("messages", value.get("messages"), "give a list of messages, the user's last")
    return Case(
        case_id, tuple(tools.values()), turns, reader.text(value, "category", ""), reader.text(value, "cluster", "") or case_id,
        "json", reader.request(value), {}, place,
    )  # fmt: skip


class _Reader:
    def __init__(self, place: str, folder: Path) -> None:
        self.place, self.folder = place, folder

    def bad(self, key: str, value: Any, fix: str) -> BadCases:
        """Return the error of a key: its value, unless that is `...`, and the likely fix."""
        said = "" if value is ... else f" is {shown(value)}"
        return BadCases(f"{self.place}: {key!r}{said}: {fix}")

    def only(self, value: Any, keys: tuple[str, ...], where: str) -> None:
        """Refuse a value that is no object, or has a key of another name."""
        if not isinstance(value, dict):
            raise self.bad(where, value, "write a JSON object")
        for key in value:
            if key not in keys:
                inside = f"{where}.{key}" if where else key
                raise BadCases(f"{self.place}: unknown key {inside!r}{among(key, keys)}")

    def text(self, value: dict[str, Any], key: str, where: str) -> str:
        """Return the text of a key; empty without the key."""
        found = value.get(key, "")
        if not isinstance(found, str):
            raise self.bad(f"{where}.{key}" if where else key, found, "write a text")
        if any("\ud800" <= sign <= "\udfff" for sign in found):
            raise self.bad(f"{where}.{key}" if where else key, found, "half a pair of surrogates is no text")
        return found

    def request(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return further members of the request."""
        found = {key: value[key] for key in _REQUEST if value.get(key) is not None}
        choice, parallel = found.get("tool_choice", "auto"), found.get("parallel_tool_calls", True)
        if choice not in _CHOICES and not (isinstance(choice, dict) and "type" in choice):
            fix = "use 'none', 'auto', 'required' or {'type': 'function', 'function': {'name': …}}"
            raise self.bad("tool_choice", choice, fix + near(str(choice), _CHOICES))
        if not isinstance(parallel, bool):
            raise self.bad("parallel_tool_calls", parallel, "use true or false")
        return found

    def tools(self, value: Any) -> dict[str, dict[str, Any]]:
        """Return the tools by name, from a list or from a file with a list."""
        place = f"{self.place}: 'tools'"
        return tools_of_file(self.folder / value, place) if isinstance(value, str) else tools_by_name(value, place)

    def turns(self, value: Any, tools: dict[str, dict[str, Any]]) -> tuple[Turn, ...]:
        """Read the turns of a conversation."""
        if not isinstance(value, list) or not value:
            raise self.bad("turns", value, "give a list of turns, each with 'messages' and 'expect'")
        found: list[Turn] = []
        for number, item in enumerate(value):
            where = f"turns[{number}]"
            self.only(item, _TURN, where)
            turn = self.turn(item, tools, where)
            if number and not turn.messages and not found[-1].expect:
                raise self.bad(
                    f"{where}.messages", ..., "the turn before expects no call, so there is no result to answer; give messages"
                )
            found.append(turn)
        return tuple(found)

    def turn(self, value: dict[str, Any], tools: dict[str, dict[str, Any]], where: str) -> Turn:
        """Read a turn."""
        at = f"{where}." if where else ""
        messages = value.get("messages", [])
        if not isinstance(messages, list) or not all(
            isinstance(one, dict) and isinstance(one.get("role"), str) for one in messages
        ):
            raise self.bad(f"{at}messages", messages, "give a list of messages, each with 'role' and 'content'")
        if "expect" not in value:
            raise self.bad(f"{at}expect", ..., "is missing; give the calls that are right, [] for no call, '*' for any call")
        order = value.get("order", "any")
        if order not in _ORDERS:
            raise self.bad(f"{at}order", order, f"use 'any' or 'same'{near(str(order), _ORDERS)}")
        if value["expect"] == ANY_TOOL:
            return Turn(tuple(messages), (ExpectedCall(ANY_TOOL),), order)
        if not isinstance(value["expect"], list):
            raise self.bad(f"{at}expect", value["expect"], "give a list of calls, [] for no call, '*' for any call")
        calls = (self.call(one, tools, f"{at}expect[{number}]") for number, one in enumerate(value["expect"]))
        return Turn(tuple(messages), tuple(calls), order)

    def call(self, value: Any, tools: dict[str, dict[str, Any]], where: str) -> ExpectedCall:
        """Read an expected call, and check the names in it against the tools."""
        self.only(value, _CALL, where)
        name = value.get("name")
        if not isinstance(name, str) or name not in tools:
            hint = among(str(name), tools, "no tools")
            raise BadCases(f"{self.place}: '{where}.name' is {shown(name)}, and no such tool is offered{hint}")
        arguments = value.get("arguments")
        if arguments is not None:
            if not isinstance(arguments, dict):
                raise self.bad(f"{where}.arguments", arguments, "give an object; leave the key out to accept any arguments")
            self._parameters(arguments, tools[name], f"{where}.arguments")
        result = value.get("result", "")
        return ExpectedCall(name, arguments, result if isinstance(result, str) else json.dumps(result, ensure_ascii=False))

    def _parameters(self, arguments: dict[str, Any], tool: dict[str, Any], where: str) -> None:
        schema = tool["function"].get("parameters") or {}
        known = schema.get("properties") or {}
        open_ended = (
            schema.get("additionalProperties")
            or schema.get("patternProperties")
            or schema.keys() & {"$ref", "anyOf", "oneOf", "allOf"}
        )
        for name, wanted in arguments.items():
            if name not in known and not open_ended:
                hint = among(name, known, "no parameters")
                raise BadCases(f"{self.place}: '{where}.{name}': {name_of(tool)} has no parameter {name!r}{hint}")
            self.matcher(wanted, f"{where}.{name}")
            self._misspelt(wanted, known.get(name), f"{where}.{name}")
        fault = never_right(arguments, tool)
        if fault:
            raise BadCases(f"{self.place}: '{where}' is {shown(arguments)}: no answer could be right: {fault}")

    def _misspelt(self, wanted: Any, schema: Any, where: str) -> None:
        """Refuse an object for a parameter of another type: a matcher whose key has another name."""
        kind = schema.get("type") if isinstance(schema, dict) else None
        if not isinstance(wanted, dict) or is_matcher(wanted) or kind in {None, "object"} or isinstance(kind, list):
            return
        key = next((key for key in wanted if key not in KEYS), "")
        hint = near(key, KEYS) or f"; matchers are {', '.join(sorted(KEYS))}"
        raise BadCases(
            f"{self.place}: '{where}' is {shown(wanted)}, and the parameter is of type {kind}: unknown matcher {key!r}{hint}"
        )

    def matcher(self, wanted: Any, where: str) -> None:
        """Check the matchers in an expected value."""
        if isinstance(wanted, list):
            for number, one in enumerate(wanted):
                self.matcher(one, f"{where}[{number}]")
        elif not is_matcher(wanted):
            for name, one in wanted.items() if isinstance(wanted, dict) else ():
                self.matcher(one, f"{where}.{name}")
        else:
            self._one_matcher(wanted, where)

    def _one_matcher(self, wanted: dict[str, Any], where: str) -> None:
        if len(wanted.keys() - {"optional"}) > 1:
            raise self.bad(where, wanted, "use one of any_of, regex and equals; 'optional' may stand beside")
        if type_of(wanted.get("optional", True)) != "boolean":
            raise self.bad(f"{where}.optional", wanted["optional"], "use true or false")
        if "any_of" in wanted:
            if not isinstance(wanted["any_of"], list) or not wanted["any_of"]:
                raise self.bad(f"{where}.any_of", wanted["any_of"], "give a list of accepted values")
            self.matcher(wanted["any_of"], f"{where}.any_of")
        if "regex" in wanted:
            fault = check_pattern(wanted["regex"])
            if fault:
                raise self.bad(f"{where}.regex", wanted["regex"], fault)
