"""The rotation of the signing keys, and the time in which each key is used."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from kolom.security.secret_cache import MAX_AGE_SECONDS, RETRY_SECONDS
from kolom.security.signing import SigningKeys, sign, verify
from kolom.security.stored_keys import SIGNS_AFTER, VALID_FOR, StoredKeys

NOW: Final = datetime(2026, 3, 4, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
BEFORE: Final = StoredKeys.parse("a" * 64)


def at(stored: StoredKeys, moment: datetime) -> SigningKeys:
    """Return the keys of a process that fetched the secret at that time."""
    return SigningKeys.parse(stored.to_text(), moment)


def is_valid(token: str, keys: SigningKeys) -> bool:
    return verify("test", token, lambda: keys) is not None


def test_a_new_key_signs_only_when_every_process_knows_it() -> None:
    """So a process that still has the old secret never meets a token of the new key."""
    rotated = BEFORE.rotate("b" * 64, NOW)
    assert [at(rotated, NOW + SIGNS_AFTER - SECOND).current, at(rotated, NOW + SIGNS_AFTER).current] == ["1", "2"]
    assert timedelta(seconds=MAX_AGE_SECONDS + RETRY_SECONDS) < SIGNS_AFTER / 2


def test_processes_that_fetched_the_secret_at_any_time_accept_each_others_tokens() -> None:
    rotated = BEFORE.rotate("b" * 64, NOW)
    old = at(BEFORE, NOW - SECOND)
    waiting, signing = at(rotated, NOW), at(rotated, NOW + SIGNS_AFTER)
    assert is_valid(sign("test", 1, waiting), old)
    assert is_valid(sign("test", 1, old), waiting)
    assert is_valid(sign("test", 1, signing), waiting)
    assert is_valid(sign("test", 1, waiting), signing)


def test_an_old_key_verifies_until_its_end() -> None:
    token = sign("test", 1, at(BEFORE, NOW))
    rotated = BEFORE.rotate("b" * 64, NOW)
    end = NOW + SIGNS_AFTER + VALID_FOR
    assert is_valid(token, at(rotated, end - SECOND))
    assert not is_valid(token, at(rotated, end))
    assert at(rotated, end).current == "2"


def test_a_second_rotation_does_not_prolong_the_life_of_an_old_key() -> None:
    later = NOW + timedelta(days=30)
    twice = BEFORE.rotate("b" * 64, NOW).rotate("c" * 64, later)
    end = NOW + SIGNS_AFTER + VALID_FOR
    assert at(twice, later).current == "2"
    assert at(twice, later + SIGNS_AFTER).current == "3"
    assert [at(twice, moment).retired for moment in (end - SECOND, end)] == [frozenset(), {"1"}]
    assert at(twice, end + timedelta(days=30)).retired == {"1", "2"}


def test_revoking_ends_all_other_keys_at_once() -> None:
    rotated = BEFORE.rotate("b" * 64, NOW)
    revoked = rotated.revoke("c" * 64, NOW)
    assert at(revoked, NOW).current == "3"
    assert at(revoked, NOW).retired == {"1", "2"}
    assert revoked.has_one_valid_key(NOW)
    assert not rotated.has_one_valid_key(NOW)


def test_a_rotation_survives_the_text_of_the_secret() -> None:
    for stored in (BEFORE.rotate("b" * 64, NOW), BEFORE.revoke("b" * 64, NOW)):
        assert StoredKeys.parse(stored.to_text()) == stored


def test_keys_that_were_rotated_by_hand_are_rotated_like_others() -> None:
    by_hand = StoredKeys.parse('{"current": "new", "keys": {"new": "x", "7": "y"}}')
    rotated = by_hand.rotate("z", NOW)
    assert at(rotated, NOW).current == "new"
    assert at(rotated, NOW + SIGNS_AFTER).current == "8"


@pytest.mark.parametrize("stored", [BEFORE, BEFORE.rotate("b" * 64, NOW)], ids=["before", "rotated"])
def test_stored_keys_are_not_in_their_repr(stored: StoredKeys) -> None:
    assert "aaa" not in repr(stored)
