"""The signing keys of the site's secret."""

import json
from datetime import UTC, datetime
from typing import Final

import pytest

from kolom.errors import ConfigurationError
from kolom.security.signing import SigningKeys, keyed_hashes, sign, verify

NOW: Final = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize("key_id", ["1", "2026-11", "new_key", "key 2"])
def test_a_token_of_a_key_with_any_accepted_id_is_valid(key_id: str) -> None:
    keys = SigningKeys.parse(json.dumps({"current": key_id, "keys": {"0": "a" * 32, key_id: "b" * 32}}), NOW)
    assert verify("test", sign("test", {"a": 1}, keys), lambda: keys) == {"a": 1}


@pytest.mark.parametrize("key_id", ["2026.1", ""])
def test_an_id_that_cannot_be_part_of_a_token_is_refused(key_id: str) -> None:
    with pytest.raises(ConfigurationError, match="ids of keys"):
        SigningKeys.parse(json.dumps({"current": "1", "keys": {"1": "a" * 32, key_id: "b" * 32}}), NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"current": "1", "keys": {"2": "x"}}',
        '{"current": "1", "keys": {"1": ""}}',
        '{"current": "1", "keys": {"1": "x"}, "next": {"id": "2", "from": "2026-03-04T00:00:00Z"}}',
        '{"current": "1", "keys": {"1": "x"}, "until": {"1": "2026-03-04T00:00:00"}}',
    ],
    ids=["empty", "no keys", "no current key", "empty key", "no next key", "no time zone"],
)
def test_a_secret_without_a_current_key_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        SigningKeys.parse(text, NOW)


def test_a_retired_key_verifies_nothing_but_its_hashes_are_still_found() -> None:
    before = SigningKeys("1", {"1": "a" * 32})
    after = SigningKeys("2", {"1": "a" * 32, "2": "b" * 32}, retired=frozenset({"1"}))
    token = sign("test", {"a": 1}, before)
    assert verify("test", token, lambda: after) is None
    assert verify("test", token, lambda: after, accept_retired=True) == {"a": 1}
    assert keyed_hashes("test", "text", before)[0] in keyed_hashes("test", "text", after)


def test_a_token_that_names_another_key_than_its_own_is_invalid() -> None:
    keys = SigningKeys("2", {"1": "a" * 32, "2": "b" * 32})
    _, _, signed = sign("test", {"a": 1}, keys).partition(".")
    assert [verify("test", f"{key_id}.{signed}", lambda: keys) for key_id in ("1", "2", "3")] == [None, {"a": 1}, None]
