"""Count the images, videos and audio files that an imported article embeds from other sites."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class RemoteMedia:
    """A ``resolve`` function for :func:`kolom.rendering.renderer.render` that counts the embedded media of other sites.

    ``resolve`` maps every URL to its replacement. The renderer does not pass links with a scheme, so each absolute URL
    is that of an image, a video or an audio file.
    """

    resolve: Callable[[str], str] = str
    urls: set[str] = field(default_factory=set)

    def __call__(self, url: str) -> str:
        """Return the replacement of ``url``."""
        resolved = self.resolve(url)
        if resolved.lower().startswith(("http://", "https://", "//")):
            self.urls.add(resolved)
        return resolved

    @property
    def count(self) -> int:
        """The number of distinct URLs."""
        return len(self.urls)
