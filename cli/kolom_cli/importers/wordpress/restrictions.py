"""Detect posts that a WordPress plugin restricts, fully or in part, to some readers. Pure.

The status of such a post is *published*, and an export contains its whole text.
"""

import re
from collections.abc import Mapping
from typing import Final

_ENCLOSING: Final = re.compile(r"\[/([\w-]{1,60})\s?\]")
_BLOCK: Final = re.compile(r"<!--\s{0,9}wp:([\w/-]{1,100})")
_NAMES: Final = re.compile(
    r"restrict|(?<!re)member|paywall|private|protected|subscriber|loggedin|premiumcontent|s2if|mepr"
)
"""Parts of the names, without hyphens and underscores, of shortcodes and blocks that restrict their content."""

_VISIBILITY: Final = re.compile(r"\"(blockVisibility|hideBlock)\"\s{0,9}:\s{0,9}([^\s,}]{1,20})")
_VISIBLE: Final = {"blockVisibility": "true", "hideBlock": "false"}

_META: Final = frozenset(
    (
        *("_members_access_role", "_jetpack_newsletter_access", "_memberful_acl", "_leaky_paywall_visibility"),
        *("rcp_subscription_level", "rcp_user_level", "rcp_access_level", "_is_paid", "patreon-level", "patreon_level"),
        *("um_content_restriction", "ihc_mb_who", "_private_post", "_wpmem_block"),
    )
)
"""The metadata keys that well-known plugins set for a restricted post."""
_OPEN: Final = frozenset(("", "0", "none", "no", "false", "all", "everybody", "everyone", "unreg", "a:0:{}"))
_OPEN_GROUP: Final = re.compile(r"\"_um_accessible\";s:1:\"0\"")


def restriction_in(content: str, meta: Mapping[str, str]) -> str | None:
    """Return the first sign of a restriction in the post; None if there is none."""
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
