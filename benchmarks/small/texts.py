"""Sixty questions, thirty remarks, twenty results and twelve conversations, in English and Chinese, made for this measure.

An expected argument is a list of spellings separated by `|`; a value is right if it holds one of them, a number if it is equal.
"""

from __future__ import annotations

# Question, tool, arguments that must be right.
QUESTIONS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("Will I need an umbrella in Bergen tomorrow?", "get_forecast", {"town": "bergen"}),
    ("What will the weather be like in Porto for the next 4 days?", "get_forecast", {"town": "porto", "days": "4"}),
    ("Is it going to snow in Innsbruck?", "get_forecast", {"town": "innsbruck"}),
    ("杭州明天会下雨吗？", "get_forecast", {"town": "杭州|hangzhou"}),
    ("请告诉我成都未来三天的天气。", "get_forecast", {"town": "成都|chengdu", "days": "3"}),
    ("Make the bedroom 19 degrees, please.", "set_heating", {"room": "bedroom", "degrees": "19"}),
    ("It's cold in the bathroom. Set it to 23.", "set_heating", {"room": "bathroom", "degrees": "23"}),
    ("Turn the heating in the office down to sixteen degrees.", "set_heating", {"room": "office", "degrees": "16"}),
    ("把客厅的温度调到22度。", "set_heating", {"room": "客厅|living", "degrees": "22"}),
    ("书房太冷了，请设为20度。", "set_heating", {"room": "书房|study", "degrees": "20"}),
    ("We are out of oat milk, put it on the list.", "add_shopping_item", {"item": "oat milk"}),
    ("Add six lemons to my shopping list.", "add_shopping_item", {"item": "lemon", "count": "6"}),
    ("I need two packs of AA batteries from the shop.", "add_shopping_item", {"item": "batter", "count": "2"}),
    ("购物清单上加十个鸡蛋。", "add_shopping_item", {"item": "鸡蛋|egg", "count": "10"}),
    ("帮我记下要买酱油。", "add_shopping_item", {"item": "酱油|soy"}),
    ("Set a timer for 12 minutes.", "start_timer", {"minutes": "12"}),
    ("Wake me up in three quarters of an hour.", "start_timer", {"minutes": "45"}),
    ("The eggs need seven minutes. Start counting.", "start_timer", {"minutes": "7"}),
    ("定一个25分钟的计时器。", "start_timer", {"minutes": "25"}),
    ("面条要煮八分钟，帮我计时。", "start_timer", {"minutes": "8"}),
    ("Put on some Nina Simone.", "play_music", {"artist": "nina simone"}),
    ("I'd like to hear Kraftwerk in the kitchen.", "play_music", {"artist": "kraftwerk", "room": "kitchen"}),
    ("Can you play something by Fela Kuti?", "play_music", {"artist": "fela kuti"}),
    ("放一首邓丽君的歌。", "play_music", {"artist": "邓丽君|teresa"}),
    ("我想在卧室听周杰伦。", "play_music", {"artist": "周杰伦|jay"}),
    ("Turn off the lamp in the hallway.", "switch_light", {"lamp": "hall", "state": "off"}),
    ("It's dark in the garage, light please!", "switch_light", {"lamp": "garage", "state": "on"}),
    ("Switch the desk lamp on.", "switch_light", {"lamp": "desk", "state": "on"}),
    ("关掉厨房的灯。", "switch_light", {"lamp": "厨房|kitchen", "state": "off"}),
    ("请打开阳台的灯。", "switch_light", {"lamp": "阳台|balcony", "state": "on"}),
    ("Which trains go from Lyon to Geneva?", "find_train", {"start": "lyon", "destination": "geneva"}),
    ("I have to be in Leeds today; I start in York.", "find_train", {"start": "york", "destination": "leeds"}),
    ("Find me a connection from Graz to Linz.", "find_train", {"start": "graz", "destination": "linz"}),
    ("从南京到苏州有什么火车？", "find_train", {"start": "南京|nanjing", "destination": "苏州|suzhou"}),
    ("我要从武汉坐火车去长沙。", "find_train", {"start": "武汉|wuhan", "destination": "长沙|changsha"}),
    ("How much is 250 USD in EUR?", "convert_currency", {"amount": "250", "source": "usd", "target": "eur"}),
    ("Convert 80 GBP to JPY.", "convert_currency", {"amount": "80", "source": "gbp", "target": "jpy"}),
    ("What do I get in CHF for 1,500 SEK?", "convert_currency", {"amount": "1500", "source": "sek", "target": "chf"}),
    ("300欧元是多少人民币？", "convert_currency", {"amount": "300", "source": "eur|欧元", "target": "cny|rmb|人民币"}),
    ("把五百美元换成日元。", "convert_currency", {"amount": "500", "source": "usd|美元", "target": "jpy|日元"}),
    ("Where is my order K-4417?", "look_up_order", {"order_id": "4417"}),
    ("Has order 90233 been sent yet?", "look_up_order", {"order_id": "90233"}),
    ("My order number is ZB18. What happened to it?", "look_up_order", {"order_id": "zb18"}),
    ("订单77120现在到哪里了？", "look_up_order", {"order_id": "77120"}),
    ("帮我查一下订单号 QM52。", "look_up_order", {"order_id": "qm52"}),
    ("Tell Ingrid that I'll be ten minutes late.", "send_message", {"recipient": "ingrid", "text": "late|ten|10"}),
    ("Write to Omar: the keys are under the mat.", "send_message", {"recipient": "omar", "text": "keys"}),
    ("Let Bea know the meeting is cancelled.", "send_message", {"recipient": "bea", "text": "cancel"}),
    ("告诉小王会议改到四点。", "send_message", {"recipient": "小王|wang", "text": "四点|4"}),
    ("给妈妈发消息：我到家了。", "send_message", {"recipient": "妈妈|mom|mother|mama", "text": "到家|home"}),
    (
        "How do you say 'good evening' in Finnish? Use the translator.",
        "translate_text",
        {"text": "good evening", "language": "finnish|fi"},
    ),
    ("Translate 'where is the exit' into Polish.", "translate_text", {"text": "where is the exit", "language": "polish|pl"}),
    ("I need 'two tickets please' in Greek.", "translate_text", {"text": "two tickets", "language": "greek|el"}),
    ("把“谢谢你的帮助”翻译成法语。", "translate_text", {"text": "谢谢", "language": "法语|french|fr"}),
    ("“今天天气很好”用德语怎么说？请翻译。", "translate_text", {"text": "天气", "language": "德语|german|de"}),
    ("What is a share of Siemens worth right now?", "get_stock_price", {"company": "siemens"}),
    ("Check the stock price of Nestlé.", "get_stock_price", {"company": "nestl"}),
    ("How is Toyota doing on the stock market?", "get_stock_price", {"company": "toyota"}),
    ("腾讯的股价是多少？", "get_stock_price", {"company": "腾讯|tencent"}),
    ("帮我看看比亚迪现在的股票价格。", "get_stock_price", {"company": "比亚迪|byd"}),
)

