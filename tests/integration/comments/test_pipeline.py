"""The submission pipeline: form tokens, proof of work, rate limits, bans and duplicates."""

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
from tests.integration.handlers import Response, call, stored


def form_token(age_seconds: float = 60, *, challenge: bool = False) -> form_tokens.FormToken:
    """Return the token of a form that was opened some time ago."""
    opened = datetime.now(UTC) - timedelta(seconds=age_seconds)
    return form_tokens.create_token(signing.load_keys(), now=opened, with_challenge=challenge)


def reasons(answer: Response) -> list[str]:
    """Return the kinds of reasons that a moderator sees."""
    assert answer.status == 201, answer.body
    comment = admin.get(answer.json["comment"]["id"])
    return [reason.split(":")[0] for reason in comment.reasons]


def status(answer: Response) -> str:
    """Return the stored status, which may differ from the one in the response."""
    return admin.get(answer.json["comment"]["id"]).status


def test_a_form_token_response_has_what_a_form_needs(blog: Blog) -> None:
    answer = call(write_comments.handler, request("/api/form-token"))
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json) == {"token", "min_seconds", "expires_at", "challenge"}
    assert answer.json["challenge"] is None
    assert blog.post(form_token=answer.json["token"]).status == 201


def test_a_form_that_was_submitted_too_fast_needs_approval(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "kolom.submissions.spam_rules.MIN_SECONDS", 600
    )  # Enough for a slow machine to submit the form.
    assert "speed" in reasons(blog.post("Quick.", form_token=form_token(1).token))
    assert "speed" not in reasons(blog.post("Slow.", form_token=form_token(1_000).token))


def test_an_expired_form_token_is_rejected(blog: Blog) -> None:
    answer = blog.post(form_token=form_token(13 * 3600).token)
    assert (answer.status, answer.fields) == (422, {"form_token"})
    assert stored("comments") == []


def test_links_without_a_form_token_need_approval(blog: Blog) -> None:
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
    """Solve the challenge as a browser does."""
    parsed = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(parsed)
    assert solution is not None
    return altcha.Payload(parsed, solution).to_base64()


def test_proof_of_work_can_be_required_and_is_valid_once(blog: Blog, configure: Configure) -> None:
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
def test_an_invalid_proof_of_work_is_rejected(blog: Blog, configure: Configure, damage: str) -> None:
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


