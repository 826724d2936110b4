"""Frames: the players of known video hosts, rebuilt from checked parts; of all others a link remains."""

import re
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from kolom.rendering.html_tokenizer import names


class Player(NamedTuple):
    """A frame that may stand on the page: its URL and a title for those who cannot see it."""

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
"""What may be asked of a player: where to begin, captions, lists, the key of an unlisted video. Not ``autoplay``."""


def player(src: str) -> Player | None:
    """The player that a frame's ``src`` shows, or ``None`` if it is none of a known host.

    Only the host and the path decide; ``http:`` and ``//`` become ``https:``.
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
    """What can be linked in place of a frame: its URL if it is of ``https:`` (or ``//``, which is made so)."""
    if src.startswith("//"):
        src = f"https:{src}"
    return src if src.lower().startswith("https://") else None
