"""Words for numbers, months and times, without accents and in lower case, in the languages of most requests."""

from __future__ import annotations

# The words of a value, value by value from 1.
_COUNTED = (
    "one first once single uno una un une eins ein eine um uma",
    "two second twice double pair couple both dos deux zwei due dois duas",
    "three third triple tres trois drei tre",
    "four fourth cuatro quatre vier quattro quatro",
    "five fifth cinco cinq funf cinque",
    "six sixth seis sechs sei",
    "seven seventh siete sept sieben sette sete",
    "eight eighth ocho huit acht otto oito",
    "nine ninth nueve neuf neun nove",
    "ten tenth diez dix zehn dieci dez",
    "eleven eleventh once onze elf undici",
    "twelve twelfth dozen doce douze zwolf dodici doze",
    "thirteen thirteenth trece treize dreizehn tredici",
    "fourteen fourteenth fortnight catorce vierzehn quattordici",
    "fifteen fifteenth quince quinze funfzehn quindici",
    "sixteen sixteenth",
    "seventeen seventeenth",
    "eighteen eighteenth",
    "nineteen nineteenth",
)
_TENS = (
    "twenty veinte vingt zwanzig venti vinte",
    "thirty treinta trente treinta trinta",
    "forty cuarenta quarante vierzig",
    "fifty cincuenta cinquante",
    "sixty sesenta soixante",
    "seventy setenta",
    "eighty ochenta",
    "ninety noventa",
)
_MONTHS = (
    "january jan enero janvier januar gennaio janeiro",
    "february feb febrero fevrier februar febbraio fevereiro",
    "march mar marzo mars marz marco",
    "april apr abril avril aprile",
    "may mayo mai maggio maio",
    "june jun junio juin juni giugno junho",
    "july jul julio juillet juli luglio julho",
    "august aug agosto aout",
    "september sep sept septiembre septembre settembre setembro",
    "october oct octubre octobre oktober ottobre outubro",
    "november nov noviembre novembre",
    "december dec diciembre decembre dezember dicembre dezembro",
)


def _by_word(rows: tuple[str, ...], first: int, step: int = 1) -> dict[str, int]:
    return {word: first + step * place for place, row in enumerate(rows) for word in row.split()}


UNITS = {**_by_word(_COUNTED, 1), **_by_word(_TENS, 20, 10), "zero": 0, "nil": 0}
MONTHS = _by_word(_MONTHS, 1)
SCALES = {
    "hundred": 100,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "lakh": 10**5,
    "crore": 10**7,
}
SCALES |= {"cien": 100, "cent": 100, "hundert": 100, "mil": 10**3, "mille": 10**3, "tausend": 10**3}
# Parts of one, by their significant digits.
PARTS = {"half": "5", "halves": "5", "quarter": "25", "quarters": "25", "thirds": "3", "noon": "12", "midnight": "0"}
HAN_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
HAN_SCALES = {"十": 10, "百": 100, "千": 10**3, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
# Words that a date or a time may stand for.
_RELATIVE = (
    "today tomorrow yesterday tonight now next last this current currently recent recently week weekend month year day days "
    "monday tuesday wednesday thursday friday saturday sunday morning afternoon evening night noon midnight latest later ago "
    "hoy manana ayer ahora semana mes ano heute morgen gestern jetzt woche monat jahr aujourd demain hier maintenant semaine "
    "mois annee oggi domani ieri adesso settimana mese anno hoje amanha ontem agora"
)
RELATIVE = frozenset(_RELATIVE.split())
HAN_RELATIVE = (
    "今",
    "明",
    "昨",
    "后天",
    "後天",
    "前天",
    "下周",
    "上周",
    "本周",
    "周",
    "星期",
    "月",
    "现在",
    "最近",
    "晚上",
    "早上",
    "下午",
)
# Words that say nothing about a value: a call is not grounded by one of them.
_COMMON = (
    "the and for with from you your are was were that this what which who how can could would please get show tell give find "
    "make use using want need have has had not all any its their them then than into about there here when where will does did "
    "let out off per via new one two our his her she him they been some more most very just like also only over under after "
    "before between hello thank thanks much many city state country name location place text value number type example "
    "is in it of on to at as an am be by do go he if me my no or so up us we ok hi "
    "que los las del por para con una der die das und ist von mit den ein eine les des est dans pour une sur qui"
)
COMMON = frozenset(_COMMON.split())
