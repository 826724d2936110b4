"""Read the name of a domain as people write it."""

import re
from typing import Final
from urllib.parse import urlsplit

import idna

from kolom.errors import KolomError

MAX_LENGTH: Final = 64
"""The longest name that ACM accepts as the first name of a certificate."""

_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_RESERVED: Final = frozenset({"arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"})
_OF_AWS: Final = (".cloudfront.net", ".amazonaws.com")
_PATTERN: Final = "a name such as blog.example.com"


def parse_domain(text: str) -> str:
    """Return the name in ASCII and lower case, without a final dot. An empty text stays empty.

    :raises KolomError: it cannot be the name of a public site
    """
    given = text.strip()
    if not given:
        return ""
    if re.search(r"[/?#@:]", given):
        raise KolomError(f"--domain needs {_PATTERN}, not a URL: got {given!r}{_suggestion(given)}")
    if "*" in given:
        raise KolomError(f"--domain needs {_PATTERN}: a site cannot have the wildcard {given!r}")
    try:
        name = idna.encode(given, uts46=True).decode().removesuffix(".")
    except UnicodeError as error:
        raise KolomError(f"--domain needs {_PATTERN}: {given!r} is not a valid name ({error})") from error
    labels = name.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or not all(_LABEL.fullmatch(label) for label in labels):
        raise KolomError(f"--domain needs {_PATTERN}: got {given!r}")
    if len(name) > MAX_LENGTH:
        raise KolomError(f"--domain: a certificate is for at most {MAX_LENGTH} characters, {name} has {len(name)}")
    if labels[-1] in _RESERVED:
        raise KolomError(f"--domain: names that end in .{labels[-1]} are not public, so {name} gets no certificate")
    if name.endswith(_OF_AWS):
        raise KolomError(f"--domain: {name} belongs to AWS; leave out --domain to use the URL of the distribution")
    return name


def suffixes(name: str) -> tuple[str, ...]:
    """Return the name and its parents with at least two labels, the longest first."""
    labels = name.split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels) - 1))


def _suggestion(url: str) -> str:
    try:
        host = urlsplit(url if "://" in url else f"//{url}").hostname
    except ValueError:
        host = None
    return f"; use --domain {host}" if host else ""
