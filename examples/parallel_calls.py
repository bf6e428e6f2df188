"""One question, several independent tool calls: they are run side by side, and all results go back together.

Set OPENAI_BASE_URL, OPENAI_API_KEY and MODEL to your server's.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor

from openai import OpenAI

import adapter

client = adapter.wrap(OpenAI())
model = os.getenv("MODEL", "qwen2.5-7b-instruct")
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


def run(call):
    return {"role": "tool", "tool_call_id": call.id, "content": get_current_weather(**json.loads(call.function.arguments))}


messages = [{"role": "user", "content": "What's the weather in Beijing and Shanghai?"}]
completion = client.chat.completions.create(
    model=model, messages=messages, tools=tools, parallel_tool_calls=True, max_tokens=512
)
message = completion.choices[0].message
messages.append(message)
if message.tool_calls:
    for call in message.tool_calls:
        print(f"Calling tool [{call.function.name}], parameters: {json.loads(call.function.arguments)}")
    with ThreadPoolExecutor() as pool:
        messages += pool.map(run, message.tool_calls)
    completion = client.chat.completions.create(model=model, messages=messages, tools=tools, max_tokens=512)
    message = completion.choices[0].message
else:
    print("No call: the model answered in words.")
print(f"Final assistant reply: {message.content}")
