"""Which queries may be counted, and in which form. Pure.

A query that looks like personal data is never counted, because its text would be stored once several visitors use it.
"""

import re
import unicodedata
from typing import Final

MAX_CHARACTERS: Final = 80
MAX_WORDS: Final = 10
_MAX_WORD: Final = 40

_PERSONAL: Final = re.compile(
    r"""
      @ | :// | \b mailto:                       # an email address, a name on a network, a link
    | \b www\. | [a-z] \. [a-z]{2,} /             # a link without its scheme
    | [\[({<] \s* (?:at|et|di) \s* [\])}>]       # an email address that hides its sign
    | \b (?:at|et|di) \s .* (?: \s (?:dot|point|titik) \s | [a-z] \. [a-z]{2} )  # one that is spelled out
    | (?: \d [\s()./+\-\u2010-\u2015]* ){7}      # a phone number, or the number of a card or a person
    | \d{1,3} (?: \. \d{1,3} ){3}                # an IP address
    | (?<!\w) (?: [\da-f]{0,4} : ){2} [\da-f:]* (?!\w)
    """,
    re.VERBOSE,
)


def recorded_form(text: str) -> str | None:
    """Return the query in lower case with single spaces; None if it must not be counted.

    Queries with more than :data:`MAX_CHARACTERS` or :data:`MAX_WORDS` are not counted: hardly anyone repeats them.
    """
    if len(text) > 2 * MAX_CHARACTERS:
        return None
    words = unicodedata.normalize("NFKC", text).casefold().split()
    form = " ".join(words)
    if not form or len(form) > MAX_CHARACTERS or len(words) > MAX_WORDS or not form.isprintable():
        return None
    return None if _PERSONAL.search(form) or max(map(len, words)) > _MAX_WORD else form
