"""Tools out of functions: what the model reads of a function, what the function gets, and what cannot be said."""

from __future__ import annotations

import datetime as dt  # a hint that is read
import enum
import functools
from collections.abc import Callable  # noqa: TC003  # a hint that is read
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

import adapter
from adapter.running.docstrings import Described, read_docstring
from adapter.running.toolbox import read_toolbox


class Unit(enum.Enum):
    celsius = "C"
    fahrenheit = "F"


class Place(BaseModel):
    """A place on Earth."""

    lat: float = Field(description="Latitude")
    title: str = ""


class Range(TypedDict):
    low: int
    high: int


def text(value: str) -> None: ...
def literal(value: Literal["a", "b"]) -> None: ...
def enumeration(value: Unit) -> None: ...
def default(value: int = 3) -> None: ...
def default_of_an_enumeration(value: Unit = Unit.celsius) -> None: ...
def default_beyond_json(value: Any = print) -> None: ...
def optional(value: Optional[str] = None) -> None: ...  # noqa: UP045  # written by many
def either(value: int | str) -> None: ...
def numbers(value: list[float]) -> None: ...
def model(value: Place) -> None: ...
def typed_dict(value: Range) -> None: ...
def described(value: Annotated[str, "A value."]) -> None: ...
def field(value: Annotated[int, Field(description="Days", ge=1)]) -> None: ...
def date(value: dt.date) -> None: ...
def keyword_only(*, value: str) -> None: ...
def strange_names(value: str, model_config: int = 1, json: int = 2, self_: int = 3) -> None: ...


PLACE = {
    "description": "A place on Earth.",
    "type": "object",
    "properties": {"lat": {"type": "number", "description": "Latitude"}, "title": {"type": "string", "default": ""}},
    "required": ["lat"],
}
RANGE = {
    "type": "object",
    "properties": {"low": {"type": "integer"}, "high": {"type": "integer"}},
    "required": ["low", "high"],
    "additionalProperties": False,
}
HINTS = [
    pytest.param(text, {"type": "string"}, '"x"', "x", id="str"),
    pytest.param(literal, {"type": "string", "enum": ["a", "b"]}, '"b"', "b", id="Literal"),
    pytest.param(enumeration, {"$ref": "#/$defs/Unit"}, '"F"', Unit.fahrenheit, id="Enum"),
    pytest.param(default, {"type": "integer", "default": 3}, "4", 4, id="default"),
    pytest.param(
        default_of_an_enumeration, {"$ref": "#/$defs/Unit", "default": "C"}, '"F"', Unit.fahrenheit, id="default of an Enum"
    ),
    pytest.param(default_beyond_json, {}, "4", 4, id="a default beyond JSON"),
    pytest.param(optional, {"anyOf": [{"type": "string"}, {"type": "null"}]}, "null", None, id="Optional"),
    pytest.param(either, {"anyOf": [{"type": "integer"}, {"type": "string"}]}, '"7"', "7", id="either"),
    pytest.param(numbers, {"type": "array", "items": {"type": "number"}}, "[1, 2.5]", [1.0, 2.5], id="list"),
    pytest.param(model, {"$ref": "#/$defs/Place"}, '{"lat": 1}', Place(lat=1), id="BaseModel"),
    pytest.param(typed_dict, {"$ref": "#/$defs/Range"}, '{"low": 1, "high": 2}', {"low": 1, "high": 2}, id="TypedDict"),
    pytest.param(described, {"type": "string", "description": "A value."}, '"x"', "x", id="Annotated text"),
    pytest.param(field, {"type": "integer", "description": "Days", "minimum": 1}, "2", 2, id="Annotated Field"),
    pytest.param(date, {"type": "string", "format": "date"}, '"2026-11-30"', dt.date(2026, 11, 30), id="date"),
    pytest.param(keyword_only, {"type": "string"}, '"x"', "x", id="keyword only"),
    pytest.param(strange_names, {"type": "string"}, '"x"', "x", id="names that pydantic's models do not take"),
]


@pytest.mark.parametrize(("function", "schema", "written", "value"), HINTS)
def test_hints(function: Callable[..., Any], schema: dict[str, Any], written: str, value: Any) -> None:
    tool = adapter.tool(function)
    parameters = tool.definition["function"]["parameters"]
    assert parameters["properties"]["value"] == schema
    assert parameters["additionalProperties"] is False
    assert ("value" in parameters.get("required", ())) is not function.__name__.startswith(("default", "optional"))
    assert tool.read(f'{{"value": {written}}}') == ((), {"value": value})
    defs = parameters.get("$defs", {})
    assert defs == {
        name: shown
        for name, shown in {"Place": PLACE, "Range": RANGE, "Unit": {"type": "string", "enum": ["C", "F"]}}.items()
        if name in defs
    }
    assert read_toolbox([tool]).checked.told == ()


def test_a_missing_argument_stays_missing() -> None:
    """The function's own default holds, also one that is no JSON."""
    assert adapter.tool(default_beyond_json).read("{}") == ((), {})


