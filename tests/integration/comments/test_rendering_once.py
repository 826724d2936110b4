"""Each request renders a comment's text once, even if it needs both the markup and the links."""

from unittest.mock import Mock

import pytest

from kolom.rendering import visitor_text
from tests.integration.comments.conftest import Blog
from tests.integration.conftest import Configure

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Return a mock that records the texts that are rendered."""
    parse = Mock(wraps=visitor_text._PARSER.parse)
    monkeypatch.setattr(visitor_text._PARSER, "parse", parse)
    visitor_text.render.cache_clear()
    return parse


def rendered_texts(parse: Mock) -> list[str]:
    return [call.args[0] for call in parse.call_args_list]


def test_a_new_comment_is_rendered_once(blog: Blog, configure: Configure, rendered: Mock) -> None:
    """Its links are counted, its markup is stored and returned to the author."""
    configure(moderation_mode="none")
    assert blog.post("**New**").json["comment"]["content_html"] == "<p><strong>New</strong></p>"
    assert rendered_texts(rendered) == ["**New**"]


def test_an_edited_comment_is_rendered_once(blog: Blog, configure: Configure, rendered: Mock) -> None:
    configure(moderation_mode="none")
    posted = blog.post("**New**").json
    rendered.reset_mock()
    answer = blog.change("PATCH", posted["comment"]["id"], posted["edit_token"], "*Other*")
    assert answer.json["content_html"] == "<p><em>Other</em></p>"
    assert rendered_texts(rendered) == ["*Other*"]


def test_a_reply_does_not_render_its_parent(blog: Blog, configure: Configure, rendered: Mock) -> None:
    configure(moderation_mode="none")
    parent = blog.post_stored("Parent.")
    rendered.reset_mock()
    blog.post_stored("Reply.", parent_id=parent.id)
    assert rendered_texts(rendered) == ["Reply."]


def test_an_approval_renders_once(blog: Blog, rendered: Mock) -> None:
    comment = blog.post_stored("Waiting.")
    visitor_text.render.cache_clear()
    rendered.reset_mock()
    blog.moderate(comment, "approve")
    assert rendered_texts(rendered) == ["Waiting."]
