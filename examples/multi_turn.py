"""A conversation of several rounds: the second question is understood because the first round stays in the messages.

Tokens and rounds are limited, for models that know no end. Set OPENAI_BASE_URL, OPENAI_API_KEY and MODEL to your server's.
"""

import json
import os

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


messages = [{"role": "system", "content": "You are a weather assistant. Call a function for every question about weather."}]
for question in ("What's the weather in Beijing?", "What about Shanghai?"):
    print(f"User: {question}")
    messages.append({"role": "user", "content": question})
    for _ in range(5):
        answer = client.chat.completions.create(model=model, messages=messages, tools=tools, max_tokens=512)
        message = answer.choices[0].message
        messages.append(message)
        if not message.tool_calls:
            break
        for call in message.tool_calls:
            result = get_current_weather(**json.loads(call.function.arguments))
            print(f"Tool [{call.function.name}]: {result}")
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    print(f"Assistant: {message.content or 'No answer: the model still calls after 5 rounds.'}")
