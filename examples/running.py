"""The function calling guide's getting-started script with `adapter.run_tools`, which makes the schema and the loop.

Set OPENAI_BASE_URL, OPENAI_API_KEY and MODEL to your server's.
"""

import os
import random

from openai import OpenAI

import adapter


def get_current_weather(location: str):
    """Useful when you want to check the weather for a specific city.

    Args:
        location: City or county, such as Singapore or New York.
    """
    return f"{location} is {random.choice(['sunny', 'cloudy', 'rainy'])} today."


client, model = adapter.wrap(OpenAI()), os.getenv("MODEL", "qwen2.5-7b-instruct")
run = adapter.run_tools(client, "What's the weather in Singapore?", [get_current_weather], model=model, max_tokens=512)
for call in run.calls:
    print(f"Called tool [{call.name}], parameters: {call.arguments}, returned: {call.reply}")
print(f"Final assistant reply: {run.answer}" if run.stopped == "answered" else f"No answer: {run.stopped}")
