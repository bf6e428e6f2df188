"""Several questions at once with AsyncOpenAI: each has its own conversation, all share one wrapped client.

Tokens and rounds are limited, for models that know no end. Set OPENAI_BASE_URL, OPENAI_API_KEY and MODEL to your server's.
"""

import asyncio
import json
import os

from openai import AsyncOpenAI

import adapter

client = adapter.wrap(AsyncOpenAI())
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


async def get_current_weather(location):
    await asyncio.sleep(0)  # a real tool would ask a service here
    return f"{location} is sunny today."


async def ask(question):
    messages = [{"role": "user", "content": question}]
    for _ in range(5):
        completion = await client.chat.completions.create(model=model, messages=messages, tools=tools, max_tokens=512)
        message = completion.choices[0].message
        messages.append(message)
        if not message.tool_calls:
            return message.content
        for call in message.tool_calls:
            result = await get_current_weather(**json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    return "No answer: the model still calls after 5 rounds."


async def main():
    questions = [f"What's the weather in {city}?" for city in ("Singapore", "Oslo", "Lima")]
    for question, answer in zip(questions, await asyncio.gather(*map(ask, questions)), strict=True):
        print(f"{question} {answer}")


asyncio.run(main())
