"""The shortcodes that a Hugo site or its theme defines are rendered."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from kolom_cli.importers.common.types import ImportedArticle
from kolom_cli.importers.markdown.reader import read_markdown

NOTICE = (
    '{{- $kind := .Get 0 | default "note" -}}\n<div class="notice">\n    <p class="title">{{ $kind | title }}</p>\n\n'
    "    {{ .Inner | markdownify }}\n</div>\n"
)


def _article(folder: Path, body: str, templates: Mapping[str, str], config: str = "") -> ImportedArticle:
    files = {
        "hugo.toml": f"baseURL = 'https://old.example/'\n{config}",
        "content/posts/a.md": f"---\ntitle: A\ndate: 2020-01-02\ncolor: red\n---\n{body}",
        **templates,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (article,) = read_markdown(folder, dry_run=True)
    assert isinstance(article, ImportedArticle)
    return article


@pytest.mark.parametrize(
    "place",
    [
        "layouts/shortcodes",
        "layouts/_shortcodes",
        "themes/t/layouts/shortcodes",
        "themes/t/layouts/_shortcodes",
    ],
)
def test_a_template_of_the_site_or_its_theme_is_used(tmp_path: Path, place: str) -> None:
    body = '{{< fig src="https://x.example/a.png" title="A \'b\'" >}}\n'
    template = '<figure><img src="{{ .Get "src" }}"><figcaption>{{ .Get "title" }}</figcaption></figure>'
    article = _article(tmp_path, body, {f"{place}/fig.html": template})
    assert "src=\"https://x.example/a.png\"><figcaption>A 'b'</figcaption></figure>" in article.content.body.html
    assert article.notes == ()


def test_the_template_of_the_site_precedes_that_of_the_theme_and_of_hugo(tmp_path: Path) -> None:
    templates = {
        "themes/t/layouts/shortcodes/figure.html": "<p>theme</p>",
        "layouts/shortcodes/figure.html": "<p>site</p>",
        "themes/other/layouts/shortcodes/kbd.html": "<p>other theme</p>",
    }
    html = _article(tmp_path, '{{< figure src="a" >}} {{< kbd >}}', templates, "theme = 't'\n").content.body.html
    assert "<p>site</p>" in html
    assert "other" not in html


def test_markdown_in_a_template_stays_markdown(tmp_path: Path) -> None:
    body = (
        "- item\n\n  {{< notice >}}\n  in **list**\n  {{< /notice >}}\n\n"
        "{{< notice tip >}}\nOne\n\n- two\n{{< /notice >}}\n"
    )
    html = _article(tmp_path, body, {"layouts/shortcodes/notice.html": NOTICE}).content.body.html
    assert "<p>Note</p>\nin <strong>list</strong>\n</div>\n</li>" in html
    assert "<p>Tip</p>\n<p>One</p>\n<ul>\n<li>two</li>\n</ul>\n</div>" in html
    assert "<code>" not in html


def test_nested_shortcodes_are_rendered_from_the_inside(tmp_path: Path) -> None:
    templates = {
        "layouts/shortcodes/outer.html": "<div>{{ .Inner }}</div>",
        "layouts/shortcodes/k.html": "<kbd>{{ .Get 0 }}</kbd>",
    }
    html = _article(tmp_path, "{{< outer >}}Press {{< k Ctrl >}} now{{< /outer >}}", templates).content.body.html
    assert "<div>Press <kbd>Ctrl</kbd> now</div>" in html


def test_values_of_the_page_and_the_site_are_available(tmp_path: Path) -> None:
    template = (
        '<p>{{ .Page.Title }} {{ .Page.Params.color }} {{ site.Params.x }} <a href="{{ relref . "a.md" }}">l</a></p>'
    )
    article = _article(tmp_path, "{{< v >}}", {"layouts/shortcodes/v.html": template}, "[params]\nx = 'y'\n")
    assert '<p>A red y <a href="/posts/a/">l</a></p>' in article.content.body.html


def test_an_unsupported_template_is_reported_with_an_example(tmp_path: Path) -> None:
    body = "{{< box a=1 >}}Kept *text*{{< /box >}}\n\n{{< box a=2 >}}more{{< /box >}}\n\n{{< pure >}}\n"
    templates = {
        "layouts/shortcodes/box.html": '{{ partial "x" . }}',
        "layouts/shortcodes/pure.html": "{{ range .Params }}",
    }
    article = _article(tmp_path, body, templates)
    assert article.content.body.html.strip() == "<p>Kept <em>text</em></p>\n<p>more</p>"
    assert article.notes == (
        "{{< box >}} is removed, and the text in it kept (2): {{< box a=1 >}} (its template is not supported: partial)",
        "{{< pure >}} is removed, and the text in it kept (1): {{< pure >}} (its template is not supported: range)",
    )


def test_an_image_with_an_unsupported_template_is_shown_and_reported(tmp_path: Path) -> None:
    template = '{{ $i := .Page.Resources.GetMatch (.Get "src") }}<img src="{{ $i.RelPermalink }}">'
    article = _article(
        tmp_path, '{{< photo src="https://x.example/a.png" alt="A" >}}', {"layouts/shortcodes/photo.html": template}
    )
    assert '<img alt="A"' in article.content.body.html
    assert article.notes == ("{{< photo >}} is converted to an image, a player or a link",)


def test_a_script_in_a_template_is_removed_and_reported(tmp_path: Path) -> None:
    template = '<div>x</div><script src="https://evil.example/x.js"></script><img src="a.png" onerror="hacked()">'
    article = _article(tmp_path, "{{< s >}}", {"layouts/shortcodes/s.html": template})
    assert "script" not in article.content.body.html
    assert "onerror" not in article.content.body.html
    assert article.notes[0] == "the script of {{< s >}} is removed (1): {{< s >}}"


def test_a_pre_within_a_condition_keeps_its_empty_lines_and_indents(tmp_path: Path) -> None:
    template = "{{ with .Get 0 }}<pre>\n  {{ . }}\n\n  b</pre>{{ end }}"
    html = _article(tmp_path, "{{< code a >}}", {"layouts/shortcodes/code.html": template}).content.body.html
    assert "  a\n\n  b</pre>" in html


def test_a_reference_to_a_missing_bundle_does_not_lead_to_another_bundle(tmp_path: Path) -> None:
    bundles = {f"content/posts/{name}/index.md": f"---\ntitle: {name}\ndate: 2020-01-02\n---\nText" for name in "bc"}
    for name, text in bundles.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "content/posts/a.md").write_text('---\ntitle: A\ndate: 2020-01-02\n---\n[x]({{< ref "gone/index" >}})')
    (tmp_path / "hugo.toml").write_text("baseURL = 'https://old.example/'\n")
    articles = [item for item in read_markdown(tmp_path, dry_run=True) if isinstance(item, ImportedArticle)]
    (article,) = (each for each in articles if each.content.title == "A")
    assert "(its page does not exist)" in "".join(article.notes)


def test_a_template_outside_of_the_site_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_text("<p>secret</p>")
    site = tmp_path / "site"
    (site / "layouts/shortcodes").mkdir(parents=True)
    (site / "layouts/shortcodes/x.html").symlink_to(tmp_path / "secret.html")
    article = _article(site, "A {{< x >}} {{< ../../../secret >}}", {})
    assert "secret" not in article.content.body.html


def test_templates_that_double_their_text_are_limited(tmp_path: Path) -> None:
    body = "{{< d >}}" * 45 + "word" + "{{< /d >}}" * 45
    article = _article(tmp_path, body, {"layouts/shortcodes/d.html": "{{ .Inner }}{{ .Inner }}"})
    assert "word" in article.content.body.html
