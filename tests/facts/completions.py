"""Completions, and what comes of them: one table for everything that reads text (behaviour 1).

Each case's id begins with the number of the rule it shows. Arguments are compared as text: the model's own spelling counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>'
NAMED = '{"name": "get_weather", "arguments": {"city": "Paris"}}'
PARIS = ("get_weather", '{"city": "Paris"}')
TIME_CALL = '<tool_call>\n{"name": "get_time", "arguments": {}}\n</tool_call>'
NOW = ("get_time", "{}")


@dataclass(frozen=True)
class Case:
    id: str
    text: str
    calls: tuple[tuple[str, str], ...] = ()
    content: str | None = None
    reasoning: str | None = None
    problems: tuple[str, ...] = ()
    finish: str = "stop"
    options: dict[str, Any] = field(default_factory=dict)


def block(payload: str) -> str:
    return f"<tool_call>\n{payload}\n</tool_call>"


def f(arguments: str) -> str:
    return block('{"name": "f", "arguments": ' + arguments + "}")


def same(case: str, text: str, **more: Any) -> Case:
    """Text that is content as it stands."""
    return Case(case, text, content=text, **more)


CASES: tuple[Case, ...] = (
    # 1.1 where a block opens
    Case("1.1 a call alone", CALL, (PARIS,)),
    Case("1.1 no newlines", CALL.replace("\n", ""), (PARIS,)),
    Case("1.1 much white space after the tag", CALL.replace("<tool_call>\n", "<tool_call> \t\r\n\n  "), (PARIS,)),
    Case("1.1 code fence inside", block('```json\n{"name": "f", "arguments": {}}\n```'), (("f", "{}"),), problems=()),
    Case("1.1 single backticks inside", "<tool_call>`" + '{"name": "f"}' + "`</tool_call>", (("f", "{}"),)),
    Case("1.1 the word json left over", block('json\n{"name": "f", "arguments": {}}'), (("f", "{}"),)),
    Case("1.1 doubled opening tag", "<tool_call>\n" + CALL, (PARIS,), problems=("markup",)),
    Case("1.1 an array", block('[{"name": "f", "arguments": {"a": 1}}]'), (("f", '{"a": 1}'),)),
    same("1.1 mention in prose", "Write <tool_call> before a call."),
    same("1.1 mention in backticks", "The tag `<tool_call>` opens, `</tool_call>` closes."),
    same("1.1 mention in backticks before a brace", "Put `<tool_call>` {here}."),
    same("1.1 lookalike with underscore", "<tool_ call>{}</tool_ call>"),
    same("1.1 lookalike plural", '<tool_calls>{"name": "f"}</tool_calls>', problems=("other_dialect",)),
    same("1.1 lookalike upper case", '<TOOL_CALL>{"name": "f"}</TOOL_CALL>', problems=("near_call",)),
    same("1.1 lookalike with attribute", '<tool_call id="1">{"name": "f"}</tool_call>', problems=("near_call",)),
    same("1.1 prose array is no payload", "<tool_call>[see the docs] is how"),
    same("1.1 other markup flows", "a < b && c > d, <b>bold</b> <tool <tool_cal x"),
    same("1.1 not JSON at all", "<tool_call>not valid json</tool_call>"),
    # 1.2 where a block closes
    Case(
        "1.2 tags inside a string",
        block('{"name": "echo", "arguments": {"text": "a </tool_call> b <tool_call> c"}}'),
        (("echo", '{"text": "a </tool_call> b <tool_call> c"}'),),
    ),
    Case(
        "1.2 tag right after an escaped quote",
        block(r'{"name": "echo", "arguments": {"text": "\"</tool_call>"}}'),
        (("echo", r'{"text": "\"</tool_call>"}'),),
    ),
    Case(
        "1.2 tag right after an escaped backslash and the closing quote",
        '<tool_call>{"name": "echo", "arguments": {"text": "x\\\\"}}</tool_call>',
        (("echo", r'{"text": "x\\"}'),),
    ),
    Case(
        "1.2 tag is the whole string",
        block('{"name": "echo", "arguments": {"text": "</tool_call>"}}'),
        (("echo", '{"text": "</tool_call>"}'),),
    ),
    Case(
        "1.2 tag in a key",
        block('{"name": "f", "arguments": {"</tool_call>": 1}}'),
        (("f", '{"</tool_call>": 1}'),),
    ),
    Case(
        "1.2 many tags in strings of two calls",
        f('{"a": "</tool_call></tool_call>"}') + f('{"b": "<tool_call>{"}'),
        (("f", '{"a": "</tool_call></tool_call>"}'), ("f", '{"b": "<tool_call>{"}')),
    ),
    # 1.3 what the payload may be
    Case("1.3 arguments before name", block('{"arguments": {"city": "Paris"}, "name": "get_weather"}'), (PARIS,)),
    Case("1.3 further keys", block('{"id": 7, "name": "get_weather", "arguments": {"city": "Paris"}, "x": {}}'), (PARIS,), problems=("repaired",)),
    Case("1.3 parameters", block('{"name": "get_weather", "parameters": {"city": "Paris"}}'), (PARIS,)),
    Case(
        "1.3 arguments win over parameters",
        block('{"name": "get_weather", "parameters": {"city": "Rome"}, "arguments": {"city": "Paris"}}'),
        (PARIS,),
        problems=("repaired",),
    ),
    Case(
        "1.3 a parameter beside the arguments",
        block('{"name": "get_weather", "arguments": {}, "city": "Paris"}'),
        (("get_weather", "{}"),),
        problems=("malformed", "invalid_arguments"),
    ),
    Case(
        "1.3 members beside a wrapped call",
        block('{"content": "Let me see.", "tool_calls": [{"name": "get_weather", "arguments": {"city": "Paris"}}]}'),
        (PARIS,),
        problems=("repaired",),
    ),
    Case("1.3 a member without a value beside the arguments", block('{"name": "get_time", "arguments": {}, "x": null}'), (NOW,)),
    Case(
        "1.3 the OpenAI wrapper",
        block('{"type": "function", "function": {"name": "get_weather", "arguments": {"city": "Paris"}}}'),
        (PARIS,),
    ),
    Case(
        "1.3 the OpenAI wrapper with arguments as a string",
        block(r'{"id": "1", "type": "function", "function": {"name": "get_weather", "arguments": "{\"city\": \"Paris\"}"}}'),
        (PARIS,),
    ),
    Case(
        "1.3 a list of calls",
        block('[{"name": "get_weather", "arguments": {"city": "Paris"}}, {"name": "get_time", "arguments": {}}]'),
        (PARIS, NOW),
    ),
    Case(
        "1.3 a tool_calls wrapper",
        block('{"tool_calls": [{"name": "get_weather", "arguments": {"city": "Paris"}}, {"name": "get_time"}]}'),
        (PARIS, NOW),
    ),
    Case(
        "1.3 objects one after the other",
        block('{"name": "get_weather", "arguments": {"city": "Paris"}}\n{"name": "get_time", "arguments": {}}'),
        (PARIS, NOW),
    ),
    Case(
        "1.3 objects with a comma between",
        block('{"name": "get_weather", "arguments": {"city": "Paris"}},\n{"name": "get_time"}'),
        (PARIS, NOW),
    ),
    Case("1.3 arguments as a JSON string", block(r'{"name": "get_weather", "arguments": "{\"city\": \"Paris\"}"}'), (PARIS,)),
    Case(
        "1.3 decoded once only",
        block(r'{"name": "f", "arguments": "\"{}\""}'),
        (("f", r'"\"{}\""'),),
        problems=("invalid_arguments",),
    ),
    Case("1.3 args", block('{"name": "get_weather", "args": {"city": "Paris"}}'), (PARIS,), problems=("repaired",)),
    Case("1.3 args before the name", block('{"args": {"city": "Paris"}, "name": "get_weather"}'), (PARIS,), problems=("repaired",)),
    Case("1.3 input in a list", block('[{"name": "get_weather", "input": {"city": "Paris"}}]'), (PARIS,), problems=("repaired",)),
    Case("1.3 args beside arguments", block('{"name": "f", "args": {"a": 2}, "arguments": {"a": 1}}'), (("f", '{"a": 1}'),), problems=("repaired",)),
    Case("1.3 no arguments where some are required", block('{"name": "get_weather"}'), (("get_weather", "{}"),), problems=("invalid_arguments",)),
    Case("1.3 members beside the name are not dropped", block('{"name": "f", "city": "Paris"}'), (("f", "{}"),), problems=("malformed",)),
    Case("1.3 arguments missing", block('{"name": "get_time"}'), (NOW,)),
    Case("1.3 arguments null", block('{"name": "get_time", "arguments": null}'), (NOW,)),
    Case("1.3 arguments empty string", block('{"name": "get_time", "arguments": ""}'), (NOW,)),
    Case("1.3 arguments a list", f("[1, 2]"), (("f", "[1, 2]"),), problems=("invalid_arguments",)),
    Case("1.3 arguments a number", f("5"), (("f", "5"),), problems=("invalid_arguments",)),
    Case("1.3 arguments a string", f('"Paris"'), (("f", '"Paris"'),), problems=("invalid_arguments",)),
    Case("1.3 the name is decoded", block(r'{"name": "get\u005ftime"}'), (NOW,)),
    Case("1.3 the name is trimmed", block('{"name": " get_time\\n"}'), (NOW,)),
    Case(
        "1.3 a name nested in the arguments is not the name",
        block('{"arguments": {"name": "get_time"}, "name": "f"}'),
        (("f", '{"name": "get_time"}'),),
    ),
    Case(
        "1.3 a function key in the arguments is data",
        f('{"function": {"name": "get_time"}, "tool_calls": [1]}'),
        (("f", '{"function": {"name": "get_time"}, "tool_calls": [1]}'),),
    ),
    same("1.3 no name", block('{"arguments": {"city": "Paris"}}'), problems=("unreadable",)),
    same("1.3 empty name", block('{"name": " ", "arguments": {}}'), problems=("unreadable",)),
    same("1.3 name is a number", block('{"name": 5, "arguments": {}}'), problems=("unreadable",)),
    same("1.3 only a nested name", block('{"arguments": {"name": "get_time"}}'), problems=("unreadable",)),
    same("1.3 empty object", block("{}"), problems=("unreadable",)),
    same("1.3 empty list", block("[]"), problems=("unreadable",)),
    Case("1.3 one of a list without a name", block('[{"name": "get_time"}, {"x": 1}]'), (NOW,), problems=("unreadable",)),
    Case(
        "1.3 no fuzzy matching of names",
        block('{"name": "get-time", "arguments": {}}'),
        (("get-time", "{}"),),
        problems=("unknown_tool",),
    ),
    # 1.4 the model's own text
    Case(
        "1.4 spelling of numbers and order of keys",
        f('{"z": 1.0, "a": 9007199254740993, "e": 1E5, "n": -0, "s":"\\u00e9é\\/"}'),
        (("f", '{"z": 1.0, "a": 9007199254740993, "e": 1E5, "n": -0, "s":"\\u00e9é\\/"}'),),
    ),
    Case("1.4 white space inside", f('{ "a" :\n 1 ,\t"b": [ ] }'), (("f", '{ "a" :\n 1 ,\t"b": [ ] }'),)),
    Case("1.4 duplicate keys in the arguments are kept", f('{"a": 1, "a": 2}'), (("f", '{"a": 1, "a": 2}'),)),
    Case(
        "1.4 of duplicate arguments the last counts",
        block('{"name": "f", "arguments": {"a": 1}, "arguments": {"a": 2}}'),
        (("f", '{"a": 2}'),),
        problems=("repaired",),
    ),
    Case("1.4 of duplicate names the last counts", block('{"name": "f", "name": "get_time"}'), (NOW,), problems=("repaired",)),
    Case("1.4 the same name twice", block('{"name": "get_time", "name": "get_time"}'), (NOW,)),
    Case("1.4 NUL, escapes and astral characters", f(r'{"a": "\u0000 \ud83d\ude00 😀 \u001b"}'),
         (("f", r'{"a": "\u0000 \ud83d\ude00 😀 \u001b"}'),)),
    Case("1.4 markup characters", f('{"a": "<b>&amp; a<b && c ]]> \'x\'</b>"}'), (("f", '{"a": "<b>&amp; a<b && c ]]> \'x\'</b>"}'),)),
    Case("1.4 an integer of 5000 digits", f('{"a": ' + "7" * 5000 + "}"), (("f", '{"a": ' + "7" * 5000 + "}"),)),
    # 1.5 structural repair
    Case("1.5 trailing comma", f('{"a": 1,}'), (("f", '{"a": 1}'),), problems=("repaired",)),
    Case("1.5 missing comma", f('{"a": 1 "b": 2}'), (("f", '{"a": 1, "b": 2}'),), problems=("repaired",)),
    Case("1.5 single quotes", block("{'name': 'f', 'arguments': {'a': 'it\\'s'}}"), (("f", '{"a": "it\'s"}'),), problems=("repaired",)),
    Case("1.5 keys without quotes", block('{name: "f", arguments: {a: 1}}'), (("f", '{"a": 1}'),), problems=("repaired",)),
    Case("1.5 Python literals", f("{'a': True, 'b': None, 'c': False}"), (("f", '{"a": true, "b": null, "c": false}'),), problems=("repaired",)),
    Case("1.5 comments", f('{"a": 1 // one\n, /* two */ "b": 2}'), (("f", '{"a": 1, "b": 2}'),), problems=("repaired",)),
    Case("1.5 a raw newline in a string", f('{"a": "x\ny\t1.0"}'), (("f", '{"a": "x\\ny\\t1.0"}'),), problems=("repaired",)),
    Case("1.5 one brace missing", block('{"name": "f", "arguments": {"a": 1}'), (("f", '{"a": 1}'),), problems=("repaired",)),
    Case("1.5 two braces too many", block('{"name": "f", "arguments": {"a": 1}}}}'), (("f", '{"a": 1}'),), problems=("repaired",)),
    Case("1.5 a bracket too many", block('[{"name": "f", "arguments": {"a": 1}}]]'), (("f", '{"a": 1}'),), problems=("repaired",)),
    Case("1.5 a brace too many and no closing tag", '<tool_call>{"name": "f", "arguments": {"a": 1}}}', (("f", '{"a": 1}'),), problems=("markup", "repaired")),
    Case("1.5 a bracket missing", block('[{"name": "f", "arguments": {"a": 1}}'), (("f", '{"a": 1}'),), problems=("repaired",)),
    Case("1.17 strings side by side in a list", f('{"a": ["x" "y"]}'), (("f", '{"a": ["x", "y"]}'),), problems=("repaired",)),
    same("1.17 strings side by side", f('{"a": "x" "y"}'), problems=("unreadable",)),
    same("1.17 a sum of strings", f('{"a": "x" + "y"}'), problems=("unreadable",)),
    same("1.17 an unclosed list before a key", f('{"a": ["x", "b": 1}'), problems=("unreadable",)),
    same("1.17 a tuple", f("{'a': (1, 2)}"), problems=("unreadable",)),
    Case("1.5 one brace too many", block('{"name": "f", "arguments": {"a": 1}}}'), (("f", '{"a": 1}'),), problems=("repaired",)),
    Case(
        "1.5 first closing tag missing",
        '<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n' + TIME_CALL,
        (("f", '{"a": 1}'), NOW),
        problems=("markup",),
    ),
    Case("1.5 an invalid escape keeps its backslash", f(r'{"a": "\d+ C:\x"}'), (("f", r'{"a": "\\d+ C:\\x"}'),), problems=("repaired",)),
    Case("1.5 a text that ends as a number would", f('{"move": "e4" "b": "-e5" "c": "."}'), (("f", '{"move": "e4", "b": "-e5", "c": "."}'),), problems=("repaired",)),
    Case("1.5 a number beyond all measure", f('{"a": "1e9999999999" "b": 1.50}'), (("f", '{"a": "1e9999999999", "b": 1.50}'),), problems=("repaired",)),
    Case("1.5 a newline at the end of a string stays", f(r'{"a": " x \n" "b": "\\n"'), (("f", r'{"a": " x \n", "b": "\\n"}'),), problems=("repaired",)),
    Case("1.5 inner quotes with one reading", f('{"a": "say "hi" now"}'), (("f", r'{"a": "say \"hi\" now"}'),), problems=("repaired",)),
    Case("1.5 closing quote missing", f('{"a": "Paris}').replace("}\n", "}}\n").replace("}}}", "}}"),
         (("f", '{"a": "Paris"}'),), problems=("repaired",)),
    Case(
        "1.5 closing quote missing, then another call",
        block('{"name": "f", "arguments": {"a": "Paris}}') + "\n" + TIME_CALL,
        (("f", '{"a": "Paris"}'), NOW),
        problems=("repaired",),
    ),
    same("1.5 inner quotes with two readings", f('{"a": "he said "no", "b": "x"}'), problems=("unreadable",)),
    same("1.5 NaN", f('{"a": NaN}'), problems=("unreadable",)),
    same("1.5 Infinity", f('{"a": -Infinity}'), problems=("unreadable",)),
    same("1.5 an expression", f('{"a": 1 + 2}'), problems=("unreadable",)),
    same("1.5 a function call", f('{"a": now()}'), problems=("unreadable",)),
    same("1.5 a bare word", f('{"a": Paris}'), problems=("unreadable",)),
    same("1.5 a value missing", f('{"a": }'), problems=("unreadable",)),
    same("1.5 the last value missing, and a brace", block('{"name": "f", "arguments":'), problems=("unreadable",)),
    same("1.5 three braces missing", block('{"name": "f", "arguments": {"a": {"b": 1'), problems=("unreadable",)),
    Case(
        "1.5 a repaired call is validated",
        block("{'name': 'get_weather', 'arguments': {'city': []}}"),
        (("get_weather", '{"city": []}'),),
        problems=("repaired", "invalid_arguments"),
    ),
    # 1.6 unreadable blocks
    Case(
        "1.6 later blocks are read",
        f('{"a": NaN}') + "\n" + CALL,
        (PARIS,),
        content=f('{"a": NaN}'),
        problems=("unreadable",),
    ),
    Case(
        "1.6 earlier text stays",
        "First. " + f('{"a": NaN}') + " Last.",
        content="First. " + f('{"a": NaN}') + " Last.",
        problems=("unreadable",),
    ),
    # 1.7 cut off
    Case("1.7 cut in a string", CALL[:52], content="", problems=("cut",), finish="length"),
    Case("1.7 cut after the tag", "I will check.\n<tool_call>", content="I will check.", problems=("cut",), finish="length"),
    Case("1.7 cut after the tag and a newline", "<tool_call>\n", content="", problems=("cut",), finish="length"),
    Case("1.7 cut one brace early", CALL[: CALL.rindex("}")], content="", problems=("cut",), finish="length"),
    Case("1.7 complete JSON without the tag", CALL[: CALL.rindex("\n")], (PARIS,), problems=("markup",), finish="length"),
    Case("1.7 complete JSON and half the tag", CALL[:-4], (PARIS,), problems=("markup",), finish="length"),
    Case("1.7 a list cut in its second call", f'<tool_call>[{NAMED}, {{"name": "get_ti', (PARIS,), problems=("cut", "markup"), finish="length"),
    Case("1.7 a list cut behind a comma", f"<tool_call>[{NAMED},", (PARIS,), problems=("cut", "markup"), finish="length"),
    Case("1.7 a list cut before its bracket", f"<tool_call>[{NAMED}", (PARIS,), problems=("markup", "repaired"), finish="length"),
    Case("1.7 a list in a wrapper, cut", f'<tool_call>{{"tool_calls": [{NAMED}, {{', (PARIS,), problems=("cut", "markup"), finish="length"),
    Case("1.7 objects one after the other, cut", f'<tool_call>{NAMED}\n{{"name": "f", "arg', (PARIS,), problems=("cut", "markup")),
    Case("1.7 a list cut in its first call", f'<tool_call>[{NAMED[:40]}', content="", problems=("cut",), finish="length"),
    Case("1.7 calls before stand", CALL + "\n" + TIME_CALL[:30], (PARIS,), problems=("cut",), finish="length"),
    Case("1.7 cut with stop is cut too", CALL[:52], content="", problems=("cut",)),
    Case("1.7 cut in a string that holds a closing tag", '<tool_call>\n{"name": "echo", "arguments": {"text": "a </tool_call> b',
         content="", problems=("cut",), finish="length"),
    Case("1.7 half an opening tag is text", "Hello <tool_ca", content="Hello <tool_ca", finish="length"),
    # 1.8 text around calls
    Case("1.8 before", "Let me see.\n" + CALL, (PARIS,), content="Let me see."),
    Case("1.8 after", CALL + "\nDone.", (PARIS,), content="Done."),
    Case("1.8 around", "Before. " + CALL + " After.", (PARIS,), content="Before.  After."),
    Case("1.8 between", "A " + CALL + " B " + TIME_CALL + " C\n", (PARIS, NOW), content="A  B  C\n"),
    Case("1.8 only white space between", CALL + "\n \n" + TIME_CALL + "\n", (PARIS, NOW)),
    same("1.8 white space of plain text stays", "  two words \n\n"),
    same("1.8 nothing", ""),
    # 1.9 reasoning
    Case("1.9 then text", "<think>\nHm.\n</think>\n\nYes.", content="Yes.", reasoning="Hm."),
    Case("1.9 then a call", "<think>Hm.</think>" + CALL, (PARIS,), reasoning="Hm."),
    Case("1.9 empty", "<think>\n\n</think>\n\nYes.", content="Yes."),
    Case("1.9 nothing but its end", "</think>\n\nYes. </think>", content="Yes. </think>"),
    Case("1.9 nothing but its end, then a call", "</think>" + CALL, (PARIS,)),
    Case("1.9 a call rehearsed inside is not run", f"<think>\n{CALL}\n</think>\nNo.", content="No.", reasoning=CALL),
    Case("1.9 unterminated ends with its call", f"<think>\nHm. {CALL}", (PARIS,), reasoning="Hm.", problems=("call_in_thinking",)),
    Case("1.9 unterminated, a call and words", f"<think>Hm. {CALL} So.", (PARIS,), content="So.", reasoning="Hm.",
         problems=("call_in_thinking",)),
    Case("1.9 unterminated, two calls", f"<think>Hm. {CALL}\n{TIME_CALL}", (PARIS, NOW), reasoning="Hm.", problems=("call_in_thinking",)),
    Case("1.9 unterminated, an invalid call", '<think>Hm. <tool_call>{"name": "get_weather", "arguments": {}}</tool_call>',
         (("get_weather", "{}"),), reasoning="Hm.", problems=("call_in_thinking", "invalid_arguments")),
    Case("1.9 unterminated, a tool that was not offered", '<think>Hm. <tool_call>{"name": "nope"}</tool_call>',
         reasoning='Hm. <tool_call>{"name": "nope"}</tool_call>'),
    Case("1.9 unterminated, an unreadable block", "<think>Hm. " + f('{"a": NaN}'), reasoning="Hm. " + f('{"a": NaN}')),
    Case("1.9 unterminated and cut", f"<think>\nHm. {CALL}", reasoning=f"Hm. {CALL}", finish="length"),
    Case("1.9 unterminated, unless the option says no", f"<think>\nHm. {CALL}", reasoning=f"Hm. {CALL}",
         options={"calls_in_thinking": False}),
    Case("1.9 unterminated, half a call", f"<think>Hm. {CALL[:30]}", reasoning=f"Hm. {CALL[:30]}"),
    Case("1.9 unterminated, a mention and a call", f"<think>A <tool_call> is a tag. {CALL}", (PARIS,), reasoning="A <tool_call> is a tag.",
         problems=("call_in_thinking",)),
    Case("1.9 unterminated, nothing but a marker", "<think>Hm. <tool_call>", reasoning="Hm. <tool_call>"),
    Case("1.9 rehearsed, closed, and made", f"<think>{TIME_CALL}</think>{CALL}", (PARIS,), reasoning=TIME_CALL),
    Case("1.9 rehearsed twice", f"<think>{TIME_CALL} or {CALL}?</think>No.", content="No.", reasoning=f"{TIME_CALL} or {CALL}?"),
    Case("1.9 prefilled, unterminated", f"Hm. {CALL}", (PARIS,), reasoning="Hm.", options={"thinking_prefilled": True},
         problems=("call_in_thinking",)),
    Case("1.9 unterminated, unless an option says so", f"<think>\nHm. {CALL}", (PARIS,), reasoning="Hm.",
         options={"calls_in_thinking": True}),
    Case("1.9 prefilled", "Hm.\n</think>\n\n" + CALL, (PARIS,), reasoning="Hm.", options={"thinking_prefilled": True}),
    Case("1.9 prefilled and written again", "<think>\nHm.\n</think>Yes.", content="Yes.", reasoning="Hm.",
         options={"thinking_prefilled": True}),
    Case("1.9 prefilled and cut", "Hm. Then", reasoning="Hm. Then", finish="length", options={"thinking_prefilled": True}),
    same("1.9 never guessed", "Hm.\n</think>\nYes."),
    same("1.9 not at the start", "Yes. <think>Hm.</think> No."),
    Case("1.9 closing tag in an argument is data", f('{"a": "</think>"}'), (("f", '{"a": "</think>"}'),)),
    Case("1.9 white space before", "\n <think>Hm.</think>Yes.", content="\n Yes.", reasoning="Hm."),
    # 1.10 calls without tags
    Case("1.10 bare JSON", '{"name": "get_weather", "arguments": {"city": "Paris"}}', (PARIS,), problems=("recovered",)),
    Case("1.10 fenced JSON", '```json\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n```', (PARIS,), problems=("recovered",)),
    Case("1.10 bare JSON after reasoning", '<think>x</think>\n{"name": "get_time", "arguments": {}}', (NOW,), reasoning="x", problems=("recovered",)),
    Case("1.10 a bare list", '[{"name": "get_time"}, {"name": "get_weather", "arguments": {"city": "Paris"}}]', (NOW, PARIS), problems=("recovered",)),
    Case("1.10 a token after it", '{"name": "get_time"}<|im_end|>', (NOW,), problems=("recovered",)),
    Case("1.10 only the closing tag", '{"name": "get_time"}\n</tool_call>', (NOW,), problems=("recovered",)),
    Case("1.10 Python's list", "[get_weather(city='Paris')]", (PARIS,), problems=("recovered",)),
    Case("1.10 other tags", f"<tools>\n{NAMED}\n</tools>", (PARIS,), problems=("recovered",)),
    Case("1.10 other tags, not closed", f"<function>{NAMED}", (PARIS,), problems=("recovered",)),
    Case("1.10 the name in a tag", '<function=get_weather>{"city": "Paris"}</function>', (PARIS,), problems=("recovered",)),
    Case(
        "1.10 JSON that breaks off before a block",
        '{"name": "get_time", "arguments": {"a": 1}\n</tool_call><tool_call>\n{"name": "get_time", "arguments": {}}}',
        (NOW,),
        '{"name": "get_time", "arguments": {"a": 1}\n</tool_call>',
        problems=("markup", "repaired", "near_call"),
    ),
    Case("1.10 a name twice", '{"name": "x", "name": "get_weather", "arguments": {"city": "Paris"}}', (PARIS,), problems=("recovered", "repaired")),
    same("1.10 other tags of no tool", '<tools>{"name": "Bob", "arguments": {}}</tools>'),
    same("1.10 other tags and words", f"<tools>{NAMED}</tools> is how.", problems=("near_call",)),
    same("1.10 other tags, invalid", '<tools>{"name": "get_weather", "arguments": {}}</tools>', problems=("near_call",)),
    same("1.10 a link in brackets", "[get_weather](https://x.y) is a tool"),
    same("1.10 a list of no tool", "[note (see above)] and more"),
    same("1.10 a brace too many", NAMED + "}", problems=("near_call",)),
    same("1.10 recover off", '{"name": "get_time"}', options={"recover": False}, problems=("near_call",)),
    same("1.10 a tool that was not offered", '{"name": "nope", "arguments": {}}', problems=("near_call",)),
    same("1.10 invalid arguments", '{"name": "get_weather", "arguments": {"town": "Paris"}}', problems=("near_call",)),
    same("1.10 text before", 'Sure: {"name": "get_time", "arguments": {}}', problems=("near_call",)),
    same("1.10 text after", '{"name": "get_time", "arguments": {}} is the call.', problems=("near_call",)),
    same("1.10 other JSON", '{"answer": 42}'),
    same("1.10 a code block", "```python\nprint({'name': 1})\n```\nThat prints."),
    same("1.10 not JSON", "{'name': 'get_time'}"),
    same("1.10 cut", '{"name": "get_ti', finish="length"),
    Case("1.10 a fence around real tags", f"```xml\n{CALL}\n```", (PARIS,)),
    Case("1.10 a fence around two calls, then text", f"```\n{CALL}\n{TIME_CALL}\n```\nDone.", (PARIS, NOW), content="Done."),
    Case("1.10 a fence around a call, then text like a tag and a fence", f"```\n{CALL}\n< b\n```", (PARIS,), content="< b\n```"),
    Case("1.10 a fence after a call that holds none", CALL + "\n```json\n{}\n```", (PARIS,), content="```json\n{}\n```"),
    Case("1.10 a fence after a fence", f"```json\n```json\n{CALL}\n```", (PARIS,), content="```json"),
    Case("1.10 a fence that closes before a call", f"See:\n```json\n{{}}\n```\n{CALL}", (PARIS,), content="See:\n```json\n{}\n```"),
    Case("1.10 a fence that closes, opened in a line", f"See ```json\n{{}}\n```\n{CALL}", (PARIS,), content="See ```json\n{}\n```"),
    Case("1.10 two fences that close before a call", f"```\na\n```\n```\nb\n```\n{CALL}", (PARIS,), content="```\na\n```\n```\nb\n```"),
    Case("1.10 a fence around a call, behind a fence of words", f"```\na\n```\n```json\n{CALL}\n```", (PARIS,), content="```\na\n```"),
    Case("1.10 a fence of four, closed before a call", f"````md\n```\na\n```\n````\n{CALL}", (PARIS,), content="````md\n```\na\n```\n````"),
    # 1.11 left-over tokens
    Case("1.11 at the end of text", "Yes.<|im_end|>", content="Yes."),
    Case("1.11 several at the end", "Yes.<|im_end|>\n<|endoftext|></s>", content="Yes.\n"),
    Case("1.11 after a block", CALL + "<|im_end|>", (PARIS,)),
    Case("1.11 a turn header that is cut at the end", "Yes.<|im_end|>\n<|im_start|>", content="Yes.\n"),
    Case("1.11 a turn header that is cut after a block", f"{CALL}<|im_start|>", (PARIS,)),
    Case("1.11 a turn header at the end", "Yes.<|im_end|>\n<|im_start|>assistant\n", content="Yes.\n\n"),
    Case("1.11 beside a block", f"<|im_start|>assistant\n{CALL}<|eot_id|>\nDone.", (PARIS,), content="Done."),
    Case("1.11 in place of the closing tag", CALL.replace("</tool_call>", "<|im_end|>"), (PARIS,), problems=("markup",)),
    Case("1.11 doubled closing tag", CALL + "</tool_call>\nDone.", (PARIS,), content="Done."),
    Case("1.11 wrong closing tag", CALL.replace("</tool_call>", "</tools>"), (PARIS,), problems=("markup",)),
    Case("1.11 opening tag in place of the closing one", CALL.replace("</tool_call>", "<tool_call>"), (PARIS,), problems=("markup",)),
    Case("1.11 between white space beside a block, text before", f"A\n{CALL}\n<|im_end|>\nB", (PARIS,), content="A\n\n\nB"),
    same("1.11 inside text", "The token <|im_end|> ends a turn."),
    Case("1.11 inside a string", f('{"a": "<|im_end|>"}'), (("f", '{"a": "<|im_end|>"}'),)),
    Case("1.11 a result the model invents", CALL + "\n<tool_response>\n20C\n</tool_response>\nIt is 20C.", (PARIS,),
         content="It is 20C.", problems=("invented_result",)),
    Case("1.11 an invented result that never ends", CALL + "\n<tool_response>\n20C, and " + TIME_CALL, (PARIS,), problems=("invented_result",)),
    Case("1.11 an invented result in place of the closing tag", CALL.replace("</tool_call>", "<tool_response>20C</tool_response>"), (PARIS,),
         problems=("markup", "invented_result")),
    same("1.11 a result tag in text", "Use <tool_response>x</tool_response> for results."),
    Case("1.11 text after JSON without the tag", '<tool_call>\n{"name": "get_time"}\nAnd then I wait.', (NOW,), content="And then I wait.", problems=("markup",)),
)  # fmt: skip
