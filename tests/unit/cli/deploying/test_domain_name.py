"""The names that `--domain` accepts."""

import pytest

from kolom.errors import KolomError
from kolom_cli.deploying.domain_name import parse_domain, suffixes


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("blog.example.com", "blog.example.com"),
        (" Blog.EXAMPLE.com. ", "blog.example.com"),
        ("bücher.example.com", "xn--bcher-kva.example.com"),
        ("faß.example.com", "xn--fa-hia.example.com"),
        ("blog。example。com。", "blog.example.com"),
        ("xn--bcher-kva.example.com", "xn--bcher-kva.example.com"),
        ("", ""),
        ("  ", ""),
    ],
    ids=["plain", "case and dot", "umlaut", "sharp s", "ideographic dots", "punycode", "empty", "blank"],
)
def test_a_name_is_in_ascii_and_lower_case_without_a_final_dot(given: str, name: str) -> None:
    assert parse_domain(given) == name


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("https://Blog.example.com/x", "not a URL: got 'https://Blog.example.com/x'; use --domain blog.example.com"),
        ("blog.example.com/", "use --domain blog.example.com"),
        ("blog.example.com:8443", "use --domain blog.example.com"),
        ("me@example.com", "use --domain example.com"),
        ("http://[::1", "not a URL: got 'http://[::1'"),
        ("*.example.com", "cannot have the wildcard"),
        ("example", "got 'example'"),
        ("192.0.2.1", "got '192.0.2.1'"),
        ("my_blog.example.com", "is not a valid name"),
        ("-blog.example.com", "is not a valid name"),
        ("blog..example.com", "is not a valid name"),
        ("my blog.example.com", "is not a valid name"),
        ("xn--a.example.com", "is not a valid name"),
        ("caf\udce9.example.com", "is not a valid name"),
        ("a" * 64 + ".example.com", "is not a valid name"),
        (f"{'a' * 30}.{'b' * 30}.example.com", "at most 64 characters"),
        ("blog.local", "names that end in .local are not public"),
        ("d1.cloudfront.net", "belongs to AWS"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_other_text_is_refused_with_a_reason(given: str, said: str) -> None:
    with pytest.raises(KolomError) as raised:
        parse_domain(given)
    assert said in str(raised.value)
    assert str(raised.value).startswith("--domain")


def test_the_parents_of_a_name_have_at_least_two_labels() -> None:
    assert suffixes("a.b.example.com") == ("a.b.example.com", "b.example.com", "example.com")
