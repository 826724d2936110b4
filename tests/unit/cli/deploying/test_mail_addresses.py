"""The addresses of a stack's mail."""

import pytest

from kolom.errors import KolomError
from kolom_cli.deploying.mail.addresses import Addresses, is_of_provider, normalize, read_addresses


def test_mail_comes_from_the_owner_without_another_sender() -> None:
    found = read_addresses({"OwnerEmail": "Me@Example.COM"})
    assert found == Addresses(owner="Me@example.com", sender="Me@example.com", identity="")
    assert read_addresses({}) == Addresses(owner="", sender="", identity="")


def test_an_identity_of_another_sender_is_left_out() -> None:
    for name, expected in (("Example.COM.", "example.com"), ("other.example", ""), ("a.b@Example.com", "")):
        assert read_addresses({"MailFrom": "me@blog.example.com", "MailIdentity": name}).identity == expected


def test_domains_are_in_lower_case_ascii() -> None:
    assert normalize("MailFrom", "blog@BÜCHER.example") == "blog@xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("address", "reason"),
    [("me", "must have an @-sign"), ("me@localhost", "should have a period"), ("bü@example.com", "only ASCII")],
    ids=["no domain", "no public domain", "local part"],
)
def test_an_address_that_ses_cannot_use_is_refused(address: str, reason: str) -> None:
    with pytest.raises(KolomError, match=reason) as caught:
        normalize("MailFrom", address)
    assert str(caught.value).startswith("MailFrom: ")


def test_permitted_identities_and_parent_domains() -> None:
    found = Addresses(owner="", sender="me@a.blog.example.com", identity="blog.example.com")
    assert found.permitted == ("blog.example.com", "me@a.blog.example.com", "a.blog.example.com")
    assert found.parents == ("blog.example.com", "example.com")


def test_domains_of_mail_providers_are_recognized() -> None:
    for domain in (
        *("gmail.com", "yahoo.co.id", "outlook.de", "proton.me", "gmx.net", "qq.com", "web.de", "mail.ru", "posteo.de"),
        *("comcast.net", "free.fr", "laposte.net", "tuta.com", "seznam.cz", "btinternet.com", "zohomail.com"),
    ):
        assert is_of_provider(f"me@{domain}"), domain
    for domain in (
        *("example.com", "mail.example.com", "notgmail.com", "gmail.com.example", "live.example.com"),
        *("me.org", "hey.org", "live.dev", "hanmail.com"),
    ):
        assert not is_of_provider(f"me@{domain}"), domain