def test_a_filled_honeypot_looks_accepted_and_is_stored_as_expiring_spam(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none")
    answer = blog.post(website_url="https://spam.example")
    assert (answer.status, answer.json["status"]) == (201, "pending")
    assert answer.json["edit_token"]
    assert (status(answer), reasons(answer)[0]) == ("spam", "honeypot")
    assert (blog.shown(), blog.total()) == ([], 0)
    assert admin.get(answer.json["comment"]["id"]).expires_at is not None


def test_a_filled_honeypot_is_answered_like_a_pending_comment(blog: Blog) -> None:
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


def test_the_edit_token_of_a_honeypot_submission_gives_no_trust(blog: Blog) -> None:
    caught = blog.post("Caught.", website_url="https://spam.example")
    bearer = {"authorization": f"Bearer {caught.json['edit_token']}"}
    assert status(blog.post("And now?", headers=bearer)) == "pending"


def test_blocked_words_are_found_in_any_spelling(blog: Blog, configure: Configure) -> None:
    configure(blocked_words="casino, slot gacor")
    for text in ("Best CASINO here", "ｃａｓｉｎｏ", "ca\u200bsino", "slot\n gacor!", "<slot gacor>"):
        assert status(blog.post(text)) == "spam", text
    assert status(blog.post("Hi", name="Casino")) == "spam"
    assert status(blog.post("Hi", website="https://casino.example")) == "spam"
    assert status(blog.post("Casinos are not blocked")) == "pending"


@pytest.mark.parametrize(
    "text", ["v&shy;iagra", "vi**agra**", "&#118;iagra", "vi`agra`", "[via](https://a.example)gra"]
)
def test_blocked_words_are_found_in_what_readers_see(blog: Blog, configure: Configure, text: str) -> None:
    configure(blocked_words="viagra")
    assert status(blog.post(f"Buy {text} here")) == "spam"


def test_blocked_words_are_found_in_the_addresses_of_links(blog: Blog, configure: Configure) -> None:
    configure(blocked_words="casino")
    assert status(blog.post("See [this](https://casino.example).")) == "spam"


@pytest.mark.parametrize("text", ["&nbsp;&shy;&ZeroWidthSpace;", "`?`", "&#63;"])
def test_a_comment_without_visible_words_needs_approval(blog: Blog, text: str) -> None:
    assert "length" in reasons(blog.post(text))


def test_capitals_short_texts_and_the_authors_name_are_reported_as_reasons(blog: Blog) -> None:
    assert "capitals" in reasons(blog.post("THIS IS VERY IMPORTANT NEWS FOR ALL OF YOU"))
    assert "length" in reasons(blog.post("?"))
    assert "name" in reasons(blog.post("I am the author.", name="SITI"))


@pytest.mark.usefixtures("one_minute")
def test_the_same_text_from_many_senders_becomes_spam(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none")
    text = "This wonderful text comes from very many places at the same time."
    answers = [blog.post(f"{text}{' ' * n}") for n in range(6)]
    assert [status(answer) for answer in answers] == ["approved"] * 4 + ["spam"] * 2


def test_the_rate_limit_is_per_ip_address_and_minute(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_rate_limits_apply_to_ipv6_prefix_network_and_site(blog: Blog, configure: Configure) -> None:
    configure(comments_per_minute=1)
    assert blog.post("One.", address="2001:db8:1:2::1").status == 201
    assert blog.post("Two.", address="2001:db8:1:2:ffff::9").status == 429
    assert blog.post("Three.", address="::ffff:10.0.0.1").status == 201
    assert blog.post("Four.", address="10.0.0.1").status == 429
    statuses = [blog.post(f"Number {n}.", address=f"10.9.9.{n}").status for n in range(22)]
    assert statuses == [201] * 20 + [429] * 2


@pytest.mark.usefixtures("one_minute")
def test_a_rate_limited_request_changes_no_counter(blog: Blog, configure: Configure) -> None:
    configure(comments_per_minute=1)
    blog.post("One.", address="10.0.0.1")
    before = {item["key"]["S"]: item for item in stored("guard")}
    blog.post("Two.", address="10.0.0.1")
    assert {item["key"]["S"]: item for item in stored("guard")} == before


def test_comments_of_a_banned_sender_are_silently_marked_as_spam(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none")
    comment = blog.post_stored("Rude.", address="10.0.0.1")
    bans.ban(comment.id, days=1, whole_network=False, now=datetime.now(UTC))
    assert status(blog.post("Rude again.", address="10.0.0.1")) == "spam"
    assert status(blog.post("A neighbour.", address="10.0.0.2")) == "approved"
    bans.ban(comment.id, days=1, whole_network=True, now=datetime.now(UTC))
    assert status(blog.post("A neighbour again.", address="10.0.0.2")) == "spam"
    assert status(blog.post("Far away.", address="10.0.1.2")) == "approved"


def test_an_expired_ban_has_no_effect_before_it_is_deleted(blog: Blog) -> None:
    comment = blog.post_stored("Rude.", address="10.0.0.1")
    bans.ban(comment.id, days=1, whole_network=False, now=datetime.now(UTC) - timedelta(days=2))
    assert status(blog.post("Better.", address="10.0.0.1")) == "pending"


def test_an_unparsable_ip_address_still_identifies_a_sender(secret: str) -> None:
    keys = signing.load_keys()
    assert ClientId.from_ip("", keys) == ClientId.from_ip("", keys) != ClientId.from_ip("fe80::1%eth0", keys)


@pytest.mark.usefixtures("one_minute")
def test_the_ip_address_is_taken_from_the_connection_and_not_from_headers(blog: Blog) -> None:
    statuses = set()
    for number in range(12):
        event = comment_request(content=f"Number {number}.", headers={"x-forwarded-for": f"10.0.0.{number}"})
        statuses.add(write_comments.handler(event, Context())["statusCode"])
    assert 429 in statuses


@pytest.mark.usefixtures("one_minute")
@pytest.mark.parametrize(("proof", "limited"), [("o" * 64, False), ("wrong", True)])
def test_behind_the_cdn_the_ip_address_is_the_viewers(
    blog: Blog, configure: Configure, proof: str, limited: bool
) -> None:
    boto3.client("secretsmanager").create_secret(Name="kolom-originsecret", SecretString="o" * 64)
    configure(origin_secret_name="kolom-originsecret")
    signing.get_origin_secrets.cache_clear()
    statuses = set()
    for number in range(12):
        headers = {"x-kolom-viewer": f"10.0.{number}.1", "x-kolom-origin": proof}
        event = comment_request(content=f"Number {number}.", headers=headers)
        statuses.add(write_comments.handler(event, Context())["statusCode"])
    signing.get_origin_secrets.cache_clear()
    assert (429 in statuses) == limited


def test_every_item_of_the_guard_table_expires(blog: Blog, configure: Configure) -> None:
    configure(proof_of_work="altcha")
    challenge = call(write_comments.handler, request("/api/form-token")).json["challenge"]
    comment = blog.post_stored("A text that is long enough to be compared.", altcha=solved(challenge))
    bans.ban(comment.id, days=1, whole_network=False, now=datetime.now(UTC))
    kinds = {item["key"]["S"].split("#")[0] for item in stored("guard")}
    assert kinds == {"once", "tally", "sender", "used", "ban"}
    assert all(int(item["expires_at"]["N"]) > datetime.now(UTC).timestamp() for item in stored("guard"))
