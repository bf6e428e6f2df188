"""The function calling guide's Responses API script, on a model that only writes text.

It is the guide's three steps with one line changed: the client is wrapped. The limit of tokens and the exit without
a call are ours. Set OPENAI_BASE_URL, OPENAI_API_KEY and MODEL to your server's, which needs no Responses API: it is asked for
chat completions.
"""

import json
import os

from openai import OpenAI

import adapter

client = adapter.wrap(OpenAI())  # the one line: it was `client = OpenAI(…)`
MODEL = os.getenv("MODEL", "qwen2.5-7b-instruct")

# Step 1: send tools with the request; they are flat here
tools = [
    {
        "type": "function",
        "name": "get_current_weather",
        "description": "Useful when you want to check the weather for a specific city.",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {
                    "type": "string",
                    "description": "City or county, such as Singapore or New York.",
                }
            },
            "required": ["location"],
        },
    },
]
response = client.responses.create(
    model=MODEL,
    tools=tools,
    input="What's the weather in Singapore?",
    max_output_tokens=512,
)

# Step 2: the call is an item of the output
call = next((item for item in response.output if item.type == "function_call"), None)
if call is None:
    print(f"No call: the model answered in words. {response.output_text}")
    raise SystemExit
print(f"Calling tool [{call.name}], parameters: {call.arguments}")


def get_current_weather(arguments):
    return f"{arguments['location']} is sunny today."


# Step 3: return the tool result
tool_result = get_current_weather(json.loads(call.arguments))
response = client.responses.create(
    model=MODEL,
    tools=tools,
    input=[
        {"type": "message", "role": "user", "content": "What's the weather in Singapore?"},
        *response.output,  # the function_call item, and what came before it
        {
            "type": "function_call_output",
            "call_id": call.call_id,
            "output": tool_result,
        },
    ],
    max_output_tokens=512,
)
print(f"Final assistant reply: {response.output_text}")
