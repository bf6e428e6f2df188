"""Texts of our own, with their tokens by the vocabularies of Qwen 2.5 and SmolLM2."""

from __future__ import annotations

# A text, its tokens by Qwen 2.5, and by SmolLM2.
ENGLISH: list[tuple[str, int, int]] = [
    (
        "The harbour office opens at seven. Before that, nobody answers the telephone, and the night watchman only writes down names. If you need a berth for a boat longer than twelve metres, send the request two days ahead; shorter boats simply arrive. \"I don't think we'll be late,\" she said, \"but it's raining, and they've closed the bridge.\" Prices: 14.50 per night, 90 per week (2024-05-31).",
        104,
        106,
    ),
    (
        "You are a helpful assistant. Choose the tool that fits the user's question and return its arguments in the required format. If information is missing, ask the user before you go on, and never make anything up. When a tool has answered, tell the user the result in a sentence or two, without repeating the raw data.",
        66,
        66,
    ),
    (
        "Grandmother kept bees behind the barn, eleven hives in a row, painted different colours so that each swarm would find its way back. On warm mornings the whole yard hummed. She moved slowly among them with a tin smoker, talking quietly, and was stung perhaps twice in forty years. When the orchard was sold the bees went to a neighbour, who never learned their habits, and by the next spring half of the hives stood empty.",
        92,
        89,
    ),
    (
        "Quarterly revenue increased by 6.2 percent to 48.7 million, driven mainly by subscriptions in Scandinavia and the Netherlands. Operating expenses grew more slowly, because the company postponed two acquisitions and renegotiated its hosting contracts. Management expects similar growth in the second half, provided that exchange rates remain stable and no further regulation is introduced.",
        70,
        71,
    ),
    (
        "To restart the service, log in as the deployment user and run the maintenance script. It drains open connections, waits at most thirty seconds, and then replaces the running process. If the health check fails three times, the previous version is restored automatically, and an alert goes to the people on call. Check the dashboard afterwards: latency should return to normal within a minute.",
        74,
        74,
    ),
    (
        "Dear Mr. Okafor, thank you for your letter of March 3rd. We are sorry to hear that the parcel arrived damaged. Please keep the packaging, take two photographs, and send them to the address below; our insurer usually decides within a week. In the meantime a replacement is on its way, free of charge, and should reach you by Friday.",
        75,
        76,
    ),
    (
        "The museum closes on Mondays, except when a public holiday falls on one. Tickets can be bought at the door or in advance; members enter for nothing and may bring a guest. Large bags have to be left in the cloakroom. Photographs are allowed everywhere but in the map room, whose drawings suffer from light.",
        64,
        65,
    ),
    (
        "Returns the recent purchases of a user. Optional parameters are the first day, the last day and the maximum number of entries; days are written as year, month and day. When nothing is found the list is empty. Log in before you call this tool, or an error about missing authorization comes back.",
        61,
        61,
    ),
    (
        "Rain had fallen for nine days when the miller finally opened the upper sluice. He did not like to do it, for the meadows below belonged to his brother-in-law, and the two had not spoken since the funeral. But the wheel was groaning, the water stood within a hand of the sill, and there was nobody else to ask.",
        72,
        74,
    ),
    (
        "Photosynthesis converts light energy into chemical energy stored in glucose. In the light-dependent reactions, chlorophyll absorbs photons, water molecules are split, and oxygen is released. The resulting adenosine triphosphate powers the Calvin cycle, in which carbon dioxide is fixed into carbohydrates.",
        56,
        53,
    ),
]
CHINESE: list[tuple[str, int, int]] = [
    (
        "港口办公室早上七点开门。在那之前没有人接电话，值夜班的人只登记姓名。如果您的船超过十二米，请提前两天提出申请；较短的船可以直接进港。她说：“我觉得我们不会迟到，可是下着雨，桥也封了。”价格：每晚14.5元，每周90元（2024年5月31日）。",
        85,
        202,
    ),
    (
        "你是一个乐于助人的助手。请根据用户的问题选择合适的工具，并用规定的格式返回参数。如果缺少必要的信息，请先向用户提问，不要自行编造。工具返回结果以后，用一两句话告诉用户答案，不要重复原始数据。",
        55,
        143,
    ),
    (
        "查询指定城市的当前天气。参数“城市”必须是城市的中文名称，例如“上海”或“成都”。参数“单位”可以是摄氏度或华氏度，默认是摄氏度。如果城市不存在，接口会返回错误代码四百零四，此时应当请用户重新确认名称。",
        65,
        166,
    ),
    (
        "我家门口有一条小河，夏天的傍晚，老人们坐在桥上乘凉，孩子们在水里捉鱼。外婆总说，河水是从很远的山里流下来的，所以才这么清。后来修了公路，河变窄了，桥也拆了，可是每次回家，我还是会到那里站一会儿。",
        71,
        174,
    ),
    (
        "订单编号为A20240517的商品已经从杭州仓库发出，预计三天之内送达。请保持手机畅通，如果地址有误，请在今天下午五点之前联系客服修改。退货申请需要在收到商品之后七天之内提交，逾期系统将自动确认收货。",
        64,
        181,
    ),
    (
        "该函数接收一个列表和一个整数，返回列表中前若干个最大的元素。时间复杂度与列表的长度成线性关系。调用者需要保证整数不大于列表的长度，否则会抛出异常。内部使用堆来保存候选元素，因此不会修改原来的列表。",
        64,
        153,
    ),
    (
        "会议纪要：一、讨论了下季度的预算，财务部建议减少差旅支出；二、研发团队汇报了模型训练的进展，目前准确率提高了百分之六；三、决定推迟新版本的发布，以便完成安全测试。下次会议定于星期四上午十点，地点在三楼会议室。",
        69,
        181,
    ),
    (
        "今日新闻：受冷空气影响，北方大部分地区气温将下降八到十度，局部地区有大雪。交通部门提醒市民减少外出，注意行车安全。市场方面，蔬菜价格略有上涨，猪肉价格基本稳定。体育比赛因天气原因推迟到下周举行。",
        59,
        187,
    ),
    (
        "小店开在巷子尽头，门口挂着一盏旧灯。老板姓周，六十多岁，每天早上四点起来磨豆浆，六点准时开门。来的都是老顾客，有人骑车绕两条街，只为了喝一碗热豆浆，吃两根刚炸好的油条。",
        63,
        156,
    ),
    (
        "请注意：上传的文件大小不得超过二十兆字节，支持的格式包括文本、表格和图片。系统会自动检查文件内容，如发现病毒将立即删除。处理完成后，结果会以邮件形式发送到您注册时填写的邮箱，通常需要十分钟左右。",
        58,
        167,
    ),
    (
        "返回用户最近的消费记录。可选参数包括开始日期、结束日期以及最大数量；日期采用年月日的格式。没有找到记录时返回空列表。调用本工具之前必须先完成登录，否则返回未授权的错误信息。",
        54,
        142,
    ),
    (
        "长江是亚洲第一长河，发源于青藏高原，流经十一个省级行政区，最后注入东海。流域面积约占全国陆地面积的五分之一，养育了将近三分之一的人口。沿岸的城市有重庆、武汉、南京和上海，水运十分发达。",
        60,
        168,
    ),
    (
        "客服：您好，请问有什么可以帮您？用户：我昨天买的耳机左边没有声音。客服：非常抱歉给您带来不便，请问您尝试过重新配对吗？用户：试过了，还是不行。客服：好的，我马上为您办理换货，请提供一下订单号码。",
        61,
        167,
    ),
]