# Remarks that need none of the tools.
REMARKS = (
    "Good morning!", "Thanks, that was helpful.", "Who made you?", "Tell me a joke about cats.", "What is 17 plus 5?",
    "I am a bit tired today.", "How do you spell 'necessary'?", "Write a short poem about the sea.", "What does 'ubiquitous' mean?",
    "Do you like chess?", "You are wrong.", "Explain why the sky is blue.", "Name three colours.", "See you later!",
    "Which is heavier, iron or wood?", "Give me a tip for learning the piano.", "Who wrote Hamlet?", "I have a question.",
    "What are you able to do?", "Please answer in one word: is water wet?",
    "你好！", "谢谢你。", "讲个笑话吧。", "你是谁？", "一加一等于几？", "我今天心情不好。", "“坚持”是什么意思？", "再见！",
    "为什么海水是咸的？", "写一句关于春天的诗。",
)  # fmt: skip

# Question, tool, arguments of the call that was made, its result in JSON, and words of a right answer.
RESULTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("Is it windy in Cork?", "get_forecast", '{"town": "Cork"}', '{"town": "Cork", "sky": "overcast", "wind_kmh": 46, "rain_mm": 2}', "46"),
    ("How warm will it be in Split?", "get_forecast", '{"town": "Split"}', '{"town": "Split", "high": 31, "low": 22, "sky": "clear"}', "31"),
    ("Make the nursery 21 degrees.", "set_heating", '{"room": "nursery", "degrees": 21}', '{"ok": true, "room": "nursery", "target": 21, "now": 18.5}', "21"),
    ("Put cheese on the list.", "add_shopping_item", '{"item": "cheese"}', '{"added": "cheese", "items_on_list": 9}', "cheese"),
    ("Timer for 30 minutes.", "start_timer", '{"minutes": 30}', '{"timer": 2, "rings_at": "18:05"}', "18:05|30"),
    ("Play Björk.", "play_music", '{"artist": "Björk"}', '{"playing": "Jóga", "artist": "Björk", "volume": 40}', "björk|jóga"),
    ("Trains from Basel to Chur?", "find_train", '{"start": "Basel", "destination": "Chur"}', '{"trains": [{"leaves": "09:33", "arrives": "11:47", "changes": 1}]}', "09:33|9:33"),
    ("What's 40 EUR in NOK?", "convert_currency", '{"amount": 40, "source": "EUR", "target": "NOK"}', '{"amount": 470.8, "rate": 11.77, "currency": "NOK"}', "470"),
    ("Where is order 5531?", "look_up_order", '{"order_id": "5531"}', '{"order_id": "5531", "state": "in customs", "eta": "Friday"}', "custom"),
    ("Tell Nils I'm home.", "send_message", '{"recipient": "Nils", "text": "I am home."}', '{"sent": true, "to": "Nils", "at": "20:14"}', "nils|sent"),
    ("Translate 'good luck' into Welsh.", "translate_text", '{"text": "good luck", "language": "Welsh"}', '{"text": "pob lwc", "language": "cy", "confidence": 0.93}', "pob lwc"),
    ("What does a Lufthansa share cost?", "get_stock_price", '{"company": "Lufthansa"}', '{"company": "Lufthansa", "price": 7.42, "currency": "EUR"}', "7.42"),
    ("青岛明天热吗？", "get_forecast", '{"town": "青岛"}', '{"town": "青岛", "high": 33, "sky": "sunny"}', "33"),
    ("书房调到19度。", "set_heating", '{"room": "书房", "degrees": 19}', '{"ok": true, "room": "书房", "target": 19}', "19"),
    ("清单上加苹果。", "add_shopping_item", '{"item": "苹果"}', '{"added": "苹果", "items_on_list": 4}', "苹果"),
    ("从天津到大连的火车？", "find_train", '{"start": "天津", "destination": "大连"}', '{"trains": [{"leaves": "13:20", "arrives": "18:02"}]}', "13:20"),
    ("100美元是多少韩元？", "convert_currency", '{"amount": 100, "source": "USD", "target": "KRW"}', '{"amount": 138500, "currency": "KRW"}', "138500|138,500|13.85"),
    ("订单8806到哪了？", "look_up_order", '{"order_id": "8806"}', '{"order_id": "8806", "state": "已签收", "signed_by": "李"}', "签收"),
    ("把“晚安”翻译成意大利语。", "translate_text", '{"text": "晚安", "language": "Italian"}', '{"text": "buona notte", "language": "it"}', "buona notte"),
    ("华住的股价是多少？", "get_stock_price", '{"company": "华住"}', '{"company": "华住", "price": 28.6, "currency": "HKD"}', "28.6"),
)  # fmt: skip

