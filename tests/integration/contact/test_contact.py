"""The contact form: accepted and rejected input, idempotency, and HTML forms without JavaScript."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.submit_contact import app as submit_contact
from kolom.contact import repository as messages
from kolom.contact import submission
from kolom.contact.schemas import MessageIn
from kolom.models.guard import GuardRecord
from kolom.security import bans, signing
from kolom.security.client_address import ClientId
from kolom.submissions import form_tokens
from kolom.submissions.pipeline import RequestContext
from tests.factories import contact_request, form_request, multipart_request, request
from tests.integration.conftest import Configure, FaultInjector, RefusedCalls
from tests.integration.contact.conftest import ContactForm
from tests.integration.handlers import Response, call, stored


def multipart(*parts: str, language: str = "en") -> Response:
    """Send the form as multipart."""
    event = multipart_request("/api/contact", *parts, headers={"accept-language": language})
    return call(submit_contact.handler, event)


def form(fields: dict[str, str], **headers: str) -> Response:
    """Submit the HTML form."""
    return call(submit_contact.handler, form_request("/api/contact", fields, headers=headers))


def test_a_message_and_its_mail_are_stored_before_the_confirmation(contact_form: ContactForm) -> None:
    answer = contact_form.submit("Apa kabar?", name="Budi", subject="Salam")
    assert (answer.status, answer.json["status"], set(answer.json)) == (201, "received", {"id", "status"})
    assert answer.headers["Cache-Control"] == "no-store"
    message = messages.get(answer.json["id"])
    assert (message.name, message.email, message.subject) == ("Budi", "budi@example.com", "Salam")
    assert (message.message, message.status) == ("Apa kabar?", "new")
    (mail,) = stored("outbox")
    assert (mail["id"]["S"], mail["status"]["S"]) == (f"contact#{message.id}", "waiting")
    assert "budi" not in json.dumps(mail)


def test_name_and_subject_are_optional(contact_form: ContactForm) -> None:
    for empty in ({}, {"name": "", "subject": ""}, {"name": None, "subject": None}, {"name": "  "}):
        message = contact_form.submit_stored(f"Without: {empty}", **empty)
        assert (message.name, message.subject) == (None, None)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"email": ""}, "email"),
        ({"email": None}, "email"),
        ({"email": 7}, "email"),
        ({"email": "a" * 250 + "@example.com"}, "email"),
        ({"message": ""}, "message"),
        ({"message": " \n\u200b"}, "message"),
        ({"message": "x" * 10_001}, "message"),
        ({"message": None}, "message"),
        ({"message": ["x"]}, "message"),
        ({"name": "x" * 101}, "name"),
        ({"name": "Budi\nBcc: a@example.com"}, "name"),
        ({"name": "Budi\x00"}, "name"),
        ({"subject": "x" * 201}, "subject"),
        ({"subject": "Salam\r\nBcc: a@example.com"}, "subject"),
        ({"subject": "Salam\u2028Bcc: a@example.com"}, "subject"),
        ({"subject": {"a": 1}}, "subject"),
        ({"form_token": "no token"}, "form_token"),
    ],
    ids=str,
)
def test_an_invalid_field_is_named(contact_form: ContactForm, fields: dict[str, Any], wrong: str) -> None:
    answer = contact_form.submit(**fields)
    assert (answer.status, answer.fields) == (422, {wrong})
    assert (stored("messages"), stored("outbox")) == ([], [])


def test_the_form_page_states_the_length_limits(contact_form: ContactForm) -> None:
    form = form_request("/api/contact", {"email": "budi@example.com", "message": "Hello.", "subject": "x" * 201})
    form["headers"]["accept-language"] = "en"
    answer = call(submit_contact.handler, form)
    assert answer.status == 422
    assert "Please keep the subject on one line, up to 200 characters." in answer.body


@pytest.mark.parametrize("missing", ["email", "message"])
def test_address_and_message_are_required(contact_form: ContactForm, missing: str) -> None:
    fields = {"email": "budi@example.com", "message": "Hello."}
    del fields[missing]
    event = request(
        "/api/contact", method="POST", headers={"content-type": "application/json"}, body=json.dumps(fields)
    )
    answer = call(submit_contact.handler, event)
    assert (answer.status, answer.fields) == (422, {missing})


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("[]", "application/json", 422),
        ("null", "application/json", 422),
        ("x", "text/plain", 415),
        ('{"message": "' + "x" * 70_000 + '"}', "application/json", 413),
    ],
    ids=["broken", "list", "null", "text", "large"],
)
def test_an_invalid_body_is_answered_with_a_problem(
    contact_form: ContactForm, body: str, kind: str, status: int
) -> None:
    answer = call(
        submit_contact.handler, request("/api/contact", method="POST", headers={"content-type": kind}, body=body)
    )
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert stored("messages") == []


def test_the_same_key_returns_the_same_message(contact_form: ContactForm) -> None:
    first = contact_form.submit("Once.", headers={"idempotency-key": "k"})
    again = contact_form.submit("Once.", headers={"idempotency-key": "k"})
    assert (first.status, first.json) == (again.status, again.json)
    assert (len(stored("messages")), len(stored("outbox"))) == (1, 1)
    other = contact_form.submit("Something else.", headers={"idempotency-key": "k"})
    assert (other.status, other.fields) == (422, {"Idempotency-Key"})


def test_without_a_key_a_repeated_text_of_a_client_is_one_message(contact_form: ContactForm) -> None:
    ids = {contact_form.submit("Same.", address="10.0.0.1").json["id"] for _ in range(3)}
    ids.add(contact_form.submit("Same.", address="10.0.0.2").json["id"])
    assert len(ids) == len(stored("messages")) == 2


def test_a_key_of_256_characters_is_rejected(contact_form: ContactForm) -> None:
    assert contact_form.submit(headers={"idempotency-key": "a" * 256}).fields == {"Idempotency-Key"}


def test_forty_concurrent_equal_submissions_are_one_message(contact_form: ContactForm) -> None:
    event = contact_request(message="At once.", headers={"idempotency-key": "same"})
    message = MessageIn(**json.loads(event["body"])).to_new_message()
    context, now = RequestContext.from_event(event), datetime.now(UTC)
    with ThreadPoolExecutor(40) as pool:
        ids = {each.id for each in pool.map(lambda _: submission.submit(message, context, now=now), range(40))}
    assert len(ids) == 1
    assert (len(stored("messages")), len(stored("outbox"))) == (1, 1)


def test_a_throttled_submission_stores_nothing_and_can_be_repeated(
    contact_form: ContactForm, faults: RefusedCalls, configure: Configure
) -> None:
    """The repetition does not count against the limits, even if they are reached."""
    configure(comments_per_minute=1)
    faults.throttle("TransactWriteItems", 20)
    answer = contact_form.submit("Later.", address="10.0.0.1", headers={"idempotency-key": "k"})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert stored("messages") == []
    faults.clear()
    assert contact_form.submit("Later.", address="10.0.0.1", headers={"idempotency-key": "k"}).status == 201


@pytest.mark.parametrize(("kind", "persistent"), FaultInjector.CASES)
def test_whichever_call_fails_a_message_is_stored_and_confirmed_or_neither(
    contact_form: ContactForm, injector: FaultInjector, kind: str, persistent: bool
) -> None:
    expected: set[str] = set()
    for number in range(40):
        sent = {"message": f"Number {number} of the messages that were sent.", "address": f"10.{number}.0.1"}
        sent["headers"] = {"idempotency-key": f"k{number}"}  # type: ignore[assignment]
        injector.fail_at(number, kind, persistent=persistent)
        answer = contact_form.submit(**sent)
        reached = injector.calls > number
        injector.fail_at(None, kind, persistent=persistent)
        if answer.status == 201:
            expected.add(answer.json["id"])
        else:
            assert (answer.status, reached) == (503, True)
        if kind != "cut after" or not persistent:
            # If the response of the last write is lost for good, only the next attempt can find out that it was stored.
            assert {item["id"]["S"] for item in stored("messages")} == expected
        expected.add(contact_form.submit(**sent).json["id"])
        assert {item["id"]["S"] for item in stored("messages")} == expected
        assert len(stored("outbox")) == len(expected)
        if not reached:
            assert number == 4
            return
    raise AssertionError("it never ends")


def test_a_filled_honeypot_looks_accepted_and_is_stored_as_spam_without_mail(contact_form: ContactForm) -> None:
    answer = contact_form.submit("Buy!", website_url="https://spam.example")
    assert (answer.status, answer.json["status"]) == (201, "received")
    message = messages.get(answer.json["id"])
    assert (message.status, message.reasons[0].split(":")[0]) == ("spam", "honeypot")
    assert message.expires_at < (datetime.now(UTC) + timedelta(days=31)).timestamp()
    assert stored("outbox") == []


def test_a_suspicious_message_is_mailed_with_its_reasons(contact_form: ContactForm) -> None:
    message = contact_form.submit_stored("See https://a.example and https://b.example")
    assert (message.status, message.reasons[0].split(":")[0]) == ("new", "links")
    assert len(stored("outbox")) == 1


def test_blocked_words_and_banned_senders_are_silently_marked_as_spam(
    contact_form: ContactForm, configure: Configure
) -> None:
    configure(blocked_words="casino")
    assert contact_form.submit_stored("Best of all", subject="CASINO!").status == "spam"
    banned, _ = bans.ban_keys(ClientId.from_ip("10.0.0.1", signing.load_keys()))
    GuardRecord(banned, expires_at=int(datetime.now(UTC).timestamp()) + 60).save()
    assert contact_form.submit_stored("Rude again.", address="10.0.0.1").status == "spam"


def test_a_sender_stays_banned_after_a_key_rotation(contact_form: ContactForm, monkeypatch: pytest.MonkeyPatch) -> None:
    old = signing.load_keys()
    banned, _ = bans.ban_keys(ClientId.from_ip("10.0.0.1", old))
    GuardRecord(banned, expires_at=int(datetime.now(UTC).timestamp()) + 60).save()
    rotated = signing.SigningKeys("2", {**old.keys, "2": "f" * 64}, retired=frozenset(old.keys))
    monkeypatch.setattr(signing, "load_keys", lambda: rotated)
    assert contact_form.submit_stored("Rude again.", address="10.0.0.1").status == "spam"


def test_a_sender_and_a_network_have_a_limit_of_messages_a_day(
    contact_form: ContactForm, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each message causes a mail: one sender must not use up the sending quota of the site."""
    configure(comments_per_minute=2)
    start = datetime(2026, 3, 4, tzinfo=UTC)

    def statuses(*addresses: str) -> list[int]:
        answers = []
        for number, address in enumerate(addresses):
            clock = SimpleNamespace(now=lambda _, hours=number: start + timedelta(hours=hours))
            monkeypatch.setattr(submit_contact, "datetime", clock)
            answers.append(contact_form.submit(f"Number {number} from {address}.", address=address))
        return [answer.status for answer in answers]

    assert statuses(*["10.0.0.1"] * 5) == [201] * 4 + [429]
    assert statuses(*(f"10.0.0.{number}" for number in range(2, 7))) == [201] * 4 + [429]
    assert statuses("10.0.1.1") == [201]


