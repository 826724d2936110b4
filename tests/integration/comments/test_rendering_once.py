"""A comment's text is rendered once for each request, whatever asks for its markup or its links."""

from unittest.mock import Mock

import pytest

from kolom.rendering import visitor_text
from tests.integration.comments.conftest import Blog
from tests.integration.conftest import Configure

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """What is called to render a text."""
    parse = Mock(wraps=visitor_text._PARSER.parse)
    monkeypatch.setattr(visitor_text._PARSER, "parse", parse)
    visitor_text.render.cache_clear()
    return parse


def test_a_new_comment_is_rendered_once(blog: Blog, configure: Configure, rendered: Mock) -> None:
    """To count its links, to store it and to show it to its author."""
    configure(moderation_mode="none")
    assert blog.post("**New**").json["comment"]["content_html"] == "<p><strong>New</strong></p>"
    rendered.assert_called_once_with("**New**")


def test_an_edited_comment_is_rendered_once(blog: Blog, configure: Configure, rendered: Mock) -> None:
    configure(moderation_mode="none")
    posted = blog.post("**New**").json
    rendered.reset_mock()
    answer = blog.change("PATCH", posted["comment"]["id"], posted["edit_token"], "*Other*")
    assert answer.json["content_html"] == "<p><em>Other</em></p>"
    rendered.assert_called_once_with("*Other*")


def test_a_reply_does_not_render_what_it_answers(blog: Blog, configure: Configure, rendered: Mock) -> None:
    configure(moderation_mode="none")
    parent = blog.commented("Parent.")
    rendered.reset_mock()
    blog.commented("Reply.", parent_id=parent.id)
    rendered.assert_called_once_with("Reply.")


def test_an_approval_renders_once(blog: Blog, rendered: Mock) -> None:
    comment = blog.commented("Waiting.")
    visitor_text.render.cache_clear()
    rendered.reset_mock()
    blog.moderate(comment, "approve")
    rendered.assert_called_once_with("Waiting.")
