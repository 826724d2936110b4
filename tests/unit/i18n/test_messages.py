"""The catalog has exactly the messages that pages, mail and elements use."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, get_args

import pytest

from kolom.comments import reply_subscriptions
from kolom.comments.types import Action
from kolom.i18n.locale import Locale, available_languages, find_locale
from kolom.pages.forms import COMMENT, CONTACT
from kolom.pages.search_form import SORTS
from kolom.submissions import reasons
from kolom_cli.assets.catalog import keys_of, used_names
from tests.paths import PROJECT

LAYER: Final = PROJECT / "layers/shared/kolom"
TEMPLATES: Final = [*LAYER.glob("pages/templates/*"), *LAYER.glob("mail/templates/*")]
MODULES: Final = [path for package in ("pages", "mail", "feeds") for path in (LAYER / package).glob("*.py")]
NOT_FIELDS: Final = ("form_token", "altcha", "parent_id")

# The label of the honeypot field.
TRAP: Final = "Website URL"


def load(code: str) -> Locale:
    locale = find_locale(code)
    assert locale is not None
    return locale


def built_names() -> Iterator[str]:
    """Return all names that code composes, for every possible value."""
    for form, outcomes in ((COMMENT, ("approved", "pending", "refused")), (CONTACT, ("received", "refused"))):
        yield f"{form.name}.back"
        for outcome in outcomes:
            yield from (f"{form.name}.{outcome}.title", f"{form.name}.{outcome}.text")
        for field in form.fields:
            yield from (f"{form.name}.{field.name}", f"{form.name}.{field.name}.hint", f"form.error.{field.name}")
    yield from (f"form.error.{name}" for name in NOT_FIELDS)
    yield from (f"form.problem.{status}" for status in (400, 403, 409, 413, 429, 500, 503))
    for action in get_args(Action.__value__):
        yield from (f"moderation.{action}.{part}" for part in ("question", "button", "done"))
    for action in get_args(reply_subscriptions.Action.__value__):
        yield from (f"subscription.{action}.{part}" for part in ("question", "button", "done"))
    for problem in ("400", "403", "404", "410", "500", "503", "other"):
        yield from (f"problem.{problem}.title", f"problem.{problem}.text")
    yield from (f"preview.{status}" for status in ("draft", "scheduled", "published"))
    yield from (f"{kind}.kicker" for kind in ("label", "month"))
    for name in ("q", "label", "language", "from", "to", "sort"):
        yield from (f"search.{name}", f"search.error.{name}")
    for name in ("phrase", "without", "or", "label", "fields", "dates"):
        yield from (f"search.tips.{name}", f"search.tips.{name}.means")
    yield from (f"search.sort.{sort}" for sort in SORTS)
    yield from (f"language.{code}" for code in available_languages())
    for status in ("pending", "approved"):
        yield from (f"mail.moderation.{status}.subject", f"mail.moderation.{status}.intro")
    yield from (f"reason.{name}" for name in reasons.names())


@cache
def texts(path: Path) -> frozenset[str]:
    """Return the string literals of a module or template."""
    source = path.read_text("utf-8")
    if path.suffix == ".py":
        nodes = ast.walk(ast.parse(source))
        return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    tags = " ".join(re.findall(r"{[{%].*?[%}]}", source, re.DOTALL))
    return frozenset(re.findall(r"[\"']([\w.]+)[\"']", tags))


@pytest.mark.parametrize("code", sorted(available_languages()))
def test_every_message_is_used(code: str) -> None:
    strings = load(code).strings
    names = {*built_names(), *used_names()}.union(*(texts(path) for path in (*TEMPLATES, *MODULES)))
    used = set().union(*(keys_of(name, load(code)) for name in names))
    assert strings.keys() - used == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.parent.name}-{path.name}")
def test_templates_use_only_existing_messages(path: Path) -> None:
    strings = load("en").strings
    source = path.read_text("utf-8")
    used = set(re.findall(r"""\bt\(["']([\w.]+)["'][,)]""", source))
    counted = set(re.findall(r"""\bcount\(["']([\w.]+)["']""", source))
    assert used <= strings.keys()
    assert {f"{name}.other" for name in counted} <= strings.keys()


@pytest.mark.parametrize("code", sorted(available_languages()))
def test_elements_use_only_existing_messages(code: str) -> None:
    names = used_names()
    assert len(names) > 50
    assert {name for name in names if not keys_of(name, load(code))} == set()


def test_no_element_contains_message_texts() -> None:
    """The label of the honeypot field and the names of keys are exceptions."""
    for path in (PROJECT / "frontend/widgets").glob("*.js"):
        if path.name != "kolom-catalog.js":
            code = re.sub(r"/\*.*?\*/|`[^`]*`", "", path.read_text("utf-8"), flags=re.DOTALL)
            assert set(re.findall(r'"([A-Z][a-z]+ [^"]*)"', code)) <= {TRAP, "Ctrl K"}, path.name


def test_equal_english_messages_are_equal_in_every_language() -> None:
    """The same thing has the same name on pages, in mail and in elements."""
    english = load("en").strings
    for code in available_languages():
        strings = load(code).strings
        found: dict[str, set[str]] = defaultdict(set)
        for key, text in english.items():
            # The forms for one and for several may be equal in English only.
            is_form = key.endswith(".one") and text == english[f"{key.removesuffix('.one')}.other"]
            if key in strings and not is_form:
                found[text].add(strings[key])
        assert {text: others for text, others in found.items() if len(others) > 1} == {}