def test_a_function_without_parameters() -> None:
    def now() -> str:
        """Tell the time."""
        return "noon"

    assert adapter.tool(now).definition == {
        "type": "function",
        "function": {
            "name": "now",
            "description": "Tell the time.",
            "parameters": {"type": "object", "properties": {}, "additionalProperties": False},
        },
    }


class Shop:
    """A shop."""

    def order(self, item: str) -> str:
        """Order an item."""
        return f"{self.__class__.__name__}: {item}"

    def __call__(self, item: str) -> str:
        """Look an item up."""
        return item


def search(query: str, limit: int, index: str = "all") -> str:
    """Search an index."""
    return f"{index}: {query} {limit}"


CALLABLES = [
    pytest.param(Shop().order, "order", "Order an item.", {"item"}, id="a bound method"),
    pytest.param(Shop(), "Shop", "Look an item up.", {"item"}, id="an object with __call__"),
    pytest.param(functools.partial(search, limit=5), "search", "Search an index.", {"query", "index"}, id="a partial by name"),
    pytest.param(functools.partial(search, "x"), "search", "Search an index.", {"limit", "index"}, id="a partial by place"),
]


@pytest.mark.parametrize(("function", "name", "description", "parameters"), CALLABLES)
def test_callables(function: Callable[..., Any], name: str, description: str, parameters: set[str]) -> None:
    tool = adapter.tool(function)
    assert (tool.name, tool.description) == (name, description)
    assert {*tool.definition["function"]["parameters"]["properties"]} == parameters


def test_marks_and_the_function_itself() -> None:
    @adapter.tool(writes=True, progress="Looking up {city}…", name="look_up", description="Look.", timeout=5, polls=True)
    def look(city: str = "Oslo") -> str:
        """Other words."""
        return city.upper()

    assert (look.name, look.description, look.writes, look.timeout, look.polls) == ("look_up", "Look.", True, 5, True)
    assert look("Rome") == "ROME"
    assert look.progress_text({"city": "Rome"}) == "Looking up Rome…"
    assert look.progress_text({}) == "Looking up Oslo…"
    assert look.progress_text({"city": "x" * 1000}) == f"Looking up {'x' * 79}……"


