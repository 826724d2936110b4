"""Conditions and update actions of DynamoDB, for modules that combine them: only models import PynamoDB."""

from pynamodb.attributes import UnicodeSetAttribute
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.update import Action

__all__ = ["Action", "Condition", "has_room"]


def has_room(members: UnicodeSetAttribute, member_id: str, maximum: int) -> Condition:
    """Return the condition that a set has fewer than ``maximum`` members, or has ``member_id`` already."""
    condition: Condition = members.does_not_exist() | (size(members) < maximum) | members.contains(member_id)
    return condition
