"""A fast tokenizer with ChatML, trained in a moment."""

from __future__ import annotations

from typing import Any

import tokenizers

_SPECIAL = ("<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>", "<think>", "</think>")


class AutoTokenizer:
    """Makes tokenizers by the name of a model."""

    @classmethod
    def from_pretrained(cls, name: str) -> Fast:
        """Return the tokenizer, which is the same for all names."""
        del name
        made = tokenizers.Tokenizer(tokenizers.models.BPE())
        made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = tokenizers.decoders.ByteLevel()
        alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
        trainer = tokenizers.trainers.BpeTrainer(
            vocab_size=350, initial_alphabet=alphabet, special_tokens=list(_SPECIAL), show_progress=False
        )
        made.train_from_iterator(["the weather in Singapore is fine today"] * 4, trainer)
        return Fast(made)


class Fast:
    """The interface of a fast tokenizer."""

    is_fast = True
    clean_up_tokenization_spaces = False
    pad_token_id = None

    def __init__(self, inner: tokenizers.Tokenizer) -> None:
        self._inner = inner
        self.eos_token_id = inner.token_to_id("<|im_end|>")

    def __call__(self, text: str, *, add_special_tokens: bool = True, return_offsets_mapping: bool = False) -> dict[str, Any]:
        """Return the tokens of a text."""
        found = self._inner.encode(text, add_special_tokens=add_special_tokens)
        return {"input_ids": found.ids, **({"offset_mapping": found.offsets} if return_offsets_mapping else {})}

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text."""
        return list(self._inner.encode(text).ids)

    def decode(self, ids: list[int], *, skip_special_tokens: bool = False, clean_up_tokenization_spaces: bool = False) -> str:
        """Return the text of ids."""
        del clean_up_tokenization_spaces
        return str(self._inner.decode(ids, skip_special_tokens=skip_special_tokens))

    def apply_chat_template(
        self,
        messages: list[dict[str, Any]],
        *,
        add_generation_prompt: bool = False,
        tokenize: bool = True,
        return_dict: bool = True,
    ) -> Any:
        """Return the prompt of messages."""
        text = "".join(f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in messages)
        text += "<|im_start|>assistant\n" if add_generation_prompt else ""
        if not tokenize:
            return text
        return {"input_ids": self.encode(text)} if return_dict else self.encode(text)
