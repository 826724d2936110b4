"""Reading a Medium export."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kolom_cli.importers.common.types import ImportedArticle, Item, Skipped
from kolom_cli.importers.medium.reader import read_medium
from kolom_cli.terminal.report import LinkCounts
from tests.unit.cli.importers.export_readers import read_all
from tests.unit.cli.importers.medium.export import id_of, name_of, story
from tests.unit.cli.importers.substack.export import write_folder, write_zip


def _items(folder: Path, contents: dict[str, str]) -> list[Item]:
    found, error = read_all(read_medium(write_folder(folder, contents)))
    assert not error
    return found


def _article(folder: Path, html: str, name: str = name_of()) -> ImportedArticle:
    (article,) = _items(folder, {name: html})
    assert isinstance(article, ImportedArticle)
    return article


def _skipped(items: list[Item]) -> list[Skipped]:
    return [each for each in items if isinstance(each, Skipped)]


def test_a_story_is_read_whole(tmp_path: Path) -> None:
    """Its title and its subtitle are not in the text again."""
    body = '<h4 class="graf graf--h4 graf--subtitle">The sub</h4><p class="graf graf--p">Text.</p>'
    html = story(title="Fish &amp; chips", subtitle="The sub", body=body, tags=("Food", "Sea"))
    article = _article(tmp_path, html)
    content = article.content
    assert (content.title, content.slug, content.body.html) == ("Fish & chips", "story-1", "<p>Text.</p>")
    assert (content.excerpt, content.description) == ("The sub", "The sub")
    assert (content.labels, content.author) == (("Food", "Sea"), "Sari")
    assert content.published_at == datetime(2019, 5, 6, 10, 11, 12, tzinfo=UTC)
    assert (content.kind, content.draft, content.origin) == ("article", False, f"medium:{id_of(1)}")
    assert (content.path, article.aliases) == (None, (f"/@me/story-1-{id_of(1)}",))
    assert article.notes == ()


@pytest.mark.parametrize(
    "heading",
    [
        '<h3 class="graf graf--h3 graf--title">My story</h3>',
        '<h3 class="graf graf--h3">My story</h3>',
        '<h4 class="graf graf--title">Another spelling</h4>',
        '<p class="graf graf--p graf--title">My story</p>',
    ],
)
def test_the_title_does_not_appear_twice(tmp_path: Path, heading: str) -> None:
    assert _article(tmp_path, story(heading=heading)).content.body.html == "<p>Text.</p>"


def test_a_heading_that_is_not_the_title_stays(tmp_path: Path) -> None:
    """Medium's headings have the levels 3 and 4, which become 2 and 3."""
    body = '<h3 class="graf graf--h3">My story</h3><h4 class="graf graf--h4">Small</h4>'
    html = _article(tmp_path, story(body=body)).content.body.html
    assert html == '<h2 id="my-story">My story</h2><h3 id="section-small">Small</h3>'


@pytest.mark.parametrize(
    ("name", "published", "draft"),
    [
        (name_of(), "2019-05-06T10:11:12.000Z", False),
        (name_of(), "2099-05-06T10:11:12.000Z", False),
        (name_of(draft=True), "", True),
        (name_of(draft=True), "2019-05-06T10:11:12.000Z", True),
        (name_of(), "", True),
        (name_of(), "yesterday", True),
        ("posts/DRAFT_Story.html", "2019-05-06T10:11:12.000Z", True),
    ],
)
def test_only_a_story_with_a_date_and_no_mark_of_a_draft_is_public(
    tmp_path: Path, name: str, published: str, draft: bool
) -> None:
    article = _article(tmp_path, story(published=published), name)
    assert article.content.draft is draft
    assert not (draft and article.aliases)


def test_a_draft_that_is_published_later_is_the_same_article(tmp_path: Path) -> None:
    draft = _article(tmp_path / "a", story(published=""), name_of(draft=True))
    assert draft.content.origin == _article(tmp_path / "b", story()).content.origin


def test_an_automatic_summary_is_not_a_subtitle(tmp_path: Path) -> None:
    """Medium takes the beginning of the text where the author wrote none."""
    for number, subtitle in enumerate(("A long text of", "A long text of…")):
        content = _article(tmp_path / str(number), story(subtitle=subtitle, body="<p>A long text of mine.</p>")).content
        assert (content.description, content.excerpt) == ("", "A long text of mine.")


