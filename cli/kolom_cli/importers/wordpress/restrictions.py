"""The ways in which plugins of WordPress keep a post, or a part of it, from some readers. Pure.

The post itself is *published* then, and an export holds its whole text.
"""

import re
from collections.abc import Mapping
from typing import Final

_ENCLOSING: Final = re.compile(r"\[/([\w-]{1,60})\s?\]")
_BLOCK: Final = re.compile(r"<!--\s{0,9}wp:([\w/-]{1,100})")
_NAMES: Final = re.compile(
    r"restrict|(?<!re)member|paywall|private|protected|subscriber|loggedin|premiumcontent|s2if|mepr"
)
"""What the names of shortcodes and blocks hold, without hyphens and underscores, that show their text to some only."""

_VISIBILITY: Final = re.compile(r"\"(blockVisibility|hideBlock)\"\s{0,9}:\s{0,9}([^\s,}]{1,20})")
_VISIBLE: Final = {"blockVisibility": "true", "hideBlock": "false"}

_META: Final = frozenset(
    (
        *("_members_access_role", "_jetpack_newsletter_access", "_memberful_acl", "_leaky_paywall_visibility"),
        *("rcp_subscription_level", "rcp_user_level", "rcp_access_level", "_is_paid", "patreon-level", "patreon_level"),
        *("um_content_restriction", "ihc_mb_who", "_private_post", "_wpmem_block"),
    )
)
"""What well-known plugins note at a post that is not for all readers."""
_OPEN: Final = frozenset(("", "0", "none", "no", "false", "all", "everybody", "everyone", "unreg", "a:0:{}"))
_OPEN_GROUP: Final = re.compile(r"\"_um_accessible\";s:1:\"0\"")


def restriction_in(content: str, meta: Mapping[str, str]) -> str | None:
    """The first mark of a text that only some readers see; None without one."""
    for key in sorted(_META & meta.keys()):
        if meta[key].strip().lower() not in _OPEN and not _OPEN_GROUP.search(meta[key]):
            return key
    for match in _ENCLOSING.finditer(content):
        if _is_restricting(match[1]):
            return f"[{match[1]}]"
    for match in _BLOCK.finditer(content):
        if _is_restricting(match[1]):
            return f"wp:{match[1]}"
    for match in _VISIBILITY.finditer(content):
        if match[2] != _VISIBLE[match[1]]:
            return match[1]
    return None


def _is_restricting(name: str) -> bool:
    return _NAMES.search(re.sub(r"[-_]", "", name).lower()) is not None
