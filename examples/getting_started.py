"""The function calling guide's getting-started script, on a model that only writes text.

It is the guide's script with one line changed: the client is wrapped. Two limits are ours: a small model may write on without
an end, or call for ever. Set OPENAI_BASE_URL, OPENAI_API_KEY and MODEL to your server's.
"""

import json
import os
import random

from openai import OpenAI

import adapter

client = adapter.wrap(OpenAI())  # the one line: it was `client = OpenAI(…)`
MAX_TOKENS, MAX_ROUNDS = 512, 5  # of an answer, and of answers
# Simulate user question
USER_QUESTION = "What's the weather in Singapore?"
# Define tool list
tools = [
    {
        "type": "function",
        "function": {
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
    },
]


# Simulate weather lookup tool
def get_current_weather(arguments):
    weather_conditions = ["sunny", "cloudy", "rainy"]
    random_weather = random.choice(weather_conditions)
    location = arguments["location"]
    return f"{location} is {random_weather} today."


# Wrap model response function
def get_response(messages):
    completion = client.chat.completions.create(
        model=os.getenv("MODEL", "qwen2.5-7b-instruct"),
        messages=messages,
        tools=tools,
        max_tokens=MAX_TOKENS,
    )
    return completion


messages = [{"role": "user", "content": USER_QUESTION}]
response = get_response(messages)
assistant_output = response.choices[0].message
if assistant_output.content is None:
    assistant_output.content = ""
messages.append(assistant_output)
# If no tool is needed, output content directly
if assistant_output.tool_calls is None:
    print(f"No weather tool call needed. Direct reply: {assistant_output.content}")
else:
    # Enter tool calling loop
    rounds = 1
    while assistant_output.tool_calls is not None and rounds < MAX_ROUNDS:
        rounds += 1
        tool_call = assistant_output.tool_calls[0]
        tool_call_id = tool_call.id
        func_name = tool_call.function.name
        arguments = json.loads(tool_call.function.arguments)
        print(f"Calling tool [{func_name}], parameters: {arguments}")
        # Execute tool
        tool_result = get_current_weather(arguments)
        # Build tool response message
        tool_message = {
            "role": "tool",
            "tool_call_id": tool_call_id,
            "content": tool_result,
        }
        print(f"Tool returned: {tool_message['content']}")
        messages.append(tool_message)
        # Call model again to get summarized natural-language reply
        response = get_response(messages)
        assistant_output = response.choices[0].message
        if assistant_output.content is None:
            assistant_output.content = ""
        messages.append(assistant_output)
    if assistant_output.tool_calls is not None:
        print(f"No answer: the model still calls after {MAX_ROUNDS} rounds.")
    else:
        print(f"Final assistant reply: {assistant_output.content}")