@pytest.mark.usefixtures("one_minute")
def test_a_rate_limited_sender_gets_retry_after(contact_form: ContactForm, configure: Configure) -> None:
    configure(comments_per_minute=2)
    answers = [contact_form.submit(f"Number {n}.", address="10.0.0.1", website_url="x" if n else "") for n in range(4)]
    assert [answer.status for answer in answers] == [201, 201, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_form_tokens_and_proof_of_work_apply_as_for_comments(contact_form: ContactForm, configure: Configure) -> None:
    token = form_tokens.create_token(
        signing.load_keys(), now=datetime.now(UTC) - timedelta(minutes=1), with_challenge=False
    ).token
    assert contact_form.submit_stored("With.", form_token=token).reasons == ()
    configure(form_token="required")
    assert contact_form.submit("Without.").fields == {"form_token"}
    configure(form_token="optional", proof_of_work="altcha")
    assert contact_form.submit("Without work.").fields == {"altcha"}


def test_without_an_owner_address_a_message_is_stored_but_not_mailed(
    contact_form: ContactForm, configure: Configure
) -> None:
    configure(owner_email="")
    assert contact_form.submit_stored().status == "new"
    assert stored("outbox") == []


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_a_form_is_answered_with_a_confirmation_page(contact_form: ContactForm, kind: str) -> None:
    fields = {"name": "Budi", "email": "budi@example.com", "message": "Baris satu\r\nBaris dua", "subject": ""}
    if kind == "urlencoded":
        answer = form(fields, **{"accept-language": "id"})
    else:
        answer = multipart(*(f'name="{name}"\r\n\r\n{value}' for name, value in fields.items()), language="id")
    assert (answer.status, answer.headers["Content-Type"]) == (201, "text/html; charset=utf-8")
    assert "Terima kasih atas pesan Anda" in answer.body
    (item,) = stored("messages")
    assert item["message"]["S"].split() == ["Baris", "satu", "Baris", "dua"]


@pytest.mark.usefixtures("contact_form")
class TestAnUnknownField:
    """An owner's form may have more fields than Kolom stores. A 201 would hide that their values are lost."""

    SENT: Final = {"email": "budi@example.com", "message": "Hello."}

    def test_is_named_and_nothing_is_stored(self, contact_form: ContactForm) -> None:
        answer = contact_form.submit("Hello.", phone="0812", budget=7)
        assert (answer.status, answer.fields) == (422, {"phone", "budget"})
        assert (stored("messages"), stored("outbox")) == ([], [])

    def test_of_a_plain_form_is_named_on_the_page_with_what_was_written(self) -> None:
        for language, words in (("en", "the site does not know: phone"), ("id", "tidak dikenal situs: phone")):
            answer = form(self.SENT | {"phone": "<b>0812</b>"}, **{"accept-language": language})
            assert answer.status == 422
            assert words in answer.body
            assert "Hello." in answer.body
            assert "<b>0812" not in answer.body
        assert stored("messages") == []

    @pytest.mark.parametrize("name", ["attachment", "message"])
    @pytest.mark.parametrize("filename", ["cv.pdf", ""])
    def test_that_is_a_file_is_rejected(self, name: str, filename: str) -> None:
        """Browsers send an empty file name where no file is chosen."""
        email, message = 'name="email"\r\n\r\nbudi@example.com', 'name="message"\r\n\r\nHello.'
        answer = multipart(email, message, f'name="{name}"; filename="{filename}"\r\n\r\n%PDF')
        assert answer.status == 422
        assert "budi@example.com" in answer.body
        assert "%PDF" not in answer.body
        assert stored("messages") == []

    def test_that_begins_with_an_underscore_is_ignored(self, contact_form: ContactForm) -> None:
        assert form(self.SENT | {"_charset_": "UTF-8", "_next": "/thanks/"}).status == 201
        email, message = 'name="email"\r\n\r\nbudi@example.com', 'name="message"\r\n\r\nAgain.'
        assert multipart(email, message, 'name="_file"; filename="a.txt"\r\n\r\nx').status == 201
        assert contact_form.submit("Once more.", _gotcha="").status == 201


def test_a_form_redirects_to_the_site_and_allowed_origins_only(contact_form: ContactForm, configure: Configure) -> None:
    configure(allowed_origins="https://friend.example")
    fields = {"email": "a@example.com"}
    for number, (target, location) in enumerate(
        [
            ("/thanks/?a=b", "/thanks/?a=b"),
            ("https://blog.example/x", "https://blog.example/x"),
            ("https://friend.example/", "https://friend.example/"),
            ("https://evil.example/", None),
            ("//evil.example/", None),
            ("/\\evil.example", None),
            ("https://friend.example.evil.example/", None),
            ("https://friend.example@evil.example/", None),
            ("javascript:alert(1)", None),
            ("/a\r\nSet-Cookie: x=1", None),
        ]
    ):
        answer = form({**fields, "message": f"Number {number}.", "redirect": target})
        assert (answer.status, answer.headers.get("Location")) == ((303, location) if location else (201, None))


@pytest.mark.parametrize(
    ("preferred", "language", "words"),
    [
        ("id-ID,id;q=0.9", "id", "satu alamat surel"),
        ("fr, en;q=0.5, id;q=0.2", "en", "one email address"),
        ("id;q=0, en", "en", "one email address"),
        ("fr", "id", "satu alamat surel"),
        (";q=x,,;;", "id", "satu alamat surel"),
    ],
)
def test_an_invalid_form_is_shown_again_in_the_visitors_language(
    contact_form: ContactForm, preferred: str, language: str, words: str
) -> None:
    fields = {"name": "<b>Budi</b>", "email": "nobody", "subject": 'a "b"', "message": "x" * 10_001, "redirect": "/x"}
    answer = form(fields, **{"accept-language": preferred})
    assert (answer.status, answer.headers["Content-Language"]) == (422, language)
    assert words in answer.body
    assert 'value="nobody"' in answer.body
    assert 'value="a &#34;b&#34;"' in answer.body
    assert "x" * 10_001 in answer.body
    assert "&lt;b&gt;Budi" in answer.body
    assert "<b>Budi" not in answer.body
    assert 'name="redirect" value="/x"' in answer.body
    for name in ("email", "message"):
        assert f'id="field-{name}-error"' in answer.body
        assert f'href="#field-{name}"' in answer.body
    assert 'id="field-name-error"' not in answer.body
    assert stored("messages") == []


@pytest.mark.parametrize(("message", "status"), [("x" * 70_000, 413), ("%ff", 400)], ids=["large", "bytes"])
def test_an_unreadable_form_is_answered_with_a_link_back(contact_form: ContactForm, message: str, status: int) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "accept-language": "en"}
    answer = call(
        submit_contact.handler, request("/api/contact", method="POST", headers=headers, body=f"message={message}")
    )
    assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert "go back in your browser" in answer.body
    assert 'class="form"' not in answer.body
    assert stored("messages") == []


