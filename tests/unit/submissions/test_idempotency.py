"""Which submissions are equal, and for how long."""

from datetime import timedelta

from kolom.security.signing import SigningKeys
from kolom.submissions.idempotency import SubmissionIdentity
from tests.factories import NOW

KEYS = SigningKeys("1", {"1": "a secret"})
OTHER_KEYS = SigningKeys("1", {"1": "another secret"})


def submission(
    minutes: int, key: str | None = None, *, client: str = "a", keys: SigningKeys = KEYS
) -> SubmissionIdentity:
    """Return the same text by the same sender, some minutes later."""
    start = NOW.replace(minute=0, second=0, microsecond=0)
    now = start + timedelta(minutes=minutes)
    return SubmissionIdentity.of("comment", {"content": "x"}, idempotency_key=key, client=client, keys=keys, now=now)


def test_a_repeated_text_without_a_key_is_a_new_submission_after_some_time() -> None:
    assert submission(0).key == submission(11).key
    assert submission(0).id == submission(9).id
    assert submission(0).id != submission(11).id


def test_a_submission_with_a_key_is_the_same_as_long_as_the_key_is_stored() -> None:
    assert submission(0, "a key").id == submission(600, "a key").id


def test_the_id_cannot_be_computed_without_the_secret() -> None:
    assert submission(0, "k", keys=OTHER_KEYS).id != submission(0, "k").id


def test_a_guessed_ip_address_cannot_be_verified_with_what_is_stored() -> None:
    """Without a key of the client, only the site's key protects the address: the text is public."""
    stored = submission(0)
    assert submission(0, client="b").key != stored.key
    guess = submission(0, keys=OTHER_KEYS)
    assert guess.key != stored.key
    assert guess.fingerprint != stored.fingerprint


def test_a_guessed_email_address_cannot_be_verified_with_what_is_stored() -> None:
    """A client may send a key that is easy to guess."""
    assert submission(0, "1").fingerprint == submission(5, "1").fingerprint
    assert submission(0, "1").fingerprint != submission(0, "1", keys=OTHER_KEYS).fingerprint


def test_a_submission_with_a_key_is_recognized_after_a_rotation() -> None:
    stored = submission(0, "a key")
    rotated = SigningKeys("2", {"1": "a secret", "2": "another secret"})
    again = submission(5, "a key", keys=rotated)
    assert again.key == stored.key
    assert again.fingerprint != stored.fingerprint
    assert stored.fingerprint in again.known_fingerprints
