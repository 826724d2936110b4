"""Replace old video players in the markup of a post by frames that current browsers support."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from kolom.rendering.html_tokenizer import End, Start, Token, unescape

_YOUTUBE: Final = re.compile(r"(?:youtube(?:-nocookie|\.googleapis)?\.com/(?:v|embed)/|youtu\.be/)([\w-]{5,20})")
_OLD_PLAYER_TAGS: Final = frozenset(("object", "param", "embed"))
_BLOGGER_CLASS: Final = "BLOG_video_class"
_BLOGGER_FRAME: Final = "blogger.com/video"


@dataclass(slots=True)
class VideoPlayers:
    """Replaces YouTube's Flash players by the current one, and removes all other embedded objects.

    ``notes`` list what is removed or becomes a link, here or later: scripts and frames that cannot be embedded stay in
    the tokens, until :mod:`kolom.rendering` removes the scripts and replaces the frames by links.
    """

    notes: list[str] = field(default_factory=list)
    _last_video: str = ""  # the video of the last old player, as long as its <object> is open
    _is_hosted_by_blogger: bool = False  # whether the open <object> embeds a video that Blogger hosts, as far as known

    def replace(self, tokens: Iterable[Token]) -> Iterator[Token]:
        """Yield the tokens of a post with working players.

        The tags ``<object>``, ``<param>`` and ``<embed>`` are removed. Frames of Blogger's videos get a secure URL. All
        other tokens stay as they are.
        """
        for token in tokens:
            match token:
                case Start(name) if name in _OLD_PLAYER_TAGS:
                    yield from self._replace_old_player(token)
                case Start("iframe", attributes):
                    yield self._replace_frame(attributes)
                case Start("script"):
                    self._note("removed a script")
                    yield token
                case End("object"):
                    self._end_object()
                case _:
                    yield token
        self._end_object()

    def _replace_old_player(self, tag: Start) -> Iterator[Token]:
        """Yield a frame with the video, only once if both ``<object>`` and its ``<embed>`` contain the URL."""
        if tag.name == "object":
            self._end_object()
            self._is_hosted_by_blogger = _is_blogger_player(tag.attributes)
        found = _YOUTUBE.search(unescape(" ".join(tag.attributes.values())))
        if found is None:
            if not self._is_hosted_by_blogger and (url := _video_url(tag)):
                self._note(f"removed an embedded object, such as a player that browsers no longer support: {url}")
            return
        self._is_hosted_by_blogger = False
        if found[1] != self._last_video:
            yield Start("iframe", {"src": f"https://www.youtube.com/embed/{found[1]}"})
            yield End("iframe")
        self._last_video = "" if tag.name == "embed" else found[1]

    def _end_object(self) -> None:
        if self._is_hosted_by_blogger:
            self._note("removed a video hosted by Blogger, because browsers no longer support its player")
        self._is_hosted_by_blogger, self._last_video = False, ""

    def _replace_frame(self, attributes: dict[str, str]) -> Start:
        source = attributes.get("src", "")
        if _YOUTUBE.search(source) or not (_is_blogger_player(attributes) or _BLOGGER_FRAME in source):
            return Start("iframe", attributes)
        self._note("a video hosted by Blogger is replaced by a link to it")
        return Start("iframe", attributes | {"src": re.sub("^http:", "https:", source)})

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _video_url(tag: Start) -> str:
    """Return the URL of an old player's video, cut to 200 characters; empty if the tag has none.

    Other parameters of the player are not read, because they may contain secrets.
    """
    is_video = tag.name != "param" or tag.attributes.get("name", "").lower() in {"movie", "src"}
    url = next((tag.attributes[key] for key in ("src", "data", "value") if tag.attributes.get(key)), "")
    return unescape(url)[:200] if is_video else ""


def _is_blogger_player(attributes: dict[str, str]) -> bool:
    return _BLOGGER_CLASS in attributes.get("class", "").split()
