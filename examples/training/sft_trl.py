"""Supervised fine-tuning with TRL: the loss is of the model's calls and words, in the very text that is served.

Interfaces: SFTTrainer of TRL 1.9, which takes rows of `input_ids` and `labels` as they are; a fast tokenizer of transformers 5.

    pip install trl tool-call-adapter
    python sft_trl.py
"""

import os

from datasets import Dataset
from transformers import AutoTokenizer
from trl import SFTConfig, SFTTrainer

from adapter.training import token_spans, training_samples

MODEL = os.environ.get("MODEL", "Qwen/Qwen2.5-0.5B-Instruct")
DIALECT = "qwen2.5"

tools = [
    {
        "type": "function",
        "function": {
            "name": "get_current_weather",
            "description": "Return the weather of a city.",
            "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
        },
    }
]
call = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_current_weather", "arguments": '{"location": "Singapore"}'},
}
conversations = [
    [
        {"role": "user", "content": "What's the weather in Singapore?"},
        {"role": "assistant", "content": "I look it up.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Fine."},
        {"role": "assistant", "content": "It is fine in Singapore."},
    ]
]

tokenizer = AutoTokenizer.from_pretrained(MODEL)


def row(sample):
    prompt = tokenizer.apply_chat_template(sample.prompt, add_generation_prompt=True, return_dict=False)
    tokens = token_spans(sample.parsed, tokenizer)
    completion = [*tokens.tokens.ids, tokenizer.eos_token_id]
    labels = [*tokens.labels("calls", "content"), tokenizer.eos_token_id]
    return {"input_ids": prompt + completion, "labels": [-100] * len(prompt) + labels}


samples = [sample for messages in conversations for sample in training_samples(messages, tools, dialect=DIALECT)]
for sample in samples:  # a turn that the dialect cannot say as it is would teach what is never read back
    for problem in sample.problems:
        print(problem.message)
rows = [row(sample) for sample in samples if sample.exact]

trainer = SFTTrainer(
    MODEL, args=SFTConfig(output_dir="out", max_length=None), train_dataset=Dataset.from_list(rows), processing_class=tokenizer
)
trainer.train()
