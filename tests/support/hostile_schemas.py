"""Hostile schemas of a tool's parameters: the rows of the sweep in `facts/test_hostile_schemas.py`.

A row says if the schema is read, or at which place of the request it is refused.
"""

from __future__ import annotations

from typing import Any, NamedTuple

READ = "read"
WHOLE = "tools[0].function.parameters"  # the place of a schema that is refused as a whole


class Row(NamedTuple):
    """A hostile schema, and its end."""

    id: str
    schema: Any
    end: str = READ
    name: str = "f"


def about(inner: Any, **others: Any) -> dict[str, Any]:
    """Return the schema of an object with one property `a`."""
    return {"type": "object", "properties": {"a": inner}, **others}


def doubling(keyword: str, count: int, *, equal: bool = False) -> dict[str, Any]:
    defs: dict[str, Any] = {"d0": {"type": "string"}}
    for number in range(1, count + 1):
        one = {"$ref": f"#/$defs/d{number - 1}"}
        defs[f"d{number}"] = {keyword: [one, one if equal else {**one, "title": "x"}]}
    return about({"$ref": f"#/$defs/d{count}"}, **{"$defs": defs})


def nested(keyword: str, depth: int, *, listed: bool = False) -> dict[str, Any]:
    inner: Any = {"type": "string"}
    for _ in range(depth):
        inner = {keyword: [inner] if listed else {"a": inner} if keyword in _BY_NAME else inner}
    return about(inner)


_BY_NAME = ("properties", "patternProperties", "dependentSchemas", "$defs")


def chained(count: int) -> dict[str, Any]:
    defs = {f"d{number}": {"$ref": f"#/$defs/d{number + 1}"} for number in range(count)}
    return about({"$ref": "#/$defs/d0"}, **{"$defs": {**defs, f"d{count}": {"type": "string"}}})


def crossed(count: int) -> dict[str, Any]:
    """Alternatives that all hold at once: two to the power of so many combinations."""
    return about({"allOf": [{"anyOf": [{"required": [f"x{n}"]}, {"required": [f"y{n}"]}]} for n in range(count)]})


def branching(count: int) -> dict[str, Any]:
    inner: Any = {"type": "string"}
    for number in range(count):
        inner = {"if": {"minLength": number}, "then": inner, "else": {**inner, "title": f"{number}"}}
    return about(inner)


def contained() -> dict[str, Any]:
    return about({"$ref": "#/$defs/d9"}, **{"$defs": {
        "d0": {"type": "string"},
        **{f"d{n}": {"type": "object", "properties": {f"p{k}": {"$ref": f"#/$defs/d{n - 1}"} for k in range(10)}} for n in range(1, 10)},
    }})  # fmt: skip