def no_hint(city) -> None: ...  # type: ignore[no-untyped-def]  # the fault
def stars(*cities: str) -> None: ...
def named(**cities: str) -> None: ...
def by_place(city: str, /) -> None: ...
def strange(value: Callable[[], None]) -> None: ...
def unknown(value: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821  # the fault


REFUSED = [
    pytest.param(
        no_hint, TypeError, "tool 'no_hint': the parameter 'city' has no type hint. Write one, like 'city: str'", id="no hint"
    ),
    pytest.param(stars, TypeError, r"'\*cities' takes any number of values", id="*args"),
    pytest.param(named, TypeError, r"'\*\*cities' takes any name", id="**kwargs"),
    pytest.param(by_place, TypeError, "'city' cannot be given by name: drop the '/'", id="by place only"),
    pytest.param(strange, TypeError, "a type hint has no JSON schema .*CallableSchema", id="a hint without a schema"),
    pytest.param(unknown, TypeError, "a type hint cannot be read .name 'Nowhere' is not defined", id="an unknown hint"),
    pytest.param(Shop.order, TypeError, "a method is a tool only when bound", id="a method that is not bound"),
    pytest.param(lambda: 1, ValueError, "cannot be named '<lambda>'", id="a lambda"),
    pytest.param(5, TypeError, "a tool is made of a function, not of 5", id="a number"),
    pytest.param(Shop, TypeError, "a tool is made of a function", id="a class"),
]


@pytest.mark.parametrize(("function", "kind", "message"), REFUSED)
def test_functions_that_no_model_can_call(function: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        adapter.tool(function)


MARKS: list[Any] = [
    pytest.param(
        {"progress": "Looking up {town}"},
        "names {town}, which is no parameter; the parameters are value",
        id="an unknown field",
    ),
    pytest.param({"progress": "Looking up {value"}, "cannot be read", id="half a field"),
    pytest.param(
        {"progress": "Looking up {}"}, "cannot be read: Format string contains positional fields", id="a field without a name"
    ),
    pytest.param({"progress": "Looking up {value:d}"}, "cannot be read", id="a format that texts do not take"),
    pytest.param({"timeout": 0}, "timeout=0 must be a number of seconds above 0", id="no time"),
    pytest.param({"name": "look up"}, "cannot be named 'look up'", id="a space in the name"),
    pytest.param({"name": "x" * 65}, "up to 64 letters", id="a long name"),
]


@pytest.mark.parametrize(("marks", "message"), MARKS)
def test_marks_are_checked(marks: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        adapter.tool(**marks)(text)


# --- Definitions with a function beside -----------------------------------------------------------------------------------

PARAMETERS = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a"]}
ADD = {"type": "function", "function": {"name": "add", "parameters": PARAMETERS}}


def by_name(a: int, b: int = 1) -> int:
    return a + b


def as_dictionary(arguments: dict[str, int]) -> int:
    return arguments["a"] + arguments.get("b", 1)


def any_name(**arguments: int) -> int:
    return as_dictionary(arguments)


@pytest.mark.parametrize("function", [by_name, as_dictionary, any_name, adapter.tool(by_name), functools.partial(by_name, b=1)])
@pytest.mark.parametrize(
    "definition",
    [
        pytest.param(ADD, id="chat"),
        pytest.param({"type": "function", "name": "add", "parameters": PARAMETERS}, id="flat, as in the Responses API"),
    ],
)
def test_a_definition_with_a_function_beside(definition: dict[str, Any], function: Callable[..., Any]) -> None:
    toolbox = read_toolbox([(definition, function)])
    assert toolbox.definitions == [ADD]
    tool = toolbox.by_name["add"]
    positional, given = tool.read('{"a": 2, "b": 3}')
    assert tool(*positional, **given) == 5


def test_the_marks_of_the_function_beside_hold() -> None:
    tool = read_toolbox([(ADD, adapter.tool(writes=True, progress="Adding {a}", timeout=3)(by_name))]).by_name["add"]
    assert (tool.writes, tool.progress, tool.timeout) == (True, "Adding {a}", 3)


LISTS: list[Any] = [
    pytest.param([ADD], TypeError, r"tools\[0\] is a definition without a function: give both", id="no function"),
    pytest.param([(ADD, 5)], TypeError, r"tools\[0\]\[1\] is 5, and must be the function", id="a number beside"),
    pytest.param([(ADD, search)], TypeError, "and not a, b of its definition", id="other parameters by name"),
    pytest.param([5], TypeError, r"tools\[0\] is 5, and must be a function, a tool", id="a number"),
    pytest.param("add", TypeError, "tools is a list of functions or tools, not 'add'", id="a text"),
    pytest.param(
        [by_name, (ADD, by_name), by_name], adapter.BadRequest, "Duplicate function name 'by_name'", id="a name twice"
    ),
    pytest.param(
        [({"type": "custom", "custom": {"name": "shell"}}, by_name)],
        adapter.BadRequest,
        "of another kind than function",
        id="custom",
    ),
    pytest.param([({"type": "web_search"}, by_name)], adapter.BadRequest, "web_search", id="a tool of a vendor's"),
]


@pytest.mark.parametrize(("tools", "kind", "message"), LISTS)
def test_lists_that_are_no_tools(tools: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        read_toolbox(tools)


# --- Docstrings --------------------------------------------------------------------------------------------------------------

GOOGLE = """Look up the weather.

    In any city.

    Args:
        city (str, optional): City: one,
            such as Oslo.
        days: Days
        *rest: More

    Returns:
        text: The weather.

    Not part of it.
    """
NUMPY = """Look up the weather.

    In any city.

    Parameters
    ----------
    city : str, optional
        City: one,
        such as Oslo.
    days
        Days
    a, b : int
        Both.

    Returns
    -------
    text
        The weather.
    """
REST = """Look up the weather.

    In any city.

    :param city: City: one,
        such as Oslo.
    :param int days: Days
    :type city: str
    :returns: The weather.
    """
SUMMARY = "Look up the weather.\n\nIn any city."
CITY = {"city": "City: one, such as Oslo.", "days": "Days"}
DOCSTRINGS = [
    pytest.param(GOOGLE, Described(SUMMARY, {**CITY, "rest": "More"}), id="Google"),
    pytest.param(NUMPY, Described(SUMMARY, {**CITY, "a": "Both.", "b": "Both."}), id="NumPy"),
    pytest.param(REST, Described(SUMMARY, CITY), id="reST"),
    pytest.param(None, Described("", {}), id="none"),
    pytest.param(
        "Note: this is a sentence.\nMore: too.", Described("Note: this is a sentence.\nMore: too.", {}), id="colons in words"
    ),
    pytest.param(
        "Look.\n\nArgs:\n    city:\n        On its own line.",
        Described("Look.", {"city": "On its own line."}),
        id="a line below",
    ),
    pytest.param("Look.\n\nArgs:\n    city:", Described("Look.", {}), id="an empty description"),
    pytest.param("\n    Args:\n        city: City.", Described("", {"city": "City."}), id="no summary"),
]


@pytest.mark.parametrize(("docstring", "expected"), DOCSTRINGS)
def test_docstrings(docstring: str | None, expected: Described) -> None:
    assert read_docstring(docstring) == expected


def _later(city: str, days: int = 1) -> Nowhere:  # type: ignore[name-defined]  # noqa: F821  # as under TYPE_CHECKING
    return f"{city}, {days}"


class _Later:
    def method(self, city: str) -> Nowhere:  # type: ignore[name-defined]  # noqa: F821
        return city


@functools.wraps(_later)
def _wrapped(*args: Any, **named: Any) -> Any:
    return _later(*args, **named)


@pytest.mark.parametrize(
    ("function", "names"), [(_later, ["city", "days"]), (_Later().method, ["city"]), (_wrapped, ["city", "days"])]
)
def test_nobody_reads_the_hint_of_a_result(function: Any, names: list[str]) -> None:
    assert list(adapter.tool(function).definition["function"]["parameters"]["properties"]) == names