# Turns of a conversation: the user's words; the tool and its arguments, or nothing for an answer in words; the result; words of a
# right answer.
Turn = tuple[str, str, dict[str, str], str, str]
CONVERSATIONS: tuple[tuple[Turn, Turn, Turn], ...] = (
    (("Hi there!", "", {}, "", ""), ("What's the weather in Turku?", "get_forecast", {"town": "turku"}, '{"sky": "fog", "high": 4}', "fog|4"), ("And in Oulu?", "get_forecast", {"town": "oulu"}, '{"sky": "snow", "high": -6}', "snow|6")),
    (("Add flour to my list.", "add_shopping_item", {"item": "flour"}, '{"added": "flour", "items_on_list": 3}', "flour"), ("Great. What is flour made of?", "", {}, "", ""), ("Add yeast too.", "add_shopping_item", {"item": "yeast"}, '{"added": "yeast", "items_on_list": 4}', "yeast")),
    (("Turn on the light in the cellar.", "switch_light", {"lamp": "cellar", "state": "on"}, '{"ok": true, "lamp": "cellar", "state": "on"}', "cellar|on"), ("Thanks!", "", {}, "", ""), ("Now turn it off again.", "switch_light", {"lamp": "cellar", "state": "off"}, '{"ok": true, "lamp": "cellar", "state": "off"}', "off")),
    (("Timer, 5 minutes.", "start_timer", {"minutes": "5"}, '{"timer": 1, "rings_at": "12:05"}', "12:05|5"), ("Play Miles Davis meanwhile.", "play_music", {"artist": "miles davis"}, '{"playing": "So What"}', "so what|miles"), ("Who was he?", "", {}, "", "")),
    (("Set the kitchen to 18 degrees.", "set_heating", {"room": "kitchen", "degrees": "18"}, '{"ok": true, "target": 18}', "18"), ("And the bedroom to 16.", "set_heating", {"room": "bedroom", "degrees": "16"}, '{"ok": true, "target": 16}', "16"), ("Is that a healthy temperature for sleeping?", "", {}, "", "")),
    (("Trains from Delft to Gouda?", "find_train", {"start": "delft", "destination": "gouda"}, '{"trains": [{"leaves": "10:04"}]}', "10:04"), ("Tell Joost I'm coming.", "send_message", {"recipient": "joost", "text": "com"}, '{"sent": true}', "joost|sent|message"), ("Thank you.", "", {}, "", "")),
    (("What is a stock?", "", {}, "", ""), ("What does Volvo cost?", "get_stock_price", {"company": "volvo"}, '{"price": 268.4, "currency": "SEK"}', "268"), ("Convert 268 SEK to EUR.", "convert_currency", {"amount": "268", "source": "sek", "target": "eur"}, '{"amount": 24.1, "currency": "EUR"}', "24.1")),
    (("Where is order A77?", "look_up_order", {"order_id": "a77"}, '{"state": "packed"}', "pack"), ("And order B12?", "look_up_order", {"order_id": "b12"}, '{"state": "delivered"}', "deliver"), ("Fine, bye.", "", {}, "", "")),
    (("你好。", "", {}, "", ""), ("西安天气怎么样？", "get_forecast", {"town": "西安|xi"}, '{"sky": "多云", "high": 27}', "27|多云"), ("那兰州呢？", "get_forecast", {"town": "兰州|lanzhou"}, '{"sky": "晴", "high": 30}', "30|晴")),
    (("清单上加牛奶。", "add_shopping_item", {"item": "牛奶|milk"}, '{"added": "牛奶"}', "牛奶"), ("谢谢！", "", {}, "", ""), ("再加面包。", "add_shopping_item", {"item": "面包|bread"}, '{"added": "面包"}', "面包")),
    (("查订单3301。", "look_up_order", {"order_id": "3301"}, '{"state": "运输中"}', "运输"), ("告诉小李包裹在路上。", "send_message", {"recipient": "小李|li", "text": "包裹|路上"}, '{"sent": true, "to": "小李"}', "小李|发"), ("好的，再见。", "", {}, "", "")),
    (("把“你好”翻译成俄语。", "translate_text", {"text": "你好", "language": "俄|russian|ru"}, '{"text": "привет"}', "привет"), ("这个词怎么用？", "", {}, "", ""), ("再把“再见”翻译成俄语。", "translate_text", {"text": "再见", "language": "俄|russian|ru"}, '{"text": "до свидания"}', "до свидания")),
)  # fmt: skip
