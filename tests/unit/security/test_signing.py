"""The signing keys of the site's secret."""

import json

import pytest

from kolom.errors import ConfigurationError
from kolom.security.signing import SigningKeys, sign, verify


@pytest.mark.parametrize("key_id", ["1", "2026-11", "new_key", "key 2"])
def test_a_token_of_a_key_with_any_accepted_id_is_valid(key_id: str) -> None:
    keys = SigningKeys.parse(json.dumps({"current": key_id, "keys": {"0": "a" * 32, key_id: "b" * 32}}))
    assert verify("test", sign("test", {"a": 1}, keys), lambda: keys) == {"a": 1}


@pytest.mark.parametrize("key_id", ["2026.1", ""])
def test_an_id_that_cannot_be_part_of_a_token_is_refused(key_id: str) -> None:
    with pytest.raises(ConfigurationError, match="ids of keys"):
        SigningKeys.parse(json.dumps({"current": "1", "keys": {"1": "a" * 32, key_id: "b" * 32}}))


@pytest.mark.parametrize(
    "text", ["", "{}", '{"current": "1", "keys": {"2": "x"}}', '{"current": "1", "keys": {"1": ""}}']
)
def test_a_secret_without_a_current_key_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        SigningKeys.parse(text)
