"""Preview links are signed, bound to their purpose, and expire."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from kolom.articles.preview_links import create_token, read_token
from kolom.errors import ConfigurationError, NotFound
from kolom.security.signing import SigningKeys

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = SigningKeys("1", {"1": "k" * 64})


def _token(hours: float = 24, article_id: int = 7, secret: SigningKeys = SECRET) -> str:
    return create_token(article_id, secret, expires_at=NOW + timedelta(hours=hours))


def test_a_token_identifies_its_article() -> None:
    assert read_token(_token(article_id=42), lambda: SECRET, now=NOW) == 42


def test_a_token_needs_no_escaping_in_a_url() -> None:
    assert set(_token()) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.parametrize("hours", [0, -1])
def test_an_expired_token_is_rejected(hours: float) -> None:
    with pytest.raises(NotFound, match="expired"):
        read_token(_token(hours), lambda: SECRET, now=NOW)


@given(position=st.integers(0, 200), character=st.characters(min_codepoint=33, max_codepoint=126))
def test_a_token_with_one_changed_character_is_rejected(position: int, character: str) -> None:
    token = _token()
    position %= len(token)
    changed = token[:position] + character + token[position + 1 :]
    # The last character of a base64 signature has unused bits, so several characters decode to the same value.
    if changed == token or position == len(token) - 1:
        return
    with pytest.raises(NotFound):
        read_token(changed, lambda: SECRET, now=NOW)


@pytest.mark.parametrize("token", ["", ".", "1", "1.", "1..", "1.a.b", "2.x.y", "é.ü.ñ", "1." + "a" * 10_000])
def test_a_malformed_token_is_rejected(token: str) -> None:
    with pytest.raises(NotFound):
        read_token(token, lambda: SECRET, now=NOW)


@pytest.mark.parametrize("token", ["", "abc", "1.", "1.payload", "1.a b.c", "1." + "a" * 10_000])
def test_a_malformed_token_is_rejected_without_reading_the_secret(token: str) -> None:
    def fail() -> SigningKeys:
        raise AssertionError("the secret was asked for")

    with pytest.raises(NotFound):
        read_token(token, fail, now=NOW)


def test_a_token_signed_for_another_purpose_is_rejected() -> None:
    other = URLSafeSerializer(
        SECRET.keys["1"], salt="kolom.moderation", signer_kwargs={"key_derivation": "hmac", "digest_method": sha256}
    )
    token = "1." + str(other.dumps({"article": 7, "expires": 2**40}))
    with pytest.raises(NotFound):
        read_token(token, lambda: SECRET, now=NOW)


def test_tokens_of_the_previous_key_are_valid_until_it_is_removed() -> None:
    old = _token()
    rotated = SigningKeys("2", {"1": "k" * 64, "2": "another"})
    assert read_token(old, lambda: rotated, now=NOW) == 7
    assert create_token(7, rotated, expires_at=NOW).startswith("2.")
    with pytest.raises(NotFound):
        read_token(old, lambda: SigningKeys("2", {"2": "another"}), now=NOW)


@pytest.mark.parametrize("text", ["", "{}", '{"current": "1"}', '{"current": "2", "keys": {"1": "x"}}', "{broken"])
def test_a_secret_without_a_key_is_a_configuration_error(text: str) -> None:
    with pytest.raises(ConfigurationError):
        SigningKeys.parse(text, NOW)


def test_a_secret_is_not_in_its_repr() -> None:
    assert "kkk" not in repr(SECRET)
