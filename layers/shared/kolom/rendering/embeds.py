"""Embedded frames: players of known video hosts, rebuilt from validated parts, and links in place of other frames."""

import re
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from kolom.rendering.html_tokenizer import names


class Player(NamedTuple):
    """An allowed frame: its URL, and a title for screen readers."""

    src: str
    title: str


class _Host(NamedTuple):
    name: str
    base: str
    path: re.Pattern[str]


_YOUTUBE: Final = _Host("YouTube", "https://www.youtube-nocookie.com", re.compile(r"/embed/[\w-]{1,64}", re.ASCII))
_VIMEO: Final = _Host("Vimeo", "https://player.vimeo.com", re.compile(r"/video/\d{1,20}", re.ASCII))
_DAILYMOTION: Final = _Host(
    "Dailymotion", "https://www.dailymotion.com", re.compile(r"/embed/(video/|playlist/)?\w{1,64}", re.ASCII)
)
_HOSTS: Final = {
    "youtube.com": _YOUTUBE,
    "www.youtube.com": _YOUTUBE,
    "youtube-nocookie.com": _YOUTUBE,
    "www.youtube-nocookie.com": _YOUTUBE,
    "player.vimeo.com": _VIMEO,
    "dailymotion.com": _DAILYMOTION,
    "www.dailymotion.com": _DAILYMOTION,
}
_PARAMETERS: Final = names("cc_lang_pref cc_load_policy end h hl list listType loop playlist rel start t")
"""Allowed parameters of a player: start time, captions, playlists, the key of an unlisted video. Not ``autoplay``."""


def player(src: str) -> Player | None:
    """Return the player for the ``src`` of a frame; None for an unknown host.

    The host and the path must be known, and only :data:`_PARAMETERS` are kept. ``http:`` and ``//`` become ``https:``.
    """
    try:
        parts = urlsplit(src)
        port = parts.port
    except ValueError:
        return None
    host = _HOSTS.get(parts.netloc.lower())
    if host is None or port is not None or parts.scheme not in {"", "http", "https"}:
        return None
    if not host.path.fullmatch(parts.path):
        return None
    query = urlencode([(key, value) for key, value in parse_qsl(parts.query) if key in _PARAMETERS])
    return Player(host.base + parts.path + (f"?{query}" if query else ""), host.name)


def link(src: str) -> str | None:
    """Return the URL to link in place of a frame: an ``https:`` URL (``//`` becomes ``https:``), or None."""
    if src.startswith("//"):
        src = f"https:{src}"
    return src if src.lower().startswith("https://") else None
