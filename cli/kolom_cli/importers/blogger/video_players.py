"""Films in a post, while its markup still has all that Blogger wrote: old players become frames that browsers show."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from kolom.rendering.html_tokenizer import End, Start, Token, unescape

_YOUTUBE: Final = re.compile(r"(?:youtube(?:-nocookie|\.googleapis)?\.com/(?:v|embed)/|youtu\.be/)([\w-]{5,20})")
_OF_OLD_PLAYERS: Final = frozenset(("object", "param", "embed"))
_BLOGGERS_CLASS: Final = "BLOG_video_class"
_BLOGGERS_FRAME: Final = "blogger.com/video"


@dataclass(slots=True)
class VideoPlayers:
    """Puts YouTube's player of today in place of those that Flash showed. ``notes`` tell what cannot be shown here."""

    notes: list[str] = field(default_factory=list)
    _shown: str = ""  # the film of the last old player
    _kept_at_blogger: bool = False  # whether the open <object> shows a film of Blogger's, as far as can be told by now

    def replaced(self, tokens: Iterable[Token]) -> Iterator[Token]:
        """The tokens of a post with players that work. All that is no player stays."""
        for token in tokens:
            match token:
                case Start(name) if name in _OF_OLD_PLAYERS:
                    yield from self._old(token)
                case Start("iframe", attributes):
                    yield self._frame(attributes)
                case Start("script"):
                    self._note("left out a script")
                    yield token
                case End("object"):
                    self._end_object()
                case _:
                    yield token
        self._end_object()

    def _old(self, tag: Start) -> Iterator[Token]:
        """The player, once for a film of which both ``<object>`` and the ``<embed>`` in it speak."""
        if tag.name == "object":
            self._end_object()
            self._kept_at_blogger = _is_bloggers(tag.attributes)
        found = _YOUTUBE.search(unescape(" ".join(tag.attributes.values())))
        if found is None:
            if not self._kept_at_blogger and (address := _film(tag)):
                self._note(f"had a film in a player that browsers no longer have: left out {address}")
            return
        self._kept_at_blogger = False
        if found[1] != self._shown:
            yield Start("iframe", {"src": f"https://www.youtube.com/embed/{found[1]}"})
            yield End("iframe")
        self._shown = "" if tag.name == "embed" else found[1]

    def _end_object(self) -> None:
        if self._kept_at_blogger:
            self._note("had a film that Blogger keeps, in a player that browsers no longer have: it is left out")
        self._kept_at_blogger, self._shown = False, ""

    def _frame(self, attributes: dict[str, str]) -> Start:
        source = attributes.get("src", "")
        if _YOUTUBE.search(source) or not (_is_bloggers(attributes) or _BLOGGERS_FRAME in source):
            return Start("iframe", attributes)
        self._note("shows a film that Blogger keeps: there is a link to it here")
        return Start("iframe", attributes | {"src": re.sub("^http:", "https:", source)})

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _film(tag: Start) -> str:
    """The address that an old player names, without what may be secret in it; empty if it names none."""
    is_film = tag.name != "param" or tag.attributes.get("name", "").lower() in {"movie", "src"}
    address = next((tag.attributes[key] for key in ("src", "data", "value") if tag.attributes.get(key)), "")
    return unescape(address)[:200] if is_film else ""


def _is_bloggers(attributes: dict[str, str]) -> bool:
    return _BLOGGERS_CLASS in attributes.get("class", "").split()