def test_the_parts_of_a_text_become_standard_elements(tmp_path: Path) -> None:
    body = (
        '<figure class="graf"><div class="aspectRatioPlaceholder"><div class="aspectRatioPlaceholder-fill"></div>'
        '<img class="graf-image" data-width="9" src="https://cdn-images-1.medium.com/max/800/x.png"></div>'
        '<figcaption class="imageCaption">Cap</figcaption></figure>'
        '<pre class="graf graf--pre" data-code-block-lang="python">'
        '<span class="pre--content">a<br />b &lt;</span></pre>'
        '<pre class="graf graf--pre">x<br>y</pre>'
        '<figure class="graf graf--iframe"><iframe src="https://medium.com/media/1/href"></iframe></figure>'
        '<figure class="graf graf--iframe"><iframe src="https://www.youtube.com/embed/abcdefg"></iframe></figure>'
        '<figure class="graf"><script src="https://gist.github.com/me/1.js"></script></figure>'
        '<div class="graf graf--mixtapeEmbed"><a href="https://y.example/" class="markup--anchor">'
        "<strong>T</strong><br>"
        '<em>D</em></a><a href="https://y.example/" class="js-mixtapeImage"></a></div>'
        '<p class="graf"><span class="graf-dropCap">W</span>hen '
        '<a href="https://medium.com/r/?url=https%3A%2F%2Fz.example">z</a></p>'
    )
    last = (
        '</div></div></section><section class="section"><div class="section-divider"><hr class="section-divider"></div>'
    )
    article = _article(tmp_path, story(body=f"{body}{last}<p>End</p>"))
    assert article.content.body.source == (
        '<figure><img src="https://cdn-images-1.medium.com/max/800/x.png"/><figcaption>Cap</figcaption></figure>'
        '<pre><code class="language-python">a\nb &lt;</code></pre><pre><code>x\ny</code></pre>'
        '<figure><iframe src="https://medium.com/media/1/href"></iframe></figure>'
        '<figure><iframe src="https://www.youtube.com/embed/abcdefg"></iframe></figure>'
        '<figure><a href="https://gist.github.com/me/1">https://gist.github.com/me/1</a></figure>'
        '<p><a href="https://y.example/"><strong>T</strong><br/><em>D</em></a></p>'
        '<p>When <a href="https://z.example">z</a></p><hr/><p>End</p>'
    )
    assert '<a href="https://medium.com/media/1/href">' in article.content.body.html
    assert article.content.image == "https://cdn-images-1.medium.com/max/800/x.png"
    assert article.remote_media == 1


def test_links_to_own_stories_lead_to_the_articles_here(tmp_path: Path) -> None:
    """A story is known by the id in its address, in each of the forms that Medium has."""
    other = id_of(2)
    links = (
        f"https://medium.com/@me/story-2-{other}?source=x#f",
        f"https://medium.com/p/{other}",
        f"https://me.medium.com/any-words-{other}",
        f"https://blog.example/any-words-{other}",
        f"https://elsewhere.example/any-words-{other}",
        f"https://medium.com/a/b/c/any-words-{other}",
        "https://medium.com/@you/story-0123456789ab",
    )
    body = "".join(f'<a href="{link}">x</a>' for link in links)
    stories = {name_of(1): story(1, body=f"<p>{body}</p>"), name_of(2): story(2)}
    stories[name_of(3)] = story(3, address=f"https://blog.example/story-3-{id_of(3)}")
    first, _, third = _items(tmp_path, stories)
    assert isinstance(first, ImportedArticle)
    expected = ("/story-2/#section-f", "/story-2/", "/story-2/", "/story-2/", *links[4:])
    assert first.content.body.html == "<p>" + "".join(f'<a href="{link}">x</a>' for link in expected) + "</p>"
    assert isinstance(third, ImportedArticle)
    assert (third.content.path, third.aliases) == (f"/story-3-{id_of(3)}", ())


