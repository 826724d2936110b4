"""Pictures that an imported article shows from other sites: they stay there, and are counted."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class RemoteImages:
    """To be given to :func:`kolom.rendering.renderer.render` as ``resolve``: counts what is shown from elsewhere.

    ``resolve`` says what stands in place of all other URLs. A link of another scheme never comes here, so what has one
    is a picture, a film or a sound.
    """

    resolve: Callable[[str], str] = str
    urls: set[str] = field(default_factory=set)

    def __call__(self, url: str) -> str:
        """What shall stand in place of ``url``."""
        resolved = self.resolve(url)
        if resolved.lower().startswith(("http://", "https://", "//")):
            self.urls.add(resolved)
        return resolved

    @property
    def count(self) -> int:
        """How many there are, each counted once."""
        return len(self.urls)
