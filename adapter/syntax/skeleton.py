"""The skeleton of a block, read by lxml.

A block's markup without its payload is a tiny document: `<tool_call></tool_call>`. lxml reads nothing else, so the cost does
not grow with the payload, and no byte of a payload passes through an XML parser, which would change or refuse NUL, CRLF, `&`
and `<`. The parser is closed to the outside: no entities, no DTD, no network, no huge trees.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from adapter.recent import recent

# A skeleton is tags and a little white space; a longer skeleton repeats a tag, and its beginning shows as much as the whole.
_MAX_LENGTH = 2000
# Bytes of skeletons whose reading is kept.
_MOST_KEPT = 1 << 18
# Characters that XML does not allow, not even as references: lone surrogates, and all controls but three. In a name they are
# data, and the name handed out keeps them.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The result of lxml.

    Attributes:
        tags: Names of the elements in document order, the outermost first.
        faults: Faults of form, in lxml's words; empty for clean markup.
    """

    tags: tuple[str, ...]
    faults: tuple[str, ...]


@recent(_MOST_KEPT, len)
def read_skeleton(text: str) -> Skeleton:
    """Read a block's markup.

    Args:
        text: The block with its payload cut out.
    """
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    shown = text if len(text) <= _MAX_LENGTH else text[: text.rfind(">", 0, _MAX_LENGTH) + 1]
    root = etree.fromstring(_NOT_XML.sub("\ufffd", shown).encode("utf-8", "xmlcharrefreplace"), parser)
    # Tags may be closed behind the end of the shown part.
    own = set() if shown == text else {etree.ErrorTypes.ERR_TAG_NOT_FINISHED}
    faults = tuple(entry.message for entry in parser.error_log if entry.type not in own)
    if root is None:
        return Skeleton((), faults or ("no element",))
    return Skeleton(tuple(str(element.tag) for element in root.iter(etree.Element)), faults)
