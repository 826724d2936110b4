"""Proof of work: how long a used proof is remembered."""

import time
from functools import cache

import altcha
import pytest

from kolom.errors import InvalidInput
from kolom.security.signing import SigningKeys
from kolom.submissions import proof_of_work

KEYS = SigningKeys("1", {"1": "a secret"})


@cache
def solved() -> tuple[str, int]:
    """Return a proof for a challenge that is signed with :data:`KEYS`, and when the challenge expires."""
    expires_at = int(time.time()) + 12 * 3600
    challenge = altcha.Challenge.from_dict(proof_of_work.create_challenge(KEYS, expires_at=expires_at))
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return altcha.Payload(challenge, solution).to_base64(), expires_at


def test_a_used_proof_is_remembered_until_its_challenge_expires() -> None:
    """A proof that is forgotten earlier can be used twice."""
    proof, expires_at = solved()
    assert proof_of_work.verify(proof, KEYS).expires_at >= expires_at


def test_a_proof_for_a_form_from_before_a_rotation_is_valid_until_its_key_is_retired() -> None:
    proof, _ = solved()
    keys = {**KEYS.keys, "2": "another"}
    assert proof_of_work.verify(proof, SigningKeys("2", keys))
    with pytest.raises(InvalidInput):
        proof_of_work.verify(proof, SigningKeys("2", keys, retired=frozenset({"1"})))
