"""A reason has one stored form, and is shown in the reader's language."""

import pytest

from kolom.comments.moderation_policy import decide, decide_edit
from kolom.i18n.locale import Locale, find_locale
from kolom.submissions import reasons, spam_rules
from kolom.submissions.blocked_words import BlockedWords
from kolom.submissions.spam_rules import SpamPolicy, SpamSignals

POLICY = SpamPolicy(links_allowed=2, blocked_words=BlockedWords(("kasino",)))
STORED = {
    "honeypot: a field that people do not see was filled in": "Kolom yang tidak terlihat oleh orang telah diisi.",
    "ban: the sender is banned": "Pengirimnya diblokir.",
    "speed: sent 1.2 s after its form was made": "Dikirim 1.2 detik setelah formulirnya dibuka.",
    "copies: the same text came 3 times in a day": "Teks yang sama dikirim 3 kali dalam sehari.",
    "copies: 3 people sent the same text on a day": "Pengirim dengan teks yang sama dalam satu hari: 3.",
    "words: 'kasino' is blocked": "Memuat kata yang diblokir: 'kasino'.",
    "links: 3, where 2 are allowed": "Tautan: 3 (diizinkan 2).",
    "links: 3, where 0 are allowed without a form token": "Tautan: 3 (tanpa token formulir diizinkan 0).",
    "length: hardly a word": "Hampir tidak berisi kata.",
    "length: 6000 characters": "Tulisannya panjang: 6000 karakter.",
    "capitals: nearly all letters are": "Hampir semua hurufnya kapital.",
    "name: it is that of the site or of the article's author": "Namanya sama dengan nama situs atau penulis artikel.",
    "moderation: every comment waits for approval": "Semua komentar perlu disetujui.",
    "first: no comment of this author has been approved yet": "Belum ada komentar dari penulis ini yang disetujui.",
    "edit: its author changed it": "Penulisnya telah menyuntingnya.",
    "owner: written by the site's owner": "Ditulis oleh pemilik situs.",
    "imported": "Diimpor dari sistem lain.",
}


def load(code: str) -> Locale:
    locale = find_locale(code)
    assert locale is not None
    return locale


@pytest.mark.parametrize("stored", STORED)
def test_a_stored_reason_is_translated_for_its_reader(stored: str) -> None:
    """The stored form never changes, because comments and archives contain it."""
    assert reasons.describe(stored, load("id").translate) == STORED[stored]


@pytest.mark.parametrize("stored", ["imported twice", "a rule of an earlier version", "{n}"])
def test_an_unknown_reason_is_shown_unchanged(stored: str) -> None:
    assert reasons.describe(stored, load("id").translate) == stored


def test_every_reason_is_listed_here_and_has_a_message() -> None:
    assert len(reasons.names()) == len(STORED)
    for code in ("en", "id"):
        assert {f"reason.{name}" for name in reasons.names()} <= set(load(code).strings)


def test_the_rules_give_only_known_reasons() -> None:
    """All rules are triggered at once."""
    signals = SpamSignals(
        name="Situs",
        content="K" * 6_000,
        source="K" * 6_000,
        website="https://kasino.example",
        links=3,
        form_seconds=1.2,
        honeypot=True,
        banned=True,
        senders=3,
        reserved_names=("situs",),
    )
    findings = spam_rules.evaluate(signals, POLICY)
    decisions = [decide((), mode, trusted=False) for mode in ("first", "all")]
    edited = decide_edit((), "first", before=decisions[0])
    given = {*spam_rules.reasons(findings), *decisions[0].reasons, *decisions[1].reasons, *edited.reasons}
    assert len(given) == 12
    assert given <= set(STORED)
