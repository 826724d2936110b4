"""Proof of work: how long a used proof is remembered."""

import time

import altcha

from kolom.security.signing import SigningKeys
from kolom.submissions import proof_of_work

KEYS = SigningKeys("1", {"1": "a secret"})


def test_a_used_proof_is_remembered_until_its_challenge_expires() -> None:
    """A proof that is forgotten earlier can be used twice."""
    expires_at = int(time.time()) + 12 * 3600
    challenge = altcha.Challenge.from_dict(proof_of_work.create_challenge(KEYS, expires_at=expires_at))
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    proof = altcha.Payload(challenge, solution).to_base64()
    assert proof_of_work.verify(proof, KEYS).expires_at >= expires_at
