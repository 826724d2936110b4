"""What stands between a visitor and the page: forms, proof of work, limits, bans, copies."""

import json
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import altcha
import boto3
import pytest

from functions.write_comments import app as write_comments
from kolom.comments import admin
from kolom.security import bans, signing
from kolom.security.client_address import ClientId
from kolom.submissions import form_tokens
from tests.factories import Context, comment_request, request
from tests.integration.comments.conftest import Blog, stored_comments
from tests.integration.conftest import Configure
from tests.integration.handlers import Answered, call, stored


def form_token(age_seconds: float = 60, *, challenge: bool = False) -> form_tokens.FormToken:
    """A token of a form that was opened some time ago."""
    opened = datetime.now(UTC) - timedelta(seconds=age_seconds)
    return form_tokens.create_token(signing.load_keys(), now=opened, with_challenge=challenge)


def reasons(answer: Answered) -> list[str]:
    """The kinds of reasons that a moderator sees."""
    assert answer.status == 201, answer.body
    comment = admin.get(answer.json["comment"]["id"])
    return [reason.split(":")[0] for reason in comment.reasons]


def status(answer: Answered) -> str:
    """The status that is kept, which is not always the one that is told."""
    return admin.get(answer.json["comment"]["id"]).status


def test_a_form_token_tells_what_a_form_needs(blog: Blog) -> None:
    answer = call(write_comments.handler, request("/api/form-token"))
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json) == {"token", "min_seconds", "expires_at", "challenge"}
    assert answer.json["challenge"] is None
    assert blog.post(form_token=answer.json["token"]).status == 201


def test_a_form_that_was_filled_in_faster_than_anybody_reads_is_held(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "kolom.submissions.spam_rules.MIN_SECONDS", 600
    )  # however long a busy machine takes to send the form
    assert "speed" in reasons(blog.post("Quick.", form_token=form_token(1).token))
    assert "speed" not in reasons(blog.post("Slow.", form_token=form_token(1_000).token))


def test_an_expired_form_token_is_refused(blog: Blog) -> None:
    answer = blog.post(form_token=form_token(13 * 3600).token)
    assert (answer.status, answer.fields) == (422, {"form_token"})
    assert stored("comments") == []


def test_without_a_form_token_links_are_held(blog: Blog) -> None:
    text = "See https://a.example and https://b.example"
    assert "links" in reasons(blog.post(text))
    assert "links" not in reasons(blog.post(text, form_token=form_token().token))
    assert "links" in reasons(blog.post(f"{text} and https://c.example", form_token=form_token().token))


def test_a_form_token_can_be_required(blog: Blog, configure: Configure) -> None:
    configure(form_token="required")
    answer = blog.post()
    assert (answer.status, answer.fields) == (422, {"form_token"})
    assert blog.post(form_token=form_token().token).status == 201


def solved(challenge: dict[str, Any]) -> str:
    """The proof of work, as a browser sends it."""
    parsed = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(parsed)
    assert solution is not None
    return altcha.Payload(parsed, solution).to_base64()


def test_proof_of_work_can_be_required_and_is_good_for_one_comment(blog: Blog, configure: Configure) -> None:
    configure(proof_of_work="altcha")
    assert blog.post("Without.").fields == {"altcha"}
    challenge = call(write_comments.handler, request("/api/form-token")).json["challenge"]
    proof = solved(challenge)
    first = blog.post("With.", altcha=proof, headers={"idempotency-key": "a"})
    assert first.status == 201
    assert blog.post("With.", altcha=proof, headers={"idempotency-key": "a"}).json == first.json
    again = blog.post("Once more.", altcha=proof)
    assert (again.status, again.fields) == (422, {"altcha"})
    assert len(stored_comments()) == 1


@pytest.mark.parametrize("damage", ["nonce", "expiresAt", "counter", "signature", "old", "text", "deep"])
def test_a_proof_that_does_not_hold_is_refused(blog: Blog, configure: Configure, damage: str) -> None:
    import base64

    configure(proof_of_work="altcha")
    issued = form_token(13 * 3600 if damage == "old" else 60, challenge=True)
    assert issued.challenge is not None
    data = json.loads(base64.b64decode(solved(issued.challenge)))
    if damage == "counter":
        data["solution"]["counter"] += 1
    elif damage == "signature":
        data["challenge"]["signature"] = "0" * 64
    elif damage == "expiresAt":
        data["challenge"]["parameters"]["expiresAt"] += 86_400
    elif damage == "nonce":
        data["challenge"]["parameters"]["nonce"] = "00" * 16
    proof = base64.b64encode(json.dumps(data).encode()).decode()
    proof = {"text": "no proof", "deep": base64.b64encode(b"[" * 3_000).decode()}.get(damage, proof)
    answer = blog.post(altcha=proof)
    assert (answer.status, answer.fields) == (422, {"altcha"})
    assert stored("comments") == []


