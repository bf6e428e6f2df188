"""Completions of families that share a syntax with others: whole, a character at a time, cut in two, in both modes of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from adapter import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.completion.result import assemble
from adapter.options import make_options
from adapter.tools.definitions import read_tools
from tests.facts.test_streaming_parser import check_order
from tests.facts.tools import function
from tests.support.tiers import few_positions

if TYPE_CHECKING:
    from collections.abc import Sequence

TOOLS = read_tools(
    [
        function(
            "get_weather", {"city": {"type": "string"}, "days": {"type": "integer"}, "units": {"type": "array"}}, ["city"]
        ),
        function("get_time", {}),
        function("write", {"text": {"type": "string"}}),
    ]
)


@dataclass(frozen=True)
class Case:
    """A completion and its reading.

    Attributes:
        dialect: The dialect.
        id: The fact.
        text: The completion.
        calls: Names and arguments.
        content: The content.
        reasoning: The reasoning.
        problems: The kinds of problems, in order.
        finish: The reason why upstream stopped.
    """

    dialect: str
    id: str
    text: str
    calls: tuple[tuple[str, str], ...] = ()
    content: str | None = None
    reasoning: str | None = None
    problems: tuple[str, ...] = ()
    finish: str = "stop"


PARIS, NOW = ("get_weather", '{"city": "Paris"}'), ("get_time", "{}")

OURS, OVER, DONE = "<|message_model|>", "<|end_message|>", "<|content_model_end_sampling|>"
SAYS, THINKS, CALLS = "<|content_text|>", "<|content_thinking|>", "<|content_invoke_tool_json|>"
OF_PARIS, PARIS_TIGHT = '{"name":"get_weather","args":{"city":"Paris"}}', ("get_weather", '{"city":"Paris"}')

COMMAND = '{"tool_call_id": "0", "tool_name": "get_weather", "parameters": {"city": "Paris"}}'
CASES = [
    Case(
        "command-a", "a plan, and a call on lines of its own",
        f"<|START_THINKING|> I will ask.<|END_THINKING|><|START_ACTION|>\n[\n    {COMMAND}\n]\n<|END_ACTION|>",
        (PARIS,), reasoning="I will ask.",
    ),
    Case(
        "command-a", "two calls in a list",
        f'<|START_ACTION|>[\n    {COMMAND},\n    {{"tool_call_id": "1", "tool_name": "get_time", "parameters": {{}}}}\n]<|END_ACTION|>',
        (PARIS, NOW),
    ),
    Case(
        "command-a", "a plan and an answer between tokens",
        "<|START_THINKING|>Easy.<|END_THINKING|>\n<|START_RESPONSE|>It is <b>warm</b>.<|END_RESPONSE|>",
        content="It is <b>warm</b>.", reasoning="Easy.",
    ),
    Case(
        "command-a", "an answer between the later tokens, and the end of the turn",
        "<|START_TEXT|>Warm.<|END_TEXT|><|END_OF_TURN_TOKEN|>", content="Warm.",
    ),
    Case("command-a", "thinking alone", "<|START_THINKING|>Hm.<|END_THINKING|>", reasoning="Hm."),
    Case(
        "command-a", "tokens inside a string are data",
        '<|START_ACTION|>[{"tool_name": "write", "parameters": {"text": "<|END_ACTION|>"}}]<|END_ACTION|>',
        (("write", '{"text": "<|END_ACTION|>"}'),),
    ),
    Case(
        "command-a", "the tokens of an action were dropped by the server", f"[\n    {COMMAND}\n]", (PARIS,), problems=("recovered",)
    ),
    Case(
        "command-a", "cut off", '<|START_ACTION|>[{"tool_name": "write", "parameters": {"text": "a', content="",
        problems=("cut",), finish="length",
    ),
    # Hunyuan A13B and Jamba.
    Case(
        "hunyuan-a13b", "a list of one", '<tool_calls>[{"name": "get_weather", "arguments": {"city": "Paris"}}]</tool_calls>', (PARIS,)
    ),
    Case(
        "hunyuan-a13b", "thinking, an empty answer and two calls",
        '<think>\nI need both.\n</think>\n<answer>\n<tool_calls>[{"name": "get_time", "arguments": {}}, '
        '{"name": "get_weather", "arguments": {"city": "Paris"}}]</tool_calls>\n</answer>',
        (NOW, PARIS), reasoning="I need both.",
    ),
    Case("hunyuan-a13b", "an answer between tags", "<think>\n\n</think>\n<answer>\nTwelve.\n</answer>", content="Twelve.\n"),
    Case(
        "hunyuan-a13b", "calls on lines, as Jamba writes them, and text in front",
        'I will look.<tool_calls>[\n    {"name": "get_weather", "arguments": {"city": "Paris"}},\n    '
        '{"name": "get_time", "arguments": {}}\n]</tool_calls>',
        (PARIS, NOW), "I will look.",
    ),
    Case(
        "hunyuan-a13b", "cut off behind a finished call",
        '<tool_calls>[{"name": "get_time", "arguments": {}}, {"name": "write", "arguments": {"te', (NOW,),
        problems=("markup", "cut"), finish="length",
    ),
    # Apriel.
    Case(
        "apriel", "steps, and calls behind the final words",
        'Here are my reasoning steps:\nThe user wants weather.\n[BEGIN FINAL RESPONSE]\n'
        '<tool_calls>[{"name": "get_weather", "arguments": {"city": "Paris"}, "id": "a1"}]</tool_calls>\n[END FINAL RESPONSE]',
        (PARIS,), reasoning="The user wants weather.",
    ),
    Case(
        "apriel", "an answer",
        "Here are my reasoning steps:\nEasy.\n[BEGIN FINAL RESPONSE]\nWarm.\n[END FINAL RESPONSE]\n<|end|>",
        content="Warm.\n\n", reasoning="Easy.",
    ),
    Case(
        "apriel", "two calls without steps",
        '<tool_calls>[{"name": "get_weather", "arguments": {"city": "Paris"}}, {"name": "get_time", "arguments": {}}]</tool_calls>',
        (PARIS, NOW),
    ),
    # Nemotron Nano 2.
    Case(
        "nemotron-nano-v2", "thinking and a list",
        '<think>\nTwo.\n</think>\n\n<TOOLCALL>[{"name": "get_weather", "arguments": {"city": "Paris"}}, '
        '{"name": "get_time", "arguments": {}}]</TOOLCALL>',
        (PARIS, NOW), reasoning="Two.",
    ),
    Case(
        "nemotron-nano-v2", "text in front, the end of the turn behind",
        'Sure.\n\n<TOOLCALL>[{"name": "get_time", "arguments": {}}]</TOOLCALL>\n<SPECIAL_12>', (NOW,), "Sure.",
    ),
    Case(
        "nemotron-nano-v2", "the response is made up too",
        '<TOOLCALL>[{"name": "get_time", "arguments": {}}]</TOOLCALL>\n<TOOL_RESPONSE>["12:00"]</TOOL_RESPONSE>', (NOW,),
        problems=("invented_result",),
    ),
    Case("nemotron-nano-v2", "a mention", "Calls stand in <TOOLCALL> tags.", content="Calls stand in <TOOLCALL> tags."),
    # LongCat.
    Case(
        "longcat", "two calls without a separator",
        '<longcat_tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</longcat_tool_call>'
        '<longcat_tool_call>\n{"name": "get_time", "arguments": {}}\n</longcat_tool_call>',
        (PARIS, NOW),
    ),
    Case(
        "longcat", "thinking, words and a call",
        '<longcat_think>\nHm.\n</longcat_think>\nLet me see.\n<longcat_tool_call>\n{"name": "get_time", "arguments": {}}\n'
        "</longcat_tool_call></longcat_s>",
        (NOW,), "Let me see.", "Hm.",
    ),
    Case(
        "longcat", "without the closing tag",
        '<longcat_tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}', (PARIS,), problems=("markup",),
    ),
    # InternLM 2.
    Case(
        "internlm2", "a call behind words",
        'I will ask.<|action_start|><|plugin|>\n{"name": "get_weather", "parameters": {"city": "Paris"}}<|action_end|><|im_end|>',
        (PARIS,), "I will ask.",
    ),
    Case(
        "internlm2", "a call on one line",
        '<|action_start|><|plugin|>{"name": "get_time", "parameters": {}}<|action_end|>\n', (NOW,),
    ),
    Case("internlm2", "no JSON", "<|action_start|><|plugin|>no<|action_end|>", content="<|action_start|><|plugin|>no<|action_end|>"),
    # GigaChat.
    Case(
        "gigachat-3", "a call behind words",
        'I will look.<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "get_weather", "arguments": {"city": "Paris"}}</s>',
        (PARIS,), "I will look.",
    ),
    Case(
        "gigachat-3", "a call alone", '<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "get_time", "arguments": {}}', (NOW,)
    ),
    Case(
        "gigachat-3", "the token of 3.1", 'Now.<|function_call|>{"name": "get_time", "arguments": {}}</s>', (NOW,), "Now."
    ),
    Case("gigachat-3", "an answer", "A function call is due.<|message_sep|>\n\n", content="A function call is due.\n\n"),
    Case(
        "gigachat-3.1", "a call", '<|function_call|>{"name": "get_weather", "arguments": {"city": "Paris"}}', (PARIS,)
    ),
    Case(
        "gigachat-3.1", "words, a call and the end",
        'I will look.<|function_call|>{"name": "write", "arguments": {"text": "</s>"}}</s>', (("write", '{"text": "</s>"}'),),
        "I will look.",
    ),
    Case(
        "gigachat-3.1", "cut off", '<|function_call|>{"name": "write", "arguments": {"text": "a', content="", problems=("cut",),
        finish="length",
    ),
    # Functionary 3.1, and Llama's own functions.
    Case("functionary-v3.1", "a call", '<function=get_weather>{"city": "Paris"}</function><|eom_id|>', (PARIS,)),
    Case(
        "functionary-v3.1", "two calls behind words",
        'Both.\n<function=get_weather>{"city": "Paris"}</function>\n<function=get_time>{}</function>', (PARIS, NOW), "Both.",
    ),
    Case(
        "functionary-v3.1", "the closing tag inside a string is data",
        '<function=write>{"text": "</function>"}</function>', (("write", '{"text": "</function>"}'),),
    ),
    Case("functionary-v3.1", "a mention", "The tag <function=name> begins a call.", content="The tag <function=name> begins a call."),
    # Functionary 3.2.
    Case("functionary-v3.2", "content", "all\nIt is warm.<|eot_id|>", content="It is warm."),
    Case("functionary-v3.2", "a call, behind the mark that the prompt ends with", 'get_weather\n{"city": "Paris"}', (PARIS,)),
    Case(
        "functionary-v3.2", "words that end in a character of the mark", 'all\na>>>>>get_weather\n{"city": "Paris"}',
        (PARIS,), content="a>>",
    ),
    Case(
        "functionary-v3.2", "words and two calls", 'all\nBoth.>>>get_weather\n{"city": "Paris"}>>>get_time\n{}<|eot_id|>', (PARIS, NOW),
        "Both.",
    ),
    Case(
        "functionary-v3.2", "the mark inside a string is data", '>>>write\n{"text": "a>>>get_time\\n{}"}',
        (("write", '{"text": "a>>>get_time\\n{}"}'),),
    ),
    Case(
        "functionary-v3.2", "Python's prompt in an answer", "all\n>>> len([1])\n1\n>>>x\nNameError",
        content=">>> len([1])\n1\n>>>x\nNameError",
    ),
    Case("functionary-v3.2", "an answer without a recipient", "It is warm.", content="It is warm."),
    Case("functionary-v3.2", "a word, space, and JSON", 'Oslo \n\n {"a": 1} is one.', content='Oslo \n\n {"a": 1} is one.'),
    Case("functionary-v3.2", "a tool, space, and its arguments", 'get_weather \n{"city": "Paris"}', (PARIS,)),
    Case("functionary-v3.2", "a brace too many", '>>>get_weather\n{"city": "Paris"}}', (PARIS,), problems=("repaired",)),
    Case("functionary-v3.2", "single quotes", ">>>get_weather\n{'city': 'Paris'}", (PARIS,), problems=("repaired",)),
    Case("functionary-v3.2", "a call without arguments", ">>>get_time\n<|eot_id|>", (NOW,)),
    Case(
        "functionary-v3.2", "a tool that nobody offered", '>>>nope\n{"a": 1}', (("nope", '{"a": 1}'),), problems=("unknown_tool",),
    ),
    Case("functionary-v3.2", "text in the place of arguments", ">>>write\nprint(1)", content="", problems=("cut",)),
    Case(
        "functionary-v3.2", "cut off", '>>>write\n{"text": "a', content="", problems=("cut",), finish="length",
    ),
    # Olmo 3.
    Case(
        "olmo-3", "calls on lines",
        "<function_calls>get_weather(city='Paris', days=3)\nget_time()</function_calls>",
        (("get_weather", '{"city": "Paris", "days": 3}'), NOW),
    ),
    Case(
        "olmo-3", "thinking, and quotes inside a string",
        "<think>Hm.</think>\n<function_calls>write(text='it\\'s \"it\"')</function_calls>",
        (("write", '{"text": "it\'s \\"it\\""}'),), reasoning="Hm.",
    ),
    Case("olmo-3", "a list in brackets", '<function_calls>[get_weather(city="Paris"), get_time()]</function_calls>', (PARIS, NOW)),
    Case(
        "olmo-3", "cut off", "<function_calls>write(text='a", content="", problems=("cut",), finish="length"
    ),
    # Apertus.
    Case(
        "apertus", "two calls in a list behind words",
        'Let me check. <|tools_prefix|>[{"get_weather": {"city": "Paris"}}, {"get_time": {}}]<|tools_suffix|>', (PARIS, NOW),
        "Let me check.",
    ),
    Case(
        "apertus", "two calls in an object, and thinking",
        '<|inner_prefix|>Both.<|inner_suffix|><|tools_prefix|>[{"get_weather": {"city": "Paris"}, "get_time": null}]<|tools_suffix|>',
        (PARIS, NOW), reasoning="Both.",
    ),
    Case(
        "apertus", "a list cut off in its second call", '<|tools_prefix|>[{"get_weather": {"city": "Paris"}}, {"get_ti', (PARIS,),
        problems=("cut",), finish="length",
    ),
    Case(
        "apertus", "a list without its bracket", '<|tools_prefix|>[{"get_weather": {"city": "Paris"}}', (PARIS,), problems=("repaired",),
    ),
    Case(
        "apertus", "a bracket too many", '<|tools_prefix|>[{"get_weather": {"city": "Paris"}}]]<|tools_suffix|>', (PARIS,),
        problems=("repaired",),
    ),
    Case(
        "apertus", "the usual form", '<|tools_prefix|>[{"name": "get_weather", "arguments": {"city": "Paris"}}]<|tools_suffix|>',
        (PARIS,),
    ),
    Case(
        "apertus", "values inside values, and the closing token in a string",
        '<|tools_prefix|>[{"get_weather": {"city": "<|tools_suffix|>", "units": [{"a": "]"}]}}]<|tools_suffix|><|assistant_end|>',
        (("get_weather", '{"city": "<|tools_suffix|>", "units": [{"a": "]"}]}'),),
    ),
    Case(
        "apertus", "without the closing token", '<|tools_prefix|>[{"get_weather": {"city": "Paris"}}]', (PARIS,),
    ),
    Case(
        "apertus", "a comma too many", '<|tools_prefix|>[{"get_weather": {"city": "Paris",}}]<|tools_suffix|>', (PARIS,),
        problems=("repaired",),
    ),
    Case(
        "apertus", "cut off", '<|tools_prefix|>[{"write": {"text": "a', content="", problems=("cut",), finish="length",
    ),
    Case("apertus", "no call", "<|tools_prefix|>[1]<|tools_suffix|>", content="<|tools_prefix|>[1]<|tools_suffix|>"),
    # Muse.
    Case(
        "muse", "thoughts, a call and the end of its message",
        " to=self<|message|>I need the weather.<|eom|><|start|>assistant to=get_weather.*<|message|>\n<atem:function_calls>\n"
        '<atem:invoke name="get_weather">\n<atem:parameter name="city">Paris</atem:parameter>\n</atem:invoke>\n'
        "</atem:function_calls><|eom|>",
        (PARIS,), reasoning="I need the weather.",
    ),
    Case(
        "muse", "thoughts and an answer",
        " to=self<|message|>Easy.<|eom|><|start|>assistant to=user<|message|>It is <b>warm</b>, to=you.<|eot|>",
        content="It is <b>warm</b>, to=you.", reasoning="Easy.",
    ),
    Case(
        "muse", "a call shown in an answer is no call",
        ' to=user<|message|>Write <atem:function_calls>\n<atem:invoke name="get_time">\n</atem:invoke>\n</atem:function_calls>.<|eot|>',
        content='Write <atem:function_calls>\n<atem:invoke name="get_time">\n</atem:invoke>\n</atem:function_calls>.',
    ),
    Case(
        "muse", "two calls in a block, values of several types",
        ' to=t<|message|><atem:function_calls>\n<atem:invoke name="get_weather">\n<atem:parameter name="city">a &lt; <b>\n</atem:parameter>\n'
        '<atem:parameter name="days">3</atem:parameter>\n<atem:parameter name="units">["C"]</atem:parameter>\n</atem:invoke>\n'
        '<atem:invoke name="get_time">\n</atem:invoke>\n</atem:function_calls><|eom|>',
        (("get_weather", '{"city": "a &lt; <b>\\n", "days": 3, "units": ["C"]}'), NOW),
    ),
    Case(
        "muse", "the server dropped the headers",
        '<atem:function_calls>\n<atem:invoke name="get_time">\n</atem:invoke>\n</atem:function_calls>', (NOW,),
    ),
    Case("muse", "a header without an address", "<|message|>Warm.<|eot|>", content="Warm."),
    Case("muse", "words without a header", "I set the field to=self today.", content="I set the field to=self today."),
    Case(
        "muse", "the end of the thoughts is missing",
        " to=self<|message|>Hm.<|start|>assistant to=get_time<|message|><atem:function_calls>\n"
        '<atem:invoke name="get_time">\n</atem:invoke>\n</atem:function_calls>',
        (NOW,), reasoning="Hm.",
    ),
    Case(
        "muse", "a message of somebody else",
        ' to=t<|message|><atem:function_calls>\n<atem:invoke name="get_time">\n</atem:invoke>\n</atem:function_calls><|eom|>'
        "<|start|>tool<|message|>12:00<|eom|>",
        (NOW,), problems=("invented_result",),
    ),
    # Inkling.
    Case(
        "inkling", "thoughts, an answer and calls in any order",
        f"{THINKS}I look.{OVER}{OURS}{SAYS}Let me see.{OVER}{OURS}get_weather{CALLS}{OF_PARIS}{OVER}{OURS}get_time{CALLS}"
        f'{{"name":"get_time","args":{{}}}}{OVER}{OURS}{THINKS}Hm.{OVER}{OURS}{SAYS}Warm.{OVER}{DONE}',
        (PARIS_TIGHT, NOW), content="Let me see.Warm.", reasoning="I look.Hm.",
    ),
    Case("inkling", "the prompt has begun the message of a call", f"get_weather{CALLS}{OF_PARIS}{OVER}{DONE}", (PARIS_TIGHT,)),
    Case("inkling", "the prompt has begun a message without a name", f"{CALLS}{OF_PARIS}{OVER}", (PARIS_TIGHT,)),
    Case("inkling", "the prompt has begun the text", f"It is warm.{OVER}{DONE}", content="It is warm."),
    Case("inkling", "the marks of a call of the user's, and the end", f"<|content_text|>x<|message_user|>{CALLS}", content=f"x<|message_user|>{CALLS}"),
    Case("inkling", "the marks of a call of a tool's, and the end", f"<|content_text|>x<|message_tool|>f{CALLS}", content=f"x<|message_tool|>f{CALLS}"),
    Case("inkling", "one word behind the beginning of the prompt", "get_weather", content="get_weather"),
    Case("inkling", "a server kept back the end", f"{OURS}get_weather{CALLS}{OF_PARIS}", (PARIS_TIGHT,)),
    Case(
        "inkling", "the arguments stand before the name",
        f'{OURS}{CALLS}{{"args": {{"city": "Paris"}}, "name": "get_weather"}}{OVER}', (PARIS,),
    ),
    Case(
        "inkling", "the usual key in place of its own",
        f'{OURS}{CALLS}{{"name": "get_weather", "arguments": {{"city": "Paris"}}}}{OVER}', (PARIS,),
    ),
    Case("inkling", "no arguments", f'{OURS}get_time{CALLS}{{"name":"get_time"}}{OVER}', (NOW,)),
    Case("inkling", "a text before a call that nothing ends", f"I look.{OURS}get_weather{CALLS}{OF_PARIS}{OVER}", (PARIS_TIGHT,), content="I look."),
    Case(
        "inkling", "the writer is left out before a second call", f"{OURS}get_weather{CALLS}{OF_PARIS}{OVER}get_weather{CALLS}{OF_PARIS}{OVER}",
        (PARIS_TIGHT, PARIS_TIGHT), problems=("repaired",),
    ),
    Case("inkling", "the writer is left out behind thoughts", f"{THINKS}Hm.get_weather{CALLS}{OF_PARIS}{OVER}", (PARIS_TIGHT,), reasoning="Hm.", problems=("repaired",)),
    Case("inkling", "thoughts that a call ends", f"{THINKS}Hm.{CALLS}{OF_PARIS}{OVER}", (PARIS_TIGHT,), reasoning="Hm."),
    Case("inkling", "thoughts that a header ends", f"{THINKS}Hm.{OURS}{SAYS}Warm.", content="Warm.", reasoning="Hm."),
    Case("inkling", "the end of sampling ends thoughts", f"{THINKS}Hm.{DONE}", reasoning="Hm."),
    Case("inkling", "white space between messages", f"{THINKS}Hm.{OVER}\n{OURS} {SAYS}Warm.{OVER}", content="Warm.", reasoning="Hm."),
    Case("inkling", "an answer without its type behind thoughts", f"{THINKS}Hm.{OVER}{OURS}Warm.{OVER}", content="Warm.", reasoning="Hm."),
    Case("inkling", "an answer without its type", f"{OURS}Warm.{OVER}", content="Warm.", problems=("markup",)),
    Case("inkling", "a message of another type", f"{OURS}sh<|content_invoke_tool_text|>ls{OVER}", content="ls", problems=("markup",)),
    Case(
        "inkling", "marks in an answer are words", f"{SAYS}Write {OVER} behind {OURS} and {CALLS}, or {OURS}f{CALLS}.{OVER}{DONE}",
        content=f"Write {OVER} behind {OURS} and {CALLS}, or {OURS}f{CALLS}.",
    ),
    Case(
        "inkling", "marks in a string are data",
        f'{OURS}write{CALLS}{{"name":"write","args":{{"text":"{OVER}{OURS}f{CALLS}{{"}}}}{OVER}{DONE}',
        (("write", f'{{"text":"{OVER}{OURS}f{CALLS}{{"}}'),),
    ),
    Case(
        "inkling", "a result that the model made up", f"{OURS}get_time{CALLS}{{\"name\":\"get_time\"}}{OVER}<|message_tool|>get_time{SAYS}12:00{OVER}{OURS}{SAYS}Noon.{OVER}",
        (NOW,), content="Noon.", problems=("invented_result",),
    ),
    Case(
        "inkling", "an entity for a quote",
        f'{OURS}write{CALLS}{{"name":"write","args":{{"text":"http://a.b/?c=1&amp;d&quot;}}}}{OVER}{DONE}',
        (("write", '{"text":"http://a.b/?c=1&amp;d"}'),), problems=("repaired",),
    ),
    Case(
        "inkling", "an entity for a quote, and a call behind",
        f'{OURS}get_weather{CALLS}{{"name":"get_weather","args":{{"city":"Paris&quot;}}}}{OVER}{OURS}get_time{CALLS}{{"name":"get_time"}}{OVER}',
        (PARIS_TIGHT, NOW), problems=("repaired",),
    ),
    Case(
        "inkling", "an entity for a quote before another member",
        f'{OURS}get_weather{CALLS}{{"name":"get_weather","args":{{"city":"Paris&quot;,"days":3}}}}{OVER}',
        (("get_weather", '{"city":"Paris","days":3}'),), problems=("repaired",),
    ),
    Case(
        "inkling", "entities for all quotes",
        f"{OURS}get_weather{CALLS}{OF_PARIS}{OVER}".replace('"', "&quot;"), (PARIS_TIGHT,), problems=("repaired",),
    ),
    Case(
        "inkling", "entities in JSON that is whole are data",
        f'{OURS}write{CALLS}{{"name":"write","args":{{"text":"a=&quot;b&quot;, c &quot"}}}}{OVER}',
        (("write", '{"text":"a=&quot;b&quot;, c &quot"}'),),
    ),
    Case("inkling", "a brace too many", f"{OURS}get_weather{CALLS}{OF_PARIS}}}{OVER}", (PARIS_TIGHT,), problems=("repaired",)),
    Case("inkling", "a brace missing", f"{OURS}get_weather{CALLS}{OF_PARIS[:-1]}{OVER}", (PARIS_TIGHT,), problems=("repaired",)),
    Case("inkling", "a fence around the call", f"{OURS}get_weather{CALLS}```json\n{OF_PARIS}\n```{OVER}", (PARIS_TIGHT,)),
    Case("inkling", "another name in the header", f"{OURS}get_time{CALLS}{OF_PARIS}{OVER}", (PARIS_TIGHT,), problems=("repaired",)),
    Case(
        "inkling", "the name in the header only", f'{OURS}get_weather{CALLS}{{"args":{{"city":"Paris"}}}}{OVER}', (PARIS_TIGHT,),
        problems=("repaired",),
    ),
    Case(
        "inkling", "the arguments alone", f'{OURS}get_weather{CALLS}{{"city":"Paris"}}{OVER}', (PARIS_TIGHT,), problems=("repaired",),
    ),
    Case("inkling", "cut off in a string", f'{OURS}write{CALLS}{{"name":"write","args":{{"text":"a', content="", problems=("cut",), finish="length"),
    Case("inkling", "cut off behind an entity", f'{OURS}write{CALLS}{{"name":"write","args":{{"text":"a&quot;', content="", problems=("cut",), finish="length"),
    Case("inkling", "cut off in a header", f"{SAYS}Hi.{OVER}{OURS}get_we", content="Hi.", problems=("cut",), finish="length"),
    Case("inkling", "cut off behind the first header", f"get_weather{CALLS}", content="", problems=("cut",), finish="length"),
    Case(
        "inkling", "a call that is no JSON", f"{OURS}write{CALLS}print(1){OVER}", content=f"{OURS}write{CALLS}print(1){OVER}",
        problems=("unreadable",),
    ),
    # Hunyuan 3.
    Case(
        "hunyuan-3", "a call without arguments, on lines",
        "<tool_calls>\n<tool_call>get_time<tool_sep>\n</tool_call>\n</tool_calls>", (NOW,),
    ),
    Case(
        "hunyuan-3", "two calls on one line behind words, and thinking",
        "<think>Both.</think>Checking.<tool_calls><tool_call>get_weather<tool_sep><arg_key>city</arg_key><arg_value>Paris</arg_value>"
        "<arg_key>days</arg_key><arg_value>3</arg_value></tool_call><tool_call>get_time<tool_sep></tool_call></tool_calls>",
        (("get_weather", '{"city": "Paris", "days": 3}'), NOW), "Checking.", "Both.",
    ),
    Case(
        "hunyuan-3", "the tag behind the name is missing",
        "<tool_calls>\n<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n</tool_call>\n</tool_calls>",
        (PARIS,),
    ),
    Case(
        "hunyuan-3", "tags of the section in a value",
        "<tool_calls>\n<tool_call>write<tool_sep>\n<arg_key>text</arg_key>\n<arg_value>a</tool_calls>\nb</arg_value>\n</tool_call>\n"
        "</tool_calls>",
        (("write", '{"text": "a</tool_calls>\\nb"}'),),
    ),
    Case("hunyuan-3", "a mention", "Put <tool_call> in <tool_calls> tags.", content="Put <tool_call> in <tool_calls> tags.", problems=("other_dialect",)),
    Case(
        "hunyuan-3", "cut off", "<tool_calls>\n<tool_call>write<tool_sep>\n<arg_key>text</arg_key>\n<arg_value>a", content="",
        problems=("cut",), finish="length",
    ),
    # MiniCPM 5.
    Case(
        "minicpm5", "a call between words",
        'Intro.\n<function name="get_weather"><param name="city">Paris</param></function>\nOutro.', (PARIS,), "Intro.\n\nOutro.",
    ),
    Case(
        "minicpm5", "two calls, types by the schema, white space is data",
        '<function name="get_weather"><param name="city"> Paris</param><param name="days">3</param>'
        '<param name="units">[1, "C"]</param></function>\n<function name="get_time"></function>',
        (("get_weather", '{"city": " Paris", "days": 3, "units": [1, "C"]}'), NOW),
    ),
    Case(
        "minicpm5", "a section", '<function name="write"><param name="text"><![CDATA[a\n<b> ]] c]]></param></function>',
        (("write", '{"text": "a\\n<b> ]] c"}'),),
    ),
    Case(
        "minicpm5", "tags of the format in a section, and white space around the section",
        '<function name="write"><param name="text">\n<![CDATA[</param></function>]]]>\n</param></function>',
        (("write", '{"text": "</param></function>]"}'),),
    ),
    Case(
        "minicpm5", "JSON between the tags", '<function name="get_weather">{"city": "Paris"}</function>', (PARIS,),
        problems=("repaired",),
    ),
    Case("minicpm5", "one tag for the whole call", '<function name="get_time"/>', (NOW,)),
    Case(
        "minicpm5", "the tag of another family", '<function name="get_weather"><parameter name="city">Paris</parameter></function>',
        (PARIS,), problems=("repaired", "repaired"),
    ),
    Case(
        "minicpm5", "a section that is not closed", '<function name="write"><param name="text"><![CDATA[a</param></function>',
        content="", problems=("cut",),
    ),
    Case(
        "minicpm5", "half of a section's markers is text", '<function name="write"><param name="text"><![CDA]]></param></function>',
        (("write", '{"text": "<![CDA]]>"}'),),
    ),
    Case("minicpm5", "a mention", 'The tag <function name="x"> begins one.', content='The tag <function name="x"> begins one.'),
    Case(
        "minicpm5", "cut off", '<function name="write"><param name="text"><![CDATA[a]', content="", problems=("cut",), finish="length",
    ),
    # Step 3.
    Case(
        "step-3", "a call behind words", "Let me check.\n\n<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜>get_weather\n"
        '<steptml:invoke name="get_weather"><steptml:parameter name="city">Paris</steptml:parameter></steptml:invoke>'
        "<｜tool_call_end｜><｜tool_calls_end｜>\n\nOne moment.",
        (PARIS,), "Let me check.\n\n\n\nOne moment.",
    ),
    Case(
        "step-3", "two calls without names in front, white space is data",
        '<｜tool_calls_begin｜><｜tool_call_begin｜><steptml:invoke name="write"><steptml:parameter name="text">  a\n</steptml:parameter>'
        '</steptml:invoke><｜tool_call_end｜><｜tool_sep｜><｜tool_call_begin｜><steptml:invoke name="get_time"></steptml:invoke>'
        "<｜tool_call_end｜><｜tool_calls_end｜>",
        (("write", '{"text": "  a\\n"}'), NOW),
    ),
    Case(
        "step-3", "markers that a server dropped",
        'Checking.\n<steptml:invoke name="get_weather"><steptml:parameter name="city">Paris</steptml:parameter></steptml:invoke>',
        (PARIS,), "Checking.",
    ),
    Case(
        "step-3", "two calls between the markers of one, the last marker missing",
        '<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="get_time"></steptml:invoke>'
        '<steptml:invoke name="write"><steptml:parameter name="text">a</steptml:parameter></steptml:invoke><｜tool_calls_end｜>',
        (NOW, ("write", '{"text": "a"}')),
    ),
    Case(
        "step-3", "a parameter without the prefix",
        '<｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="get_weather"><parameter name="city">Paris</parameter>'
        "</steptml:invoke><｜tool_call_end｜>",
        (PARIS,), problems=("repaired", "repaired"),
    ),
    Case(
        "step-3", "the closing tag of the call without the prefix",
        '<｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="write"><steptml:parameter name="text">a</steptml:parameter>'
        "</invoke><｜tool_call_end｜>",
        (("write", '{"text": "a</steptml:parameter></invoke>"}'),), problems=("markup", "malformed"),
    ),
    Case(
        "step-3", "cut off in the name", "<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜>get_we", content="",
        problems=("cut",), finish="length",
    ),
    # Families that write the calls of another one.
    Case(
        "qwen3.5", "Step 3.5: thinking, and two calls",
        "<think>\nBoth.\n</think>\n<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>\n"
        "<tool_call>\n<function=get_time>\n</function>\n</tool_call>",
        (PARIS, NOW), reasoning="Both.",
    ),
    Case(
        "qwen3.5", "MiMo: an empty block of thinking, and a call with its values on one line",
        "<think></think><tool_call>\n<function=get_weather>\n<parameter=city>Paris</parameter>\n</function>\n</tool_call>", (PARIS,),
    ),
    Case("qwen3.5", "MiMo: the tag of the block is missing", "<function=get_time>\n</function>", (NOW,)),
    Case(
        "glm-4.5", "Ling 3: a call on lines",
        "\n<think></think>\n<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n</tool_call>", (PARIS,),
    ),
    Case(
        "glm-4.7", "Laguna: thinking, and two calls",
        "<think>Hm.</think><tool_call>get_weather<arg_key>city</arg_key><arg_value>Paris</arg_value></tool_call>"
        "<tool_call>get_time</tool_call>",
        (PARIS, NOW), reasoning="Hm.",
    ),
    Case(
        "glm-4.7", "Spark 2.5: text beside a call",
        "Yes.<tool_call>write<arg_key>text</arg_key><arg_value>a <b> c</arg_value></tool_call>", (("write", '{"text": "a <b> c"}'),),
        "Yes.",
    ),
    Case(
        "hermes", "Ernie 4.5: thinking, a response between tags, and a call",
        '<think>\nHm.\n</think>\n\n\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>\n',
        (PARIS,), reasoning="Hm.",
    ),
    Case(
        "hermes", "Reka Edge: a call on one line", '<tool_call>{"name": "get_time", "arguments": {}}</tool_call>', (NOW,)
    ),
    Case(
        "phi-4-mini", "Firefunction: the word in front of a list",
        'functools[{"name": "get_weather", "arguments": {"city": "Paris"}}, {"name": "get_time", "arguments": {}}]', (PARIS, NOW),
    ),
    Case(
        "deepseek-v3", "Cogito: a call in a fence",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{\"city\": \"Paris\"}\n```"
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        (PARIS,),
    ),
]  # fmt: skip


def read(case: Case, pieces: Sequence[str], *, incremental: bool) -> tuple[object, ...]:
    """Calls, content, reasoning and problems of a completion in pieces."""
    rules = Rules(TOOLS, incremental=incremental)
    parser = CompletionParser.for_rules(rules, make_options({"dialect": case.dialect}))
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close(case.finish)
    check_order(events)
    parsed = assemble(events, case.finish)
    calls = tuple((call.name, call.arguments) for call in parsed.tool_calls)
    return calls, parsed.content, parsed.reasoning, tuple(problem.kind for problem in parsed.problems)


@pytest.mark.both_tiers
@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.dialect}: {case.id}") for case in CASES])
def test_what_a_family_writes(case: Case) -> None:
    places = few_positions(case.text, 16)
    expected = (case.calls, case.content, case.reasoning, case.problems)
    for pieces in ([case.text], list(case.text), *([case.text[:at], case.text[at:]] for at in places)):
        for incremental in (False, True):
            assert read(case, pieces, incremental=incremental) == expected, (incremental, pieces)
