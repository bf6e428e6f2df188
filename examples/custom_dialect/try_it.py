"""A dialect of your own: checked, and used.

python examples/custom_dialect/try_it.py --base-url http://localhost:8000/v1 --model my-token-model
"""

import argparse
from pathlib import Path

from openai import OpenAI

import adapter
from adapter.testing import check_dialect

DIALECT = str(Path(__file__).with_name("token.jinja"))
TOOLS = [
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

parser = argparse.ArgumentParser()
parser.add_argument("--base-url", required=True)
parser.add_argument("--model", required=True)
args = parser.parse_args()

report = check_dialect(DIALECT)
print(report)
assert report.ok

client = adapter.wrap(OpenAI(base_url=args.base_url, api_key="none"), dialect=DIALECT)
answer = client.chat.completions.create(
    model=args.model, messages=[{"role": "user", "content": "What's the weather in Singapore?"}], tools=TOOLS
)
for call in answer.choices[0].message.tool_calls or []:
    print(call.function.name, call.function.arguments)
