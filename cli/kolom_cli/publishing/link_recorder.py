"""Record the links of a text while the renderer replaces them."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class LinkRecorder:
    """A ``resolve`` function for the renderer that also records each URL and its replacement."""

    resolve: Callable[[str], str]
    links: dict[str, str] = field(default_factory=dict)

    def __call__(self, url: str) -> str:
        """Return the replacement of ``url``."""
        self.links[url] = resolved = self.resolve(url)
        return resolved
