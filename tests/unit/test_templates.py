"""The environments of Jinja."""

from pathlib import Path

from jinja2 import ModuleLoader

from kolom.templates import COMPILED, new_environment


def test_compiled_templates_are_used_without_their_sources(tmp_path: Path) -> None:
    (tmp_path / "frame.html").write_text("<p>{% block text %}{% endblock %}</p>")
    (tmp_path / "page.html").write_text('{% extends "frame.html" %}{% block text %}{{ text }}{% endblock %}')
    from_source = new_environment(tmp_path, autoescape=True)
    from_source.compile_templates(tmp_path / COMPILED, zip=None, ignore_errors=False)
    for path in tmp_path.glob("*.html"):
        path.unlink()
    compiled = new_environment(tmp_path, autoescape=True)
    assert isinstance(compiled.loader, ModuleLoader)
    assert compiled.get_template("page.html").render(text="a & b") == "<p>a &amp; b</p>"
