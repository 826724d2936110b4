"""Which email addresses count as one mailbox for rate limits."""

import pytest

from kolom.security.pseudonyms import mailbox_pseudonym_of, pseudonym_of
from kolom.security.signing import SigningKeys

KEYS = SigningKeys("1", {"1": "a" * 64})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("budi@example.com", "Budi+blog@Example.COM"),
        ("budi@gmail.com", "b.u.d.i+blog@googlemail.com"),
        ("budi@bücher.example", "budi+x@xn--bcher-kva.example"),
    ],
)
def test_tagged_addresses_share_the_mailbox_pseudonym_but_not_the_person_pseudonym(one: str, other: str) -> None:
    assert mailbox_pseudonym_of(one, KEYS) == mailbox_pseudonym_of(other, KEYS)
    assert pseudonym_of(one, KEYS) != pseudonym_of(other, KEYS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bu.di@example.com", "budi@example.com"),
        ("budi@example.com", "budi@example.org"),
        ("+a@example.com", "+b@example.com"),
    ],
)
def test_possibly_different_mailboxes_have_different_pseudonyms(one: str, other: str) -> None:
    assert mailbox_pseudonym_of(one, KEYS) != mailbox_pseudonym_of(other, KEYS)


def test_mailbox_and_person_pseudonyms_are_unrelated() -> None:
    assert mailbox_pseudonym_of("budi@example.com", KEYS) != pseudonym_of("budi@example.com", KEYS)
