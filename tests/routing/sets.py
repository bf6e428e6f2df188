"""Sets of tools for the tests, each with a purpose of its own."""

from __future__ import annotations

from typing import Any


def tool(name: str, description: str = "", **parameters: Any) -> dict[str, Any]:
    """A tool in the form of a chat request; parameters are schemas, or descriptions of texts."""
    properties = {key: {"type": "string", "description": it} if isinstance(it, str) else it for key, it in parameters.items()}
    schema = {"type": "object", "properties": properties}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


OFFICE = [
    tool("get_weather", "Current weather and forecast.", city="The town", unit={"enum": ["celsius", "fahrenheit"]}),
    tool("sendEmail", "Write to someone by electronic mail.", recipient="Address", subject="", body=""),
    tool("calendar.create_event", "Put a meeting into the calendar.", title="", starts_at="Date and time"),
    tool("convert-currency", "Convert an amount of money at today's rate.", amount={"type": "number"}, to_currency="ISO code"),
    tool("searchFlights", "Find flights between two airports.", origin="IATA code", destination="IATA code"),
    tool("book_hotel", "Reserve a room.", city="", nights={"type": "integer"}),
    tool("play_music", "Play a song, an album or an artist.", query=""),
    tool("translate_text", "Translate a text into another language.", text="", language=""),
    tool("get_stock_price", "Price of a share on an exchange.", ticker="Symbol of the company"),
    tool("create_ticket", "Open a support ticket.", priority={"enum": ["low", "urgent"]}),
]

ASIAN = [
    tool("weather", "查询指定城市的天气预报", city="城市名称"),
    tool("train", "查询高铁车票和余票", origin="出发站", destination="到达站"),
    tool("exchange", "人民币与外币的汇率换算", amount="金额"),
    tool("hotel", "ホテルの部屋を予約する", nights="宿泊数"),
    tool("restaurant", "レストランを検索する", area="地域"),
    tool("music", "음악을 재생합니다", title="노래 제목"),
]


def many(count: int) -> list[dict[str, Any]]:
    """Tools with words of their own and words in common, from a fixed rule."""
    verbs = ("get", "list", "create", "delete", "update", "search")
    things = ("invoice", "customer", "order", "shipment", "ticket", "contract", "report", "warehouse", "employee")
    return [
        tool(
            f"{verbs[at % 6]}_{things[at % 9]}_{at}",
            f"{verbs[at % 6].title()} the {things[at % 9]} of department {at % 97} in region {at % 31}.",
            **{f"field_{at % 13}": f"The {things[(at + 4) % 9]} number", "limit": {"type": "integer"}},
        )
        for at in range(count)
    ]
