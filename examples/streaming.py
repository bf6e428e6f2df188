"""A streamed answer with progress: words as they come, a line when a tool call begins, its arguments as they are written.

Tokens and rounds are limited, for models that know no end. Set OPENAI_BASE_URL, OPENAI_API_KEY and MODEL to your server's.
"""

import json
import os

from openai import OpenAI

import adapter

client = adapter.wrap(OpenAI())
model = os.getenv("MODEL", "qwen2.5-7b-instruct")
progress = {"get_current_weather": "Looking up weather for you…"}
tools = [
    {
        "type": "function",
        "function": {
            "name": "get_current_weather",
            "description": "Useful when you want to check the weather for a specific city.",
            "parameters": {
                "type": "object",
                "properties": {"location": {"type": "string", "description": "City or county."}},
                "required": ["location"],
            },
        },
    }
]


def get_current_weather(location):
    return f"{location} is sunny today."


def stream_answer(messages):
    """Print the answer while it comes; return it as a message."""
    content, calls = "", {}
    for chunk in client.chat.completions.create(model=model, messages=messages, tools=tools, stream=True, max_tokens=512):
        if not chunk.choices:
            continue
        delta = chunk.choices[0].delta
        if delta.content:
            content += delta.content
            print(delta.content, end="", flush=True)
        for part in delta.tool_calls or []:
            if part.index not in calls:
                calls[part.index] = {"id": part.id, "name": part.function.name, "arguments": ""}
                print("\n" if content else "", progress.get(part.function.name, f"Calling {part.function.name}…"), sep="")
            calls[part.index]["arguments"] += part.function.arguments or ""
    print()
    message = {"role": "assistant", "content": content or None}
    if calls:
        message["tool_calls"] = [
            {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
            for _, call in sorted(calls.items())
        ]
    return message


messages = [{"role": "user", "content": "What's the weather in Singapore?"}]
answer = stream_answer(messages)
messages.append(answer)
for _ in range(4):
    if not answer.get("tool_calls"):
        break
    for call in answer["tool_calls"]:
        result = get_current_weather(**json.loads(call["function"]["arguments"]))
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
    answer = stream_answer(messages)
    messages.append(answer)
if answer.get("tool_calls"):
    print("No answer: the model still calls after 5 rounds.")