def test_a_filled_trap_looks_like_success_and_is_kept_as_spam_for_a_while(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none")
    answer = blog.post(website_url="https://spam.example")
    assert (answer.status, answer.json["status"]) == (201, "pending")
    assert answer.json["edit_token"]
    assert (status(answer), reasons(answer)[0]) == ("spam", "honeypot")
    assert (blog.shown(), blog.total()) == ([], 0)
    assert admin.get(answer.json["comment"]["id"]).expires_at is not None


def test_who_fills_the_trap_cannot_tell_it_from_a_comment_that_waits(blog: Blog) -> None:
    text = "A text like any other."
    plain, caught = blog.post(text), blog.post(text, website_url="https://spam.example")
    assert (status(plain), status(caught)) == ("pending", "spam")
    ids = [answer.json["comment"].pop("id") for answer in (plain, caught)]
    assert (plain.status, plain.headers) == (caught.status, caught.headers)
    for name in ("content_html", "edited_at", "deleted", "parent_id"):
        assert plain.json["comment"][name] == caught.json["comment"][name]
    assert plain.json["status"] == caught.json["status"]
    tokens = [answer.json["edit_token"] for answer in (plain, caught)]
    assert len({re.sub(r"[\w-]", "x", token) for token in tokens}) == 1
    edits = [blog.change("PATCH", *each, "Another text.") for each in zip(ids, tokens, strict=True)]
    assert [edit.status for edit in edits] == [200, 200]
    assert admin.get(ids[1]).status == "spam"


def test_the_token_of_a_filled_trap_proves_nothing(blog: Blog) -> None:
    caught = blog.post("Caught.", website_url="https://spam.example")
    bearer = {"authorization": f"Bearer {caught.json['edit_token']}"}
    assert status(blog.post("And now?", headers=bearer)) == "pending"


def test_blocked_words_make_spam_however_they_are_written(blog: Blog, configure: Configure) -> None:
    configure(blocked_words="casino, slot gacor")
    for text in ("Best CASINO here", "ｃａｓｉｎｏ", "ca\u200bsino", "slot\n gacor!", "<slot gacor>"):
        assert status(blog.post(text)) == "spam", text
    assert status(blog.post("Hi", name="Casino")) == "spam"
    assert status(blog.post("Hi", website="https://casino.example")) == "spam"
    assert status(blog.post("Casinos are not blocked")) == "pending"


def test_shouting_one_letter_and_the_authors_name_are_held_with_their_reasons(blog: Blog) -> None:
    assert "capitals" in reasons(blog.post("THIS IS VERY IMPORTANT NEWS FOR ALL OF YOU"))
    assert "length" in reasons(blog.post("?"))
    assert "name" in reasons(blog.post("I am the author.", name="SITI"))


@pytest.mark.usefixtures("one_minute")
def test_the_same_text_from_everywhere_is_held_and_then_spam(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none")
    text = "This wonderful text comes from very many places at the same time."
    answers = [blog.post(f"{text}{' ' * n}") for n in range(6)]
    assert [status(answer) for answer in answers] == ["approved"] * 4 + ["spam"] * 2


def test_an_address_may_send_some_comments_a_minute(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [datetime.now(UTC).replace(second=0, microsecond=0)]
    monkeypatch.setattr(write_comments, "datetime", SimpleNamespace(now=lambda _: clock[0]))
    answers = [blog.post(f"Number {n}.", address="10.0.0.1") for n in range(12)]
    assert [answer.status for answer in answers] == [201] * 10 + [429] * 2
    limited = answers[-1]
    assert limited.headers["Content-Type"] == "application/problem+json"
    assert int(limited.headers["Retry-After"]) == 60
    assert blog.post("From next door.", address="10.0.0.2").status == 201
    assert blog.post("Number 3.", address="10.0.0.1").json["comment"] == answers[3].json["comment"]
    clock[0] += timedelta(seconds=60)
    assert blog.post("Later.", address="10.0.0.1").status == 201
    assert len(stored_comments()) == 12


@pytest.mark.usefixtures("one_minute")
def test_limits_are_by_customer_network_and_site(blog: Blog, configure: Configure) -> None:
    configure(comments_per_minute=1)
    assert blog.post("One.", address="2001:db8:1:2::1").status == 201
    assert blog.post("Two.", address="2001:db8:1:2:ffff::9").status == 429
    assert blog.post("Three.", address="::ffff:10.0.0.1").status == 201
    assert blog.post("Four.", address="10.0.0.1").status == 429
    statuses = [blog.post(f"Number {n}.", address=f"10.9.9.{n}").status for n in range(22)]
    assert statuses == [201] * 20 + [429] * 2


@pytest.mark.usefixtures("one_minute")
def test_what_is_refused_by_a_limit_is_counted_nowhere_else(blog: Blog, configure: Configure) -> None:
    configure(comments_per_minute=1)
    blog.post("One.", address="10.0.0.1")
    before = {item["key"]["S"]: item for item in stored("guard")}
    blog.post("Two.", address="10.0.0.1")
    assert {item["key"]["S"]: item for item in stored("guard")} == before


def test_a_banned_sender_writes_into_the_wind(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none")
    comment = blog.commented("Rude.", address="10.0.0.1")
    bans.ban(comment.id, days=1, whole_network=False, now=datetime.now(UTC))
    assert status(blog.post("Rude again.", address="10.0.0.1")) == "spam"
    assert status(blog.post("A neighbour.", address="10.0.0.2")) == "approved"
    bans.ban(comment.id, days=1, whole_network=True, now=datetime.now(UTC))
    assert status(blog.post("A neighbour again.", address="10.0.0.2")) == "spam"
    assert status(blog.post("Far away.", address="10.0.1.2")) == "approved"


def test_an_expired_ban_does_not_hold_though_it_is_still_there(blog: Blog) -> None:
    comment = blog.commented("Rude.", address="10.0.0.1")
    bans.ban(comment.id, days=1, whole_network=False, now=datetime.now(UTC) - timedelta(days=2))
    assert status(blog.post("Better.", address="10.0.0.1")) == "pending"


def test_an_address_that_is_none_is_a_sender_all_the_same(secret: str) -> None:
    keys = signing.load_keys()
    assert ClientId.from_ip("", keys) == ClientId.from_ip("", keys) != ClientId.from_ip("fe80::1%eth0", keys)


@pytest.mark.usefixtures("one_minute")
def test_the_address_is_the_connections_and_no_headers(blog: Blog) -> None:
    statuses = set()
    for number in range(12):
        event = comment_request(content=f"Number {number}.", headers={"x-forwarded-for": f"10.0.0.{number}"})
        statuses.add(write_comments.handler(event, Context())["statusCode"])
    assert 429 in statuses


@pytest.mark.usefixtures("one_minute")
@pytest.mark.parametrize(("proof", "limited"), [("o" * 64, False), ("wrong", True)])
def test_behind_the_cdn_it_is_the_viewers_as_the_cdn_says(
    blog: Blog, configure: Configure, proof: str, limited: bool
) -> None:
    boto3.client("secretsmanager").create_secret(Name="kolom-origin-secret", SecretString="o" * 64)
    configure(origin_secret_name="kolom-origin-secret")
    signing.get_origin_secret.cache_clear()
    statuses = set()
    for number in range(12):
        headers = {"x-kolom-viewer": f"10.0.{number}.1", "x-kolom-origin": proof}
        event = comment_request(content=f"Number {number}.", headers=headers)
        statuses.add(write_comments.handler(event, Context())["statusCode"])
    signing.get_origin_secret.cache_clear()
    assert (429 in statuses) == limited


def test_everything_that_guards_expires(blog: Blog, configure: Configure) -> None:
    configure(proof_of_work="altcha")
    challenge = call(write_comments.handler, request("/api/form-token")).json["challenge"]
    comment = blog.commented("A text that is long enough to be compared.", altcha=solved(challenge))
    bans.ban(comment.id, days=1, whole_network=False, now=datetime.now(UTC))
    kinds = {item["key"]["S"].split("#")[0] for item in stored("guard")}
    assert kinds == {"once", "tally", "sender", "used", "ban"}
    assert all(int(item["expires_at"]["N"]) > datetime.now(UTC).timestamp() for item in stored("guard"))