def test_links_to_own_stories_and_to_their_site_are_counted(tmp_path: Path) -> None:
    """A redirect over Medium counts as the link that it contains."""
    links = (
        f"https://medium.com/p/{id_of(2)}",
        f"https://medium.com/r/?url=https%3A%2F%2Fmedium.com%2Fp%2F{id_of(2)}",
        "https://medium.com/r/?url=https%3A%2F%2Felsewhere.example%2F",
        "https://blog.example/about",
        "https://medium.com/@you/story-0123456789ab",
    )
    body = "".join(f'<a href="{link}">x</a>' for link in links)
    second = story(2, address=f"https://blog.example/story-2-{id_of(2)}")
    first, _ = _items(tmp_path, {name_of(1): story(1, body=f"<p>{body}</p>"), name_of(2): second})
    assert isinstance(first, ImportedArticle)
    assert first.own_links == LinkCounts(to_articles=2, to_pages=1)
    assert 'href="https://elsewhere.example/"' in first.content.body.html


def test_responses_are_skipped_and_counted(tmp_path: Path) -> None:
    """The title of a response is the beginning of its text, and it has no heading, subtitle or picture."""
    text = "Thanks for this. I agree"
    response = story(1, title=f"{text}…", heading="", body=f"<p>{text} with it all.</p>")
    picture = '<figure><img src="https://x.example/1.png"></figure>'
    items = _items(
        tmp_path,
        {
            name_of(1): response,
            name_of(2): story(2, title="Other words", heading="", body=f"<p>{text}</p>"),
            name_of(3): story(3, title=text, heading="", body=f"<p>{text}</p>{picture}"),
            name_of(4): story(4, title=text, heading="", body=f"<p>{text}</p>", subtitle="Mine"),
            name_of(5, draft=True): story(5, title=text, heading="", body=f"<p>{text}</p>", published=""),
        },
    )
    assert [(each.kind, each.reason, each.refused) for each in _skipped(items)] == [
        ("response", "a response to a story: comments on Medium are not imported", False)
    ]
    assert [each.content.draft for each in items if isinstance(each, ImportedArticle)] == [False, False, False, True]


def test_every_file_of_the_posts_is_accounted_for(tmp_path: Path) -> None:
    """Files of other folders, such as the user's profile, are not read."""
    items = _items(
        tmp_path,
        {
            name_of(1): story(1),
            name_of(2): "<p>No story.</p>",
            name_of(3): story(3, body="x" * 5_000_000),
            name_of(1, draft=True): story(1, published=""),
            "profile/profile.html": story(4),
            "README.html": story(5),
        },
    )
    skipped = [(each.name, each.reason.partition(" bytes")[2] or each.reason, each.refused) for each in _skipped(items)]
    assert skipped == [
        (f"2019-05-06_Story-2-{id_of(2)}.html", "not a story of Medium", False),
        (f"2019-05-06_Story-3-{id_of(3)}.html", ", the maximum is 4,194,304", True),
        (f"draft_Story-1-{id_of(1)}.html", "duplicate entry in the export", False),
    ]
    assert len(items) == 4


def test_a_draft_with_other_words_than_its_story_is_imported_too(tmp_path: Path) -> None:
    both = {name_of(1): story(1), name_of(1, draft=True): story(1, body="<p>Next version</p>", published="")}
    first, second = (each for each in _items(tmp_path, both) if isinstance(each, ImportedArticle))
    assert (first.content.draft, second.content.draft) == (False, True)
    assert second.content.origin == f"{first.content.origin}#2"


def test_an_archive_a_folder_and_its_posts_give_the_same(tmp_path: Path) -> None:
    contents = {name_of(1): story(1), name_of(2, draft=True): story(2, published="")}
    folder = write_folder(tmp_path / "medium", contents)
    nested = {f"medium-export-1a2b/{name}": text for name, text in contents.items()}
    archives = [write_zip(tmp_path / f"{number}.zip", each) for number, each in enumerate((contents, nested))]
    expected, _ = read_all(read_medium(folder))
    assert len(expected) == 2
    for source in (folder / "posts", *archives):
        assert read_all(read_medium(source)) == (expected, "")


@pytest.mark.parametrize("contents", [{}, {"posts/x.html": "<p>X</p>"}, {"posts.csv": "post_id,is_published\n"}])
def test_another_export_is_refused(tmp_path: Path, contents: dict[str, str]) -> None:
    items, error = read_all(read_medium(write_folder(tmp_path, contents)))
    assert items == []
    assert "not a Medium export" in error