# Texts of kinds that vocabularies cut in very different ways: the kind, the text, its tokens by Qwen 2.5, and by SmolLM2.
ROUGH: list[tuple[str, str, int, int]] = [
    ('German', 'Das Hafenamt öffnet um sieben Uhr. Vorher geht niemand ans Telefon, und der Nachtwächter schreibt nur Namen auf. Wer einen Liegeplatz für ein Boot von mehr als zwölf Metern braucht, schickt die Papiere am Vortag und wartet auf eine schriftliche Bestätigung, bevor er die Mündung verlässt.', 83, 117),
    ('French', "Le bureau du port ouvre à sept heures. Avant cela, personne ne répond au téléphone, et le gardien de nuit note seulement les noms. Pour amarrer un bateau de plus de douze mètres, envoyez les papiers la veille et attendez une confirmation écrite avant de quitter l'estuaire.", 72, 89),
    ('Finnish', 'Satamatoimisto aukeaa seitsemältä. Sitä ennen kukaan ei vastaa puhelimeen, ja yövartija kirjoittaa vain nimet muistiin. Yli kaksitoistametrisen veneen laituripaikkaa varten on lähetettävä paperit edellisenä päivänä.', 82, 95),
    ('Russian', 'Портовая контора открывается в семь. До этого никто не отвечает на телефон, а ночной сторож только записывает имена. Если нужно место для лодки длиннее двенадцати метров, пришлите бумаги накануне.', 63, 147),
    ('Arabic', 'يفتح مكتب الميناء في الساعة السابعة. قبل ذلك لا أحد يجيب على الهاتف، والحارس الليلي يكتب الأسماء فقط.', 33, 92),
    ('Thai', 'สำนักงานท่าเรือเปิดเวลาเจ็ดโมง ก่อนหน้านั้นไม่มีใครรับโทรศัพท์', 33, 115),
    ('Japanese', '港の事務所は七時に開きます。それまでは誰も電話に出ませんし、夜警は名前を書き留めるだけです。十二メートルを超える船の停泊場所が必要な場合は、前日に書類を送ってください。', 58, 153),
    ('Korean', '항만 사무소는 일곱 시에 문을 엽니다. 그 전에는 아무도 전화를 받지 않으며 야간 경비원은 이름만 적어 둡니다.', 44, 126),
    ('emoji', '😀🎉🚀🔥👍🏽❤️🌍🍕🐳✨😂🙏🥇🧵🪐🫠👩\u200d💻🇸🇬', 28, 65),
    ('emoji chat', 'Great news!! 🎉🎉 We ship tomorrow 🚀🚀🚀 — who is in? 🙋\u200d♀️🙋\u200d♂️ 👍👍👍', 36, 51),
    ('base64', 'The picture: 9bFlIkpYt5HfavHYMD5hzcS7hsPRxCcQPDRMQYnrLx571dR+RG/OwqPYEXNhEOV4G8zOppZ2LmEWxunJLZm/NYwuBxiCLOR8qMdBB+ZssOSys/TVjYLKY4bSyW52DoGbhckkw1lxZMSmBYoAWBoisi3lBHJDPS5E/ti2uDV+RM0xKZA6wdRVl6JC/fEfjysaOfPD5pMRQ1HcvtQH4+a2Bbmegwbdp0imHgKaij9BWwJKFGzw2YqY4c+ZlmH5Z72v3w5zN0IME/j11A9s4HnRuYc3bwe8uBKH/cjAOI/ogcOgZhlw7z9t8BSN7X6KNIiNOWyrO4DSf1jfERo7PfJFrakIAjiaeM3ClJKodfdKxvOqIC9K2Ykv7XVZgAW6xIpqnoJr1vCokOpHynOO', 291, 319),
    ('hex', 'b48c14ec53676da43f9e9919878d972f9a451da1305317feed6740b9bd7425dcb03de04bf0a4f21e0adc3ebef6822b55d46d44e5a833b3b84e0f27f9f7a910b6b6683480fc91baefae179bf759340f6cf6c1f9810d387dd45ce301e94a2599abf5fd99301d8fa94d13abbe48a1ae6b96681c34f9c424eae11631d67fdf64a0d8a5b4dff0c5475a81bcd2b26419dac896481471da57afd608bc27f07ae334243ecc2165be58af22ccbd6c7f67757b106aafa12caa98364a2cd1d3fb5d4f137e8cd7b9fae1a77afab3', 342, 350),
    ('spaces', 'a                                                                                                                                                                                                        b', 4, 6),
    ('newlines', 'a\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nb', 5, 18),
]  # fmt: skip
