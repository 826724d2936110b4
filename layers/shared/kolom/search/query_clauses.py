"""Split a query into clauses: words, ``"phrases"``, ``-exclusions``, conditions such as ``label:news``, ``OR``. Pure.

Every query is valid: a character is an operator only in the positions below, and is ignored elsewhere.

* A hyphen excludes if it starts a clause (after white space or at the beginning), is not doubled (``--dry-run`` is a
  word), and a word or a phrase follows directly. The word begins with a letter, or with ``#``, ``@`` or a full stop
  before a letter. Before a digit, the hyphen is a minus. Dashes and minus signs never exclude.
* A quotation mark opens a phrase unless a letter or a digit precedes it (``27"``), and only if a matching mark
  follows to close it. Chinese and Japanese quotation brackets open a phrase anywhere. Between Hebrew letters, a mark
  is part of an abbreviation.
* A name of :data:`.query_filters.OPERATORS` and a colon make a condition if they start a clause, and a valid value
  follows directly. Otherwise the name and the value are words.
* ``OR``, in capital letters, joins the clauses before and after it if both are words and phrases, or conditions with
  the same name, and neither is excluded. Otherwise it is a word.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from typing import Final, NamedTuple

import regex

from kolom.search.query_filters import OPERATORS, Condition, DateLimit, parse_condition
from kolom.search.tokenizer import Word, strip_accents, tokenize

_BRACKETS: Final = ("「」", "『』", "《》", "〈〉")
_QUOTES: Final = ('"“”„‟＂〝〞〟', "«»", "‹›", *_BRACKETS)
_ALL_QUOTES: Final = "".join(_QUOTES)
_PHRASE: Final = "|".join(f"[{kind}](?P<phrase>[^{kind}]*+)[{kind}]" for kind in _QUOTES)
_CLAUSE: Final = regex.compile(
    rf"""
    (?P<not> (?<!\S) [-－] (?= [\#@.]?\p{{L}} | {_PHRASE} ) )?+
    (?: (?<![^\s－-]) (?P<operator> (?i:{"|".join(OPERATORS)}) ) [:：] (?=\S) )?
    (?:
        (?: (?<![\p{{L}}\p{{M}}\p{{N}}]) | (?=[{"".join(_BRACKETS)}]) ) (?: {_PHRASE} )
      | (?P<word> (?: [^\s{_ALL_QUOTES}] | (?<=\p{{Hebrew}})["”](?=\p{{Hebrew}}) )++ )
    )
    """,
    regex.VERBOSE | regex.VERSION1,
)
_OR: Final = "OR"


class Clause(NamedTuple):
    """A clause of a query, and its words with their positions.

    ``condition`` is set for a condition instead of words to search for. ``is_alternative`` is true if ``OR`` joins
    the clause to the one before it.
    """

    words: Sequence[Word]
    is_excluded: bool
    is_phrase: bool
    condition: Condition | DateLimit | None = None
    is_alternative: bool = False

    @property
    def kind(self) -> str | None:
        """Return the kind of the clause, or None. ``OR`` joins only clauses of the same kind."""
        if self.is_excluded or isinstance(self.condition, DateLimit):
            return None
        return self.condition.name if self.condition else "words"


def find_clauses(text: str, zone: tzinfo = UTC) -> list[Clause]:
    """Return the clauses of a query that have words. Dates are days in ``zone``."""
    found = list(_clauses(text, zone))
    joined: list[Clause] = []
    is_alternative = False
    for number, (clause, is_or) in enumerate(found):
        if is_or and _joins(found[max(0, number - 1) : number + 2]):
            is_alternative = True
        else:
            joined.append(clause._replace(is_alternative=is_alternative))
            is_alternative = False
    return joined


def last_word(text: str, min_length: int) -> Word | None:
    """Return the last word of ``text`` if a reader may still be typing it.

    Words with fewer than ``min_length`` characters, not counting accents, are skipped. Returns None if the word is
    excluded or belongs to a condition, or if a sign such as a closing quotation mark follows it.
    """
    end = len(text)
    for clause in reversed(find_clauses(text)):
        for word in reversed(clause.words):
            if len(strip_accents(word.form)) < min_length:
                end = word.start
                continue
            is_closed = clause.is_excluded or clause.condition is not None or text[word.end : end].strip()
            return None if is_closed else word
    return None


def _joins(around: Sequence[tuple[Clause, bool]]) -> bool:
    """Return whether the ``OR`` in the middle of three clauses joins the other two."""
    if len(around) != 3:  # noqa: PLR2004, RUF100 - itself and both neighbors
        return False
    (before, is_or_before), _, (after, is_or_after) = around
    return not is_or_before and not is_or_after and before.kind is not None and before.kind == after.kind


def _clauses(text: str, zone: tzinfo) -> Iterator[tuple[Clause, bool]]:
    """Yield the clauses that have words, each with whether it is an unquoted ``OR``."""
    for match in _CLAUSE.finditer(text):
        is_phrase = match["word"] is None
        is_excluded = match["not"] is not None
        start, end = match.span("phrase" if is_phrase else "word")
        if match["operator"] is not None:
            condition = parse_condition(match["operator"].lower(), text[start:end], zone)
            if condition is not None:
                yield Clause(_words(text, start, end), is_excluded, is_phrase, condition), False
                continue
            first = match.start("operator")
            if not is_phrase:
                start = first
            else:
                yield Clause(_words(text, first, match.end("operator")), is_excluded, is_phrase=False), False
                is_excluded = False
        if words := _words(text, start, end):
            yield Clause(words, is_excluded, is_phrase), match[0] == _OR


def _words(text: str, start: int, end: int) -> Sequence[Word]:
    return [Word(word.form, word.start + start, word.end + start) for word in tokenize(text[start:end])]
