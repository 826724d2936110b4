"""`kolom comments`."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from kolom.articles import public, publishing
from kolom.comments import admin, posting
from kolom.comments.posting import NewComment
from kolom.errors import NotFound
from kolom.security import bans, signing
from kolom.submissions.pipeline import RequestContext
from tests.factories import NOW, content
from tests.integration.cli.conftest import Kolom

EMAIL = "Budi@Example.com"
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d WIB"


@pytest.fixture
def blog(kolom: Kolom) -> Iterator[Kolom]:
    """Create an article with three pending comments, two of them by Budi."""
    publishing.publish(content("hello", author="Siti"), now=NOW)
    for number, email in enumerate((EMAIL, EMAIL.lower(), None)):
        post(f"Comment {number} [bold]", email=email, name=f"Visitor {number}")
    yield kolom
    signing.load_keys.cache_clear()


def post(text: str, **fields: str | None) -> str:
    """Post a comment and return its id."""
    comment = NewComment(**{"name": "Budi", "content": text, **fields})  # type: ignore[arg-type]
    number = len(admin.list_by_article(1))
    context = RequestContext(address=f"10.0.0.{number}")
    return posting.post(public.get_without_body("hello"), comment, context, now=datetime.now(UTC)).comment.id


def ids(kolom: Kolom, *arguments: str) -> list[str]:
    return [comment["id"] for comment in kolom("comments", "list", "--json", *arguments).json]


def test_the_list_shows_pending_comments_with_their_reasons(blog: Kolom) -> None:
    listed = blog("comments", "list", "--status", "pending", "--json").json
    assert [comment["content"] for comment in listed] == [f"Comment {n} [bold]" for n in (2, 1, 0)]
    assert listed[0]["reasons"][0].startswith("first:")
    assert ids(blog, "--article", "hello", "--limit", "2") == [comment["id"] for comment in listed[:2]]
    assert ids(blog, "--status", "spam") == []
    shown = blog("comments", "list").stdout
    assert listed[0]["id"] in shown
    assert "EMAIL" not in shown.upper().replace("E-MAIL", "")


def test_a_second_approval_is_refused(blog: Kolom) -> None:
    first, second, _ = ids(blog)
    assert blog("comments", "approve", first).exit_code == 0
    again = blog("comments", "approve", first, second, "01K0000000000000000000000A")
    assert again.exit_code == 1
    assert "cannot approve a comment that is approved" in again.stderr
    assert "there is no comment" in again.stderr
    assert set(ids(blog, "--status", "approved")) == {first, second}


def test_a_comment_can_be_marked_as_spam_deleted_and_restored(blog: Kolom) -> None:
    chosen = ids(blog)[0]
    for command, status in (("spam", "spam"), ("approve", "approved"), ("delete", "deleted"), ("restore", "approved")):
        answer = blog("comments", command, chosen, "--json").json
        assert [comment["status"] for comment in answer["done"]] == [status]
        assert answer["refused"] == []


def test_show_prints_the_fields_and_moderation_links(blog: Kolom) -> None:
    chosen = ids(blog)[-1]
    shown = blog("comments", "show", chosen, "--links", "--json").json
    assert shown["email"] == EMAIL
    assert set(shown["links"]) == {"approve", "spam", "delete"}
    assert shown["links"]["approve"].startswith("https://blog.example/api/moderation/")
    assert "person" not in shown
    plain = blog("comments", "show", chosen)
    assert "Comment 0 [bold]" in plain.stdout


def test_a_reply_of_the_owner_is_marked_as_the_owners(blog: Kolom) -> None:
    chosen = ids(blog)[0]
    refused = blog("comments", "reply", chosen, "Thanks!")
    assert refused.exit_code == 1
    assert "approve it" in refused.stderr
    blog("comments", "approve", chosen)
    answer = blog("comments", "reply", chosen, "-", "--json", answer="Thanks, *all*!").json
    assert (answer["name"], answer["is_owner"], answer["status"]) == ("Siti", True, "approved")
    assert answer["parent_id"] == chosen
    assert blog("comments", "reply", chosen, " ").exit_code == 2


def test_a_ban_marks_the_comment_and_later_ones_as_spam(blog: Kolom) -> None:
    chosen = ids(blog)[0]
    assert blog("comments", "ban", chosen, "--network").exit_code == 0
    assert ids(blog, "--status", "spam") == [chosen]
    post("Again.")
    assert len(ids(blog, "--status", "spam")) == 2
    boto3.client("dynamodb").delete_item(TableName="kolom-guard", Key={"key": {"S": f"sender#{chosen}"}})
    forgotten = blog("comments", "ban", chosen)
    assert forgotten.exit_code == 1
    assert "no longer stored" in forgotten.stderr


def test_one_comment_and_one_day_are_reported_in_the_singular(blog: Kolom) -> None:
    chosen = post("Once.", email="siti@example.com")
    banned = blog("comments", "ban", chosen, "--days", "1")
    assert banned.stdout == f"the address of {chosen} is banned for 1 day\n"
    assert blog("comments", "forget", "siti@example.com", "--yes").stdout == "erased 1 comment\n"


def test_personal_data_can_be_exported_and_erased(blog: Kolom) -> None:
    exported = blog("comments", "export", "budi@EXAMPLE.com").json
    assert [comment["content"] for comment in exported] == ["Comment 0 [bold]", "Comment 1 [bold]"]
    assert {comment["email"].lower() for comment in exported} == {EMAIL.lower()}
    assert blog("comments", "forget", "nobody@example.com", "--yes", "--json").json == {"erased": 0}
    assert blog("comments", "forget", EMAIL, answer="n\n").exit_code == 1
    assert blog("comments", "forget", EMAIL, "--yes", "--json").json == {"erased": 2}
    left = json.dumps(boto3.client("dynamodb").scan(TableName="kolom-comments")["Items"])
    assert not [word for word in ("xample.com", "Visitor 0", "Visitor 1", "Comment 1") if word in left]
    assert "Comment 2" in left
    assert blog("comments", "export", EMAIL).json == []
    assert blog("comments", "forget", EMAIL, "--yes", "--json").json == {"erased": 0}
    erased = ids(blog, "--status", "deleted")
    assert blog("comments", "restore", *erased).exit_code == 1


def test_an_unknown_status_is_a_usage_error(blog: Kolom) -> None:
    assert blog("comments", "list", "--status", "lost").exit_code == 2


@pytest.mark.parametrize("width", [80, 120])
def test_the_list_names_the_article_and_shows_reasons_of_undecided_comments(
    blog: Kolom, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """A moderator's decision replaces the reasons."""
    monkeypatch.setenv("COLUMNS", str(width))
    chosen = ids(blog)[1]
    blog("comments", "approve", chosen)
    lines = blog("comments", "list", "--status", "pending").stdout.splitlines()
    assert lines[0] == "DATE                  STATUS   ID                          ARTICLE"
    assert re.fullmatch(rf"{MOMENT}  pending  [0-9A-Z]{{26}}  hello", lines[1])
    assert lines[2:4] == [
        "    Visitor 2: Comment 2 [bold]",
        "    why: first: no comment of this author has been approved yet",
    ]
    _, record, text = blog("comments", "list", "--status", "approved").stdout.splitlines()
    assert re.fullmatch(rf"{MOMENT}  approved  {chosen}  hello", record)
    assert text == "    Visitor 1: Comment 1 [bold]"
    assert "why" not in blog("comments", "show", chosen).stdout