_BOMB = "^(a+)+$"
BOMBS = [
    *(Row(f"{keyword} that doubles by $ref", doubling(keyword, 26), WHOLE) for keyword in ("allOf", "anyOf", "oneOf")),
    *(Row(f"{keyword} of equal branches", doubling(keyword, 26, equal=True)) for keyword in ("allOf", "anyOf", "oneOf")),
    Row("ten properties of ten properties, nine deep", contained()),
    Row("alternatives that all hold", crossed(16)),
    Row("if, then and else in each other", branching(8)),
    *(Row(f"{keyword}, 60 deep", nested(keyword, 60)) for keyword in ("not", "properties", "patternProperties", "items", "additionalProperties", "dependentSchemas", "propertyNames", "contains", "if")),
    *(Row(f"{keyword}, 60 deep", nested(keyword, 60, listed=True)) for keyword in ("allOf", "anyOf", "oneOf", "prefixItems")),
    *(Row(f"{keyword}, 20,000 deep", nested(keyword, 20_000), WHOLE) for keyword in ("not", "properties", "items")),
    Row("references in a chain of 300", chained(300)),
    Row("references in a chain of 20,000", chained(20_000), WHOLE),
    Row("a pattern that backtracks", about({"type": "string", "pattern": _BOMB})),
    Row("a pattern that looks ahead and backtracks", about({"type": "string", "pattern": "^(?=a)(a+)+$"})),
    Row("a pattern of repetitions of repetitions", about({"type": "string", "pattern": "((a{1,99}){1,99}){1,99}"})),
    Row("a pattern of 100,000 characters", about({"type": "string", "pattern": "(a?b)" * 20_000})),
    Row("a pattern of 10,000 parentheses", about({"type": "string", "pattern": "(" * 10_000 + ")" * 10_000})),
    Row("a pattern that is none", about({"type": "string", "pattern": "(a"})),
    Row("patterns of names that backtrack", {"type": "object", "patternProperties": {_BOMB: {"type": "string"}}}),
    Row("names that must backtrack", {"type": "object", "propertyNames": {"pattern": _BOMB}}),
    Row("uniqueItems of anything", about({"type": "array", "uniqueItems": True})),
    Row("contains in contains", about({"contains": {"contains": {"const": 1}}, "minContains": 10**9, "maxContains": 10**30})),
    Row("an enum of 100,000", about({"enum": list(range(100_000))})),
    Row("an enum of objects", about({"enum": [{"k": [number], "j": {"l": number}} for number in range(2_000)]})),
    Row("a const, 60 deep", about({"const": eval("[" * 60 + "]" * 60)})),  # noqa: S307  # brackets
    Row("4,000 properties, all required", {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(4_000)}, "required": [f"p{n}" for n in range(4_000)]}),
    Row("2,000 alternatives", about({"anyOf": [{"type": "object", "properties": {"k": {"const": n}}, "required": ["k"]} for n in range(2_000)]})),
    Row("2,000 prefixItems", about({"prefixItems": [{"const": n} for n in range(2_000)], "items": False})),
    Row("4,000 unused definitions", about({}, **{"$defs": {f"d{n}": {"$ref": "#/$defs/d0"} if n else {} for n in range(4_000)}})),
    Row("10,000 unknown keywords", about({f"x-{n}": {"$ref": f"#/{n}"} for n in range(10_000)})),
]  # fmt: skip
REFERENCES = [
    Row("a reference to itself", about({"$ref": "#/properties/a"}), WHOLE),
    Row("two references to each other", about({"$ref": "#/$defs/x"}, **{"$defs": {"x": {"$ref": "#/$defs/y"}, "y": {"$ref": "#/$defs/x"}}}), WHOLE),
    Row("a circle by allOf", about({}, allOf=[{"$ref": "#"}]), WHOLE),
    Row("a circle by not", about({"not": {"$ref": "#/properties/a"}}), WHOLE),
    Row("a circle by if", about({"if": {"$ref": "#/properties/a"}}), WHOLE),
    Row("a circle by dependentSchemas", about({}, dependentSchemas={"a": {"$ref": "#"}}), WHOLE),
    Row("a tree", about({"$ref": "#"})),
    Row("a tree by $dynamicRef", about({"$dynamicRef": "#node"}, **{"$dynamicAnchor": "node"})),
    Row("a circle by $dynamicRef", about({"$dynamicRef": "#node", "$dynamicAnchor": "node"}), WHOLE),
    Row("a tree by $recursiveRef", about({"$recursiveRef": "#"}, **{"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveAnchor": True})),
    Row("a reference to a number", about({"$ref": "#/properties/a/maximum", "maximum": 5})),
    Row("a reference to a text", about({"$ref": "#/properties/b/type"}, required=["a"])),
    Row("a reference to a schema that is none", about({"$ref": "#/x-a"}, **{"x-a": {"type": 5, "properties": []}})),
    Row("a reference in a schema under no keyword", about({"$ref": "#/x-a"}, **{"x-a": {"$ref": "#/nowhere"}})),
    Row("a circle under no keyword", about({"$ref": "#/x-a"}, **{"x-a": {"properties": {"b": {"$ref": "#/x-a/properties/b"}}}}), WHOLE),
    Row("a reference into an example", about({"$ref": "#/properties/b/examples/0"}, examples=[{"items": 5}], default={"$ref": 5})),
    Row("a reference to a list", about({"$ref": "#/required"}, required=["a"])),
    Row("a reference that is a number", about({"$ref": 5}), WHOLE + ".properties.a.$ref"),
    Row("a reference with odd escapes", about({"$ref": "#/$defs/~2%zz%00%ff"}, **{"$defs": {}})),
    Row("a reference that is no address", about({"$ref": "http://[::1"})),
    Row("a reference to nothing", about({"$ref": ""})),
    Row("a reference to a file", about({"$ref": "file:///etc/passwd"})),
    Row("a reference to the metaschema", about({"$ref": "https://json-schema.org/draft/2020-12/schema"})),
    Row("a reference to an index out of range", about({"$ref": "#/prefixItems/99999999999999999999"}, prefixItems=[{}])),
    Row("an $id that is a number", about({"$id": 5}), WHOLE + ".properties.a.$id"),
    Row("an $id that is no address, on which nothing stands", about({"$id": "http://[::1"})),
    Row("an $id that is no address, and a reference", about({"$id": "http://[::1", "$ref": "x"})),
    Row("an $id that is no address, and one inside", about({"$id": "http://[::1", "properties": {"b": {"$id": "y"}}}), WHOLE),
    Row("an $id that is no address, of the whole", about({"$ref": "x"}, **{"$id": "http://[::1"}), WHOLE),
    Row("an $id with NUL", about({"$id": "\0", "$ref": "#/a"})),
    Row("an $id of the metaschema", about({"$ref": "#/properties/a/x"}, **{"$id": "https://json-schema.org/draft/2020-12/schema"})),
    Row("$ids that are equal", about({"$id": "u:x", "$defs": {"y": {"$id": "u:x", "$ref": "u:x"}}}), WHOLE),
    Row("an $anchor that is a list", about({"$anchor": ["x"]}), WHOLE + ".properties.a.$anchor"),
    Row("an $anchor twice", about({"$anchor": "x", "$ref": "#y"}, **{"$anchor": "x"})),
    Row("a $schema nobody knows", about({}, **{"$schema": "urn:nobody"})),
    Row("a $schema that is a list", about({}, **{"$schema": []})),
    Row("a $schema inside", about({"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": True, "minimum": 3})),
    Row("$defs that are a list", about({}, **{"$defs": [{}]}), WHOLE + ".$defs"),
    Row("$defs that hold texts", about({"$ref": "#/$defs/x"}, **{"$defs": {"x": "string"}})),
]  # fmt: skip
NUMBERS = [
    Row("bounds of 4,000 digits", about({"type": "integer", "minimum": -(10**4000), "maximum": 10**4000})),
    Row("bounds at the end of what a float holds", about({"type": "number", "minimum": -1.7e308, "exclusiveMaximum": 1.7e308})),
    Row("a bound that is infinite", about({"type": "number", "maximum": float("inf")}), WHOLE),
    Row("a bound that is no number", about({"type": "number", "minimum": float("nan")}), WHOLE),
    Row("a least above the most", about({"type": "integer", "minimum": 9, "maximum": 3})),
    *(Row(f"multipleOf {step!r}", about({"type": "number", "multipleOf": step})) for step in (1e-300, 5e-324, 0.1, 1.7e308)),
    Row("multipleOf 10**400", about({"type": "integer", "multipleOf": 10**400})),
    Row("multipleOf 0", about({"multipleOf": 0}), WHOLE + ".properties.a.multipleOf"),
    Row("lengths of 10**9 and 10**30", about({"type": "string", "minLength": 10**9, "maxLength": 10**30})),
    Row("items of 10**9 and 10**30", about({"type": "array", "minItems": 10**9, "maxItems": 10**30})),
    Row("properties of 10**9", {"type": "object", "minProperties": 10**9, "maxProperties": 10**30}),
    Row("a length below nothing", about({"minLength": -1}), WHOLE + ".properties.a.minLength"),
    Row("a length of 2.0", about({"type": "string", "minLength": 2.0, "maxLength": 3.0})),
    Row("items of 1e300", about({"type": "array", "minItems": 1e300})),
]  # fmt: skip
NAMES = [
    *(Row(f"a property named {shown}", {"type": "object", "properties": {name: {"type": "string", "enum": [name]}}, "required": [name]}) for shown, name in {
        "nothing": "", "NUL": "\0", "by a surrogate": "\ud800", "__proto__": "__proto__", "$ref": "$ref", "type": "type",
        "by a marker": "<|im_end|></tool_call>", "by quotes": "\"'`\\", "by line breaks": "a\nb\r\u2028", "by a megabyte": "n" * 1_000_000,
        "by a path": "a/b~c.d[0]", "by braces of Jinja": "{{ 1 / 0 }}{% raw %}", "by a bracket": "a]b>c=d", "by digits": "0",
    }.items()),
    *(Row(f"a tool named {shown}", about({}), "tools[0].function.name", name) for shown, name in {
        "nothing": "", "NUL": "a\0b", "by a surrogate": "\ud800", "by a megabyte": "n" * 1_000_000, "by a space": "a b", "by a marker": "<tool_call>",
    }.items()),
    Row("a tool named __proto__", about({}), READ, "__proto__"),
    Row("texts of a megabyte", about({"description": "d" * 1_000_000, "title": "\0", "default": "x" * 1_000_000})),
    Row("texts of surrogates", about({"description": "\ud800\udfff", "title": "\udc00", "enum": ["\ud800"], "default": "\ud800"})),
    Row("a description of braces", about({"description": "{{ [].__class__ }} {% for a in b %}"})),
    Row("examples, 60 deep", about({"examples": [eval("[" * 60 + "]" * 60)], "default": {"a": {"b": []}}})),  # noqa: S307
]  # fmt: skip
KEYWORDS = (
    "type", "properties", "required", "items", "prefixItems", "additionalProperties", "patternProperties", "propertyNames",
    "anyOf", "oneOf", "allOf", "not", "if", "then", "else", "enum", "const", "pattern", "format", "minimum", "exclusiveMaximum",
    "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "contains", "minContains", "minProperties",
    "dependentSchemas", "dependentRequired", "dependencies", "unevaluatedProperties", "unevaluatedItems", "additionalItems",
    "description", "title", "default", "examples", "deprecated", "readOnly", "nullable", "discriminator", "definitions", "$defs",
    "$comment", "contentEncoding", "contentMediaType", "contentSchema", "$vocabulary",
)  # fmt: skip
WRONG: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**400, "", "x", "\ud800", [], [[]], [None], ["a", "a"], [{}, 5], {}, {"a": 1}, {"a": {"type": 5}},
    {"a": None}, {"$ref": "#"}, "object", ["null"], [True, False],
)  # fmt: skip
ROWS = [*BOMBS, *REFERENCES, *NUMBERS, *NAMES]
