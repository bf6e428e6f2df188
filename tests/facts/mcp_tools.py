"""Forty tools in the shapes of public MCP servers: files, repositories, databases, browsers, calendars, chats, maps, memory.

The schemas are made up for the tests, with the oddities that the generators of such servers have: `$schema` and titles from
generators, `anyOf` with null from Python types, discriminated unions, tuples in both drafts, patterns in JavaScript's notation,
records with `propertyNames`, `nullable`, `format`, recursive references, names with dashes, dots and slashes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"
TEXT, WHOLE, YES = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
MAYBE_TEXT = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None, "title": "Maybe"}


class McpTool(NamedTuple):
    """A tool, arguments that its schema accepts, and arguments that its schema refuses; None where it refuses no object."""

    name: str
    schema: dict[str, Any]
    right: dict[str, Any]
    wrong: dict[str, Any] | None

    @property
    def definition(self) -> dict[str, Any]:
        """The tool as a chat request has it."""
        about = f"{self.name.replace('_', ' ').replace('-', ' ').capitalize()}."
        return {"type": "function", "function": {"name": self.name, "description": about, "parameters": self.schema}}


def record(properties: dict[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    """A schema of an object."""
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {}), **more}


MCP_TOOLS = [
    # files
    McpTool("read_text_file", record({"path": TEXT, "head": {"type": "number"}, "tail": {"type": "number"}}, "path",
            additionalProperties=False, **{"$schema": DRAFT_7}), {"path": "a.txt", "head": 5}, {"head": 5}),
    McpTool("read_multiple_files", record({"paths": {"type": "array", "items": TEXT, "minItems": 1, "description": "Which files."}},
            "paths", **{"$schema": DRAFT_7}), {"paths": ["a", "b"]}, {"paths": []}),
    McpTool("edit_file", record({"path": TEXT, "edits": {"type": "array", "items": record({"oldText": TEXT, "newText": TEXT}, "oldText",
            "newText", additionalProperties=False)}, "dryRun": {"type": "boolean", "default": False}}, "path", "edits"),
            {"path": "a", "edits": [{"oldText": "x", "newText": "y"}]}, {"path": "a", "edits": [{"oldText": "x"}]}),
    McpTool("directory_tree", record({"path": TEXT, "excludePatterns": {"type": "array", "items": TEXT, "default": []}}, "path"),
            {"path": "/"}, {"path": 1, "excludePatterns": [1, {}]}),
    McpTool("list_allowed_directories", {"type": "object", "properties": {}, "required": []}, {}, None),
    # repositories
    McpTool("create_or_update_file", record({"owner": TEXT, "repo": TEXT, "path": TEXT, "content": TEXT, "message": TEXT, "branch": TEXT,
            "sha": {"type": "string", "pattern": "^[0-9a-f]{40}$"}}, "owner", "repo", "path", "content", "message", "branch"),
            {"owner": "o", "repo": "r", "path": "p", "content": "a\nb", "message": "m", "branch": "main"},
            {"owner": "o", "repo": "r", "path": "p", "content": "c", "message": "m", "branch": "main", "sha": "nope"}),
    McpTool("search_repositories", record({"query": TEXT, "page": {"type": "number", "minimum": 1}, "perPage": {"type": "number",
            "maximum": 100, "minimum": 1}}, "query"), {"query": "x", "page": 2}, {"query": "x", "perPage": 1000}),
    McpTool("create_pull_request_review", record({"pull_number": {"type": "number"}, "event": {"enum": ["APPROVE", "REQUEST_CHANGES",
            "COMMENT"], "type": "string"}, "comments": {"type": "array", "items": {"anyOf": [record({"path": TEXT, "position":
            {"type": "number"}, "body": TEXT}, "path", "position", "body", additionalProperties=False), record({"path": TEXT, "line":
            {"type": "number"}, "body": TEXT}, "path", "line", "body", additionalProperties=False)]}}}, "pull_number", "event"),
            {"pull_number": 3, "event": "COMMENT", "comments": [{"path": "a", "line": 1, "body": "b"}]},
            {"pull_number": 3, "event": "LATER"}),
    McpTool("list_issues", record({"state": {"type": "string", "enum": ["open", "closed", "all"]}, "labels": {"type": "array", "items": TEXT},
            "since": {"type": "string", "format": "date-time"}, "direction": {"type": "string", "enum": ["asc", "desc"]}}),
            {"state": "open", "labels": []}, {"state": "half"}),
    McpTool("git.diff", record({"repo_path": {"title": "Repo Path", "type": "string"}, "target": {"title": "Target", "type": "string"},
            "context_lines": {"default": 3, "title": "Context Lines", "type": "integer"}}, "repo_path", "target", title="GitDiff"),
            {"repo_path": ".", "target": "main"}, {"repo_path": "."}),
    McpTool("git_log", record({"repo_path": TEXT, "max_count": {"default": 10, "type": "integer"}, "start_timestamp": MAYBE_TEXT}, "repo_path",
            title="GitLog"), {"repo_path": ".", "start_timestamp": None}, {"repo_path": ".", "max_count": "many"}),
    # databases
    McpTool("query", record({"sql": TEXT}), {"sql": "select 1 < 2"}, {"sql": ["select 1"]}),
    McpTool("execute-sql", record({"query": {"type": "string", "minLength": 1}, "params": {"type": "array", "items": {"anyOf": [TEXT,
            {"type": "number"}, YES, {"type": "null"}]}}}, "query"), {"query": "select ?", "params": [None, 1, "a"]}, {"query": ""}),
    McpTool("insert_rows", record({"table": TEXT, "rows": {"type": "array", "items": {"type": "object", "additionalProperties":
            {"type": ["string", "number", "boolean", "null"]}}}}, "table", "rows"), {"table": "t", "rows": [{"a": 1, "b": None}]},
            {"table": "t", "rows": [{"a": [1]}]}),
    McpTool("find", record({"collection": TEXT, "filter": {"type": "object", "additionalProperties": True, "default": {}}, "projection":
            {"type": "object", "propertyNames": {"type": "string"}, "additionalProperties": {"enum": [0, 1]}}, "limit": {"type": "integer",
            "exclusiveMinimum": 0}}, "collection"), {"collection": "c", "filter": {"a": {"$gt": 1}}, "limit": 1}, {"collection": "c", "limit": 0}),
    McpTool("vector_search", record({"vector": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 4}, "top_k":
            {"type": "integer", "minimum": 1, "maximum": 50}}, "vector", "top_k"), {"vector": [0.5, -1], "top_k": 3}, {"vector": [1], "top_k": 3}),
    # browsers
    McpTool("browser_navigate", record({"url": {"type": "string", "format": "uri"}, "timeout": {"type": "number", "nullable": True}}, "url",
            additionalProperties=False), {"url": "https://example.org/?a=1&b=2", "timeout": None}, {"url": 1}),
    McpTool("browser_click", record({"element": TEXT, "ref": TEXT, "button": {"enum": ["left", "right", "middle"]}, "modifiers": {"type":
            "array", "items": {"type": "string", "enum": ["Alt", "Control", "Shift"]}, "uniqueItems": True}}, "element", "ref"),
            {"element": "OK", "ref": "e3", "button": "left"}, {"element": "OK", "ref": "e3", "button": "thumb"}),
    McpTool("browser_fill_form", record({"fields": {"type": "array", "items": record({"name": TEXT, "type": {"type": "string", "enum":
            ["textbox", "checkbox", "combobox"]}, "value": TEXT}, "name", "type", "value")}}, "fields"),
            {"fields": [{"name": "n", "type": "textbox", "value": "v"}]}, {"fields": [{"name": "n", "type": "box", "value": "v"}]}),
    McpTool("browser_drag", record({"from": {"type": "array", "items": [{"type": "number"}, {"type": "number"}], "minItems": 2,
            "maxItems": 2}, "to": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "minItems": 2, "maxItems": 2}},
            "from", "to"), {"from": [1, 2], "to": [3, 4.5]}, {"from": [1], "to": [3, 4]}),
    McpTool("puppeteer_evaluate", record({"script": TEXT}, "script"), {"script": "() => '</tool_call>'"}, {}),
    McpTool("fetch", record({"url": {"type": "string", "format": "uri", "minLength": 1}, "max_length": {"type": "integer", "default": 5000,
            "exclusiveMaximum": 1000000, "exclusiveMinimum": 0}, "raw": {"type": "boolean", "default": False}}, "url",
            description="Parameters for fetching a URL.", title="Fetch"), {"url": "u", "raw": True}, {"url": "u", "max_length": 1000000}),
    # calendars and time
    McpTool("create_event", record({"summary": TEXT, "start": {"oneOf": [record({"date": {"type": "string", "pattern":
            "^\\d{4}-\\d{2}-\\d{2}$"}}, "date"), record({"dateTime": {"type": "string", "format": "date-time"}, "timeZone": TEXT}, "dateTime")]},
            "attendees": {"type": "array", "items": record({"email": {"type": "string", "format": "email"}, "optional": YES}, "email")}},
            "summary", "start"), {"summary": "s", "start": {"date": "2031-01-02"}}, {"summary": "s", "start": {"date": "soon"}}),
    McpTool("convert_time", record({"source_timezone": TEXT, "time": {"type": "string", "pattern": "^(?<hour>[01]\\d|2[0-3]):[0-5]\\d$"},
            "target_timezone": TEXT}, "source_timezone", "time", "target_timezone"),
            {"source_timezone": "UTC", "time": "23:59", "target_timezone": "Asia/Tokyo"},
            {"source_timezone": "UTC", "time": "24:00", "target_timezone": "Asia/Tokyo"}),
    McpTool("list_events", record({"calendar_ids": {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}, "time_min": MAYBE_TEXT,
            "single": {"const": True}}, "calendar_ids"), {"calendar_ids": ["a"], "single": True}, {"calendar_ids": [], "single": True}),
    # chats and mail
    McpTool("slack_post_message", record({"channel_id": {"type": "string", "pattern": "^[CGD][A-Z0-9]+$"}, "text": TEXT, "thread_ts": {"type":
            "string", "pattern": "^\\d{10}\\.\\d{6}$"}}, "channel_id", "text"), {"channel_id": "C012", "text": "hi"}, {"channel_id": "general", "text": "hi"}),
    McpTool("slack_add_reaction", record({"channel_id": TEXT, "timestamp": TEXT, "reaction": {"type": "string", "pattern": "^[^:]+$"}}, "channel_id",
            "timestamp", "reaction"), {"channel_id": "C", "timestamp": "1", "reaction": "+1"}, {"channel_id": "C", "timestamp": "1", "reaction": ":+1:"}),
    McpTool("send_email", record({"to": {"type": "array", "items": {"$ref": "#/definitions/address"}, "minItems": 1}, "cc": {"type": "array",
            "items": {"$ref": "#/definitions/address"}}, "subject": {"type": "string", "maxLength": 80}, "body": TEXT}, "to", "subject", "body",
            definitions={"address": {"type": "string", "pattern": "@"}}), {"to": ["a@b"], "subject": "s", "body": "b"}, {"to": ["ab"], "subject": "s", "body": "b"}),
    McpTool("search_messages", record({"query": TEXT, "filters": record({"from": TEXT, "has": {"type": "array", "items": {"type": "string", "enum":
            ["link", "file", "pin"]}}}, additionalProperties=False), "cursor": {"type": ["string", "null"]}}, "query"),
            {"query": "q", "filters": {"has": ["link"]}, "cursor": None}, {"query": "q", "filters": {"where": "here"}}),
    # maps and weather
    McpTool("maps_directions", record({"origin": TEXT, "destination": TEXT, "mode": {"type": "string", "enum": ["driving", "walking", "bicycling",
            "transit"], "default": "driving"}, "waypoints": {"type": "array", "items": record({"lat": {"type": "number", "minimum": -90, "maximum": 90},
            "lng": {"type": "number", "minimum": -180, "maximum": 180}}, "lat", "lng")}}, "origin", "destination"),
            {"origin": "A", "destination": "B", "waypoints": [{"lat": 1.5, "lng": -3}]}, {"origin": "A", "destination": "B", "waypoints": [{"lat": 91, "lng": 0}]}),
    McpTool("maps_geocode", record({"address": TEXT, "bounds": {"type": "object", "properties": {"ne": {"$ref": "#/$defs/Point"}, "sw": {"$ref":
            "#/$defs/Point"}}}}, "address", **{"$defs": {"Point": record({"lat": {"type": "number"}, "lng": {"type": "number"}}, "lat", "lng")}}),
            {"address": "x", "bounds": {"ne": {"lat": 1, "lng": 2}}}, {"address": "x", "bounds": {"ne": {"lat": 1}}}),
    McpTool("get_forecast", record({"latitude": {"type": "number", "minimum": -90, "maximum": 90}, "longitude": {"type": "number", "minimum": -180,
            "maximum": 180}, "days": {"type": "integer", "multipleOf": 1, "maximum": 16}}, "latitude", "longitude"),
            {"latitude": 59.91, "longitude": 10.75}, {"latitude": 100, "longitude": 0}),
    # memory and thinking
    McpTool("create_entities", record({"entities": {"type": "array", "items": record({"name": TEXT, "entityType": TEXT, "observations": {"type":
            "array", "items": TEXT}}, "name", "entityType", "observations")}}, "entities"),
            {"entities": [{"name": "n", "entityType": "t", "observations": []}]}, {"entities": [{"name": "n"}]}),
    McpTool("sequentialthinking", record({"thought": TEXT, "nextThoughtNeeded": YES, "thoughtNumber": {"type": "integer", "minimum": 1},
            "totalThoughts": {"type": "integer", "minimum": 1}, "branchId": TEXT}, "thought", "nextThoughtNeeded", "thoughtNumber", "totalThoughts",
            additionalProperties=False, **{"$schema": DRAFT_2020}),
            {"thought": "t", "nextThoughtNeeded": False, "thoughtNumber": 1, "totalThoughts": 1},
            {"thought": "t", "nextThoughtNeeded": False, "thoughtNumber": 0, "totalThoughts": 1}),
    McpTool("save_tree", record({"root": {"$ref": "#/$defs/Node"}}, "root", **{"$defs": {"Node": record({"label": TEXT, "children": {"type":
            "array", "items": {"$ref": "#/$defs/Node"}}}, "label")}}), {"root": {"label": "a", "children": [{"label": "b"}]}},
            {"root": {"label": "a", "children": [{}]}}),
    # other services
    McpTool("tavily-search", record({"query": TEXT, "search_depth": {"type": "string", "enum": ["basic", "advanced"], "default": "basic"},
            "max_results": {"type": "number", "default": 10, "minimum": 5, "maximum": 20}, "include_domains": {"type": "array", "items": TEXT,
            "default": []}, "country": {"type": "string", "default": ""}}, "query"), {"query": "q", "max_results": 5}, {"query": "q", "max_results": 4}),
    McpTool("notion/API-post-page", record({"parent": {"type": "object", "discriminator": {"propertyName": "type"}, "oneOf": [record({"type": {"const":
            "page_id"}, "page_id": {"type": "string", "format": "uuid"}}, "type", "page_id"), record({"type": {"const": "workspace"}, "workspace":
            {"const": True}}, "type", "workspace")]}, "properties": {"type": "object", "additionalProperties": {}}}, "parent"),
            {"parent": {"type": "workspace", "workspace": True}, "properties": {"Name": {"title": []}}}, {"parent": {"type": "page_id"}}),
    McpTool("kubectl.apply", record({"manifest": {"allOf": [record({"kind": TEXT}, "kind"), record({"metadata": record({"name": TEXT}, "name")},
            "metadata")]}, "namespace": {"type": "string", "default": "default"}}, "manifest"),
            {"manifest": {"metadata": {"name": "a"}, "kind": "Pod"}}, {"manifest": {"kind": "Pod"}}),
    McpTool("set_volume", record({"level": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 100}, {"enum": ["mute", "unmute"]}]}, "rooms":
            {"type": "array", "items": {"type": "string", "enum": ["kitchen", "hall"]}, "minItems": 1, "uniqueItems": True}}, "level"),
            {"level": "mute", "rooms": ["hall"]}, {"level": 101}),
    McpTool("run_workflow", record({"inputs": {"type": "object", "patternProperties": {"^x-": TEXT}, "additionalProperties": False}, "env": {"type":
            "object", "additionalProperties": TEXT, "maxProperties": 3}, "schedule": {"enum": [None, "hourly", "daily"]}}, "inputs"),
            {"inputs": {"x-a": "1"}, "schedule": None}, {"inputs": {"a": "1"}}),
]  # fmt: skip