@pytest.mark.usefixtures("one_minute")
def test_a_rate_limited_form_is_shown_again_with_its_input(contact_form: ContactForm, configure: Configure) -> None:
    configure(comments_per_minute=1)
    answers = [form({"email": "a@example.com", "message": f"Number {n}."}, **{"accept-language": "en"}) for n in (1, 2)]
    assert [answer.status for answer in answers] == [201, 429]
    assert int(answers[1].headers["Retry-After"]) > 0
    assert "Number 2." in answers[1].body
    assert "wait a moment" in answers[1].body


@pytest.mark.parametrize(("first_hour", "waiting_time"), [(0, "22 hours"), (21, "60 minutes")])
def test_a_form_over_the_daily_limit_says_how_long_to_wait(
    configure: Configure, monkeypatch: pytest.MonkeyPatch, secret: str, first_hour: int, waiting_time: str
) -> None:
    configure(comments_per_minute=1)
    answers = []
    for number in range(3):
        now = datetime(2026, 3, 4, first_hour + number, tzinfo=UTC)
        monkeypatch.setattr(submit_contact, "datetime", SimpleNamespace(now=lambda _, now=now: now))
        fields = {"email": "a@example.com", "message": f"Number {number}."}
        answers.append(form(fields, **{"accept-language": "en"}))
    assert [answer.status for answer in answers] == [201, 201, 429]
    assert f"Please try again in {waiting_time}." in answers[-1].body


def test_no_response_contains_personal_data(contact_form: ContactForm) -> None:
    answer = contact_form.submit("Private words.", name="Budi Private", email="private@mail.example")
    again = contact_form.submit("Private words.", name="Budi Private", email="private@mail.example")
    for each in (answer, again):
        assert not {word for word in ("private", "Private", "mail.example") if word in each.body + str(each.headers)}


@settings(max_examples=settings().max_examples // 2)
@given(
    name=st.text(max_size=120),
    subject=st.text(max_size=220),
    message=st.text(max_size=400),
    email=st.text() | st.just("budi@example.com"),
)
def test_any_input_is_accepted_or_rejected_by_field_and_never_fails(
    contact_form: ContactForm, name: str, subject: str, message: str, email: str
) -> None:
    answer = contact_form.submit(message, name=name, subject=subject, email=email)
    assert answer.status in {201, 422}
    assert answer.status == 201 or answer.fields <= {"name", "subject", "message", "email"}