def test_a_long_slug_of_the_article_is_not_truncated(blog: Kolom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    slug = "a-morning-at-the-market-in-yogyakarta-and-what-people-buy-there-in-may"
    article = publishing.get_by_slug("hello")
    publishing.publish(content(slug), now=NOW, article_id=article.id, force=True)
    assert f"    article: {slug}" in blog("comments", "list").stdout.splitlines()
    assert {each["article_slug"] for each in blog("comments", "list", "--json").json} == {slug}


@pytest.mark.parametrize("width", [80, 120, 400])
def test_show_prints_links_on_separate_lines(blog: Kolom, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    chosen = ids(blog)[0]
    lines = [line.strip() for line in blog("comments", "show", chosen, "--links").stdout.splitlines()]
    assert "article title   Hello" in lines
    assert "article url     https://blog.example/hello/" in lines
    for action in ("approve", "spam", "delete"):
        url = lines[lines.index(action) + 1]
        assert re.fullmatch(r"https://blog\.example/api/moderation/\d\.[\w-]+\.[\w-]{43}", url)


def test_an_empty_list_suggests_the_next_command(kolom: Kolom) -> None:
    assert kolom("comments", "list").stdout == "No comments. They are listed here when readers write some.\n"
    for status in admin.STATUSES:
        assert "`kolom comments list" in kolom("comments", "list", "--status", status).stdout


def test_a_ban_of_an_address_or_a_network_can_be_lifted(blog: Kolom) -> None:
    chosen = ids(blog)[0]
    for option, banned in (("--days=90", "address"), ("--network", "network")):
        blog("comments", "ban", chosen, option)
        assert blog("comments", "unban", chosen).stdout == f"the {banned} of {chosen} is no longer banned\n"
    again = blog("comments", "unban", chosen)
    assert (again.exit_code, again.stderr) == (1, f"kolom: the sender of {chosen} is not banned\n")
    late = post("After the ban.")
    assert late in ids(blog, "--status", "pending")


def test_a_ban_can_be_lifted_until_it_expires(blog: Kolom) -> None:
    """The sender of a comment is deleted after 30 days, or later if a ban needs it."""
    chosen, other = ids(blog)[:2]
    blog("comments", "ban", chosen, "--days", "300")
    later = datetime.now(UTC) + timedelta(days=299)
    with pytest.raises(NotFound):
        bans.unban(other, now=later)
    assert bans.unban(chosen, now=later) == ("address",)


def test_a_short_ban_does_not_delete_the_sender_earlier(blog: Kolom) -> None:
    chosen = ids(blog)[0]
    blog("comments", "ban", chosen, "--days", "1")
    assert bans.unban(chosen, now=datetime.now(UTC) + timedelta(days=29)) == ()
