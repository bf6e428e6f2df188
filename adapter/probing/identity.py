"""A server and its model, as far as the server's own routes tell them: tables of marks, and readers of routes.

Sources of the marks: the servers' own code and documents (llama.cpp `tools/server`, vLLM `entrypoints/openai`, SGLang
`srt/entrypoints`, Ollama `openai/openai.go`, LM Studio "REST API", TGI `router`, KoboldCpp `koboldcpp.py`, TabbyAPI
`endpoints/OAI`, mlx-lm `server.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from adapter.model_context import context_in_entry, context_in_props, first_count
from adapter.model_size import size_in_models, size_in_name, size_in_props
from adapter.probing.wire import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapter.model_size import ModelSize
    from adapter.probing.wire import Reply


@dataclass(frozen=True, slots=True)
class Identity:
    """A server and its model.

    Attributes:
        kind: The kind of the server, as in `adapter.servers`; empty if unknown.
        evidence: The mark that told the kind.
        version: The server's version.
        model: The name of the model asked about.
        models: The names of the models on offer.
        size: The model's size.
        context: Tokens of the context window.
        tokenizer: The name or path of the tokenizer.
        chat_template: The model's chat template.
        vision: True if the server says that images are read, False if not; None if untold.
    """

    kind: str = ""
    evidence: str = ""
    version: str = ""
    model: str = ""
    models: tuple[str, ...] = ()
    size: ModelSize | None = None
    context: int | None = None
    tokenizer: str = ""
    chat_template: str = ""
    vision: bool | None = None

    def named(self, kind: str, evidence: str) -> Identity:
        """The identity with a kind, unless a kind is known already."""
        return self if self.kind or not kind else replace(self, kind=kind, evidence=evidence)


# `owned_by` of the models.
_OWNERS = {
    "llamacpp": "llama.cpp",
    "vllm": "vllm",
    "sglang": "sglang",
    "library": "ollama",
    "organization_owner": "lmstudio",
    "koboldcpp": "koboldcpp",
    "tabbyapi": "tabbyapi",
    "deepseek": "deepseek",
    "mistralai": "mistral",
}
# Beginnings of the header `Server`.
_HEADERS = {"llama.cpp": "llama.cpp", "llamafiler": "llamafile", "kobold": "koboldcpp"}
# Ends of host names.
_HOSTS = {
    "api.openai.com": "openai",
    "aliyuncs.com": "dashscope",
    "api.deepseek.com": "deepseek",
    "openrouter.ai": "openrouter",
    "api.groq.com": "groq",
    "api.together.xyz": "together",
    "api.together.ai": "together",
    "api.fireworks.ai": "fireworks",
    "api.mistral.ai": "mistral",
}
_FINGERPRINTS = {
    "fp_ollama": "ollama",
    r"b\d+-[0-9a-f]+": "llama.cpp",
    r"\d+\.\d+\.\d+.*-(?:native|sha-.*)": "tgi",
    r"\d+\.\d+\.\w+-\d+\.\d+\.\w+-(?:macOS|Linux).*": "mlx",
}


def by_host(url: str) -> Identity:
    """Return the identity told by the host of an address."""
    host = (urlsplit(url).hostname or "").lower()
    found = next((kind for end, kind in _HOSTS.items() if host == end or host.endswith(f".{end}")), "")
    return Identity().named(found, f"the host is {host}")


def by_models(known: Identity, reply: Reply, model: str) -> Identity:
    """Return the identity with the facts of an answer to `/models`."""
    data = reply.json.get("data") or reply.json.get("models")
    entries = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    names = tuple(str(item.get("id") or item.get("name")) for item in entries if item.get("id") or item.get("name"))
    known = replace(known, model=model, models=names)
    server = reply.headers.get("server", "")
    kinds = (kind for part in server.lower().split(",") for start, kind in _HEADERS.items() if part.strip().startswith(start))
    kind = next(kinds, "")
    known = known.named(kind, f"the header Server says {shown(server)!r}")
    for item in entries:
        owner = str(item.get("owned_by", ""))
        known = known.named(_OWNERS.get(owner.lower(), ""), f"/models says owned_by {shown(owner)!r}")
        if owner and owner == item.get("id") and item.get("created") == 0:
            known = known.named("tgi", "/models says owned_by with the model's own name, as TGI does")
        if "supported_parameters" in item and "context_length" in item:
            known = known.named("openrouter", "/models has supported_parameters")
    chosen = [item for item in entries if model in {item.get("id"), item.get("name")}] or (entries if len(entries) == 1 else [])
    for item in chosen:
        known = _of_entry(known, item)
    return replace(known, size=size_in_name(model) or size_in_models(reply.json, model))


def _of_entry(known: Identity, item: Mapping[str, Any]) -> Identity:
    modalities = _inner(item, "architecture").get("input_modalities")
    vision = "image" in modalities if isinstance(modalities, list) else known.vision
    return replace(known, context=context_in_entry(item), vision=vision)


def by_fingerprint(known: Identity, reply: Reply) -> Identity:
    """Return the identity with the mark in the answer to a chat request."""
    mark = str(reply.json.get("system_fingerprint") or "")
    found = next((kind for pattern, kind in _FINGERPRINTS.items() if re.fullmatch(pattern, mark)), "")
    return known.named(found, f"system_fingerprint is {shown(mark)!r}")


def _props(known: Identity, json: Mapping[str, Any]) -> Identity:
    settings = json.get("default_generation_settings")
    if not isinstance(settings, dict):
        return known
    known = known.named("llama.cpp", "/props has default_generation_settings, as llama.cpp does")
    vision = _inner(json, "modalities").get("vision")
    return replace(
        known,
        version=shown(str(json.get("build_info") or known.version)),
        chat_template=str(json.get("chat_template") or ""),
        size=known.size or size_in_props(json),
        context=context_in_props(json) or known.context,
        vision=vision if isinstance(vision, bool) else known.vision,
    )


def _version(known: Identity, json: Mapping[str, Any]) -> Identity:
    return replace(known, version=shown(str(json.get("version") or "")))


def _sglang(known: Identity, json: Mapping[str, Any]) -> Identity:
    return replace(
        known,
        version=shown(str(json.get("version") or "")),
        tokenizer=shown(str(json.get("tokenizer_path") or "")),
        context=first_count(json, "context_length", "max_req_input_len") or known.context,
        size=known.size or size_in_name(str(json.get("model_path") or ""), "/get_server_info"),
    )


def _ollama(known: Identity, json: Mapping[str, Any]) -> Identity:
    info, details, abilities = _inner(json, "model_info"), _inner(json, "details"), json.get("capabilities")
    contexts = [value for key, value in info.items() if key.endswith(".context_length")]
    return replace(
        known,
        chat_template=str(json.get("template") or ""),
        tokenizer=shown(str(info.get("tokenizer.ggml.pre") or info.get("tokenizer.ggml.model") or "")),
        context=first_count({"context": contexts[0]} if contexts else {}, "context") or known.context,
        size=known.size or size_in_name(str(details.get("parameter_size") or ""), "/api/show"),
        vision="vision" in abilities if isinstance(abilities, list) else known.vision,
    )


def _lmstudio(known: Identity, json: Mapping[str, Any]) -> Identity:
    data = json.get("data")
    entries = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    item = next((item for item in entries if item.get("id") == known.model), {})
    context = first_count(item, "loaded_context_length", "max_context_length")
    kind = item.get("type")
    return replace(known, context=context or known.context, vision=kind == "vlm" if kind in {"vlm", "llm"} else known.vision)


def _tgi(known: Identity, json: Mapping[str, Any]) -> Identity:
    context = first_count(json, "max_total_tokens", "max_input_tokens")
    size = size_in_name(str(json.get("model_id") or ""), "/info")
    return replace(
        known, version=shown(str(json.get("version") or "")), context=context or known.context, size=known.size or size
    )


def _kobold(known: Identity, json: Mapping[str, Any]) -> Identity:
    vision = json.get("vision")
    return replace(_version(known, json), vision=vision if isinstance(vision, bool) else known.vision)


def _tabby(known: Identity, json: Mapping[str, Any]) -> Identity:
    parameters = _inner(json, "parameters")
    return replace(known, context=first_count(parameters, "max_seq_len") or known.context)


# A further route by kind: its path (from the root, or from the base URL with a leading `~`) and its reader.
ROUTES: dict[str, tuple[str, Callable[[Identity, Mapping[str, Any]], Identity]]] = {
    "": ("/props", _props),
    "llama.cpp": ("/props", _props),
    "llamafile": ("/props", _props),
    "vllm": ("/version", _version),
    "sglang": ("/get_server_info", _sglang),
    "ollama": ("/api/show", _ollama),
    "lmstudio": ("/api/v0/models", _lmstudio),
    "tgi": ("/info", _tgi),
    "koboldcpp": ("/api/extra/version", _kobold),
    "tabbyapi": ("~/model", _tabby),
}


def by_route(known: Identity, json: Mapping[str, Any]) -> Identity:
    """Return the identity with the facts of the kind's own route."""
    return ROUTES[known.kind][1](known, json)


def _inner(json: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = json.get(key)
    return found if isinstance(found, dict) else {}
