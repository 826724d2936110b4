"""The mapping file from threads to articles, and matching of addresses to articles."""

import csv
import io
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom.articles.names import path_problem, slug_problem
from kolom_cli.importers.common.article_matching import extract_host, path_names, pointer_of, thread_names
from kolom_cli.importers.common.source_ids import MAX_BYTES, wordpress_origin
from kolom_cli.importers.common.thread_map import ThreadMap, Unmatched, check_unmatched, read_mapping, write_unmatched
from kolom_cli.importers.common.types import SourceError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "threads.csv"


def _mapping(file: Path, *rows: str, header: str = "thread,article") -> ThreadMap:
    file.write_text("\n".join((header, *rows)))
    return read_mapping(file)


def _error(file: Path, data: str | bytes) -> str:
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(SourceError) as raised:
        read_mapping(file)
    return str(raised.value)


@pytest.mark.parametrize(
    ("article", "names"),
    [
        ("hello", ("slug:hello",)),
        ("Hello", ("slug:hello",)),
        ("kata-e\u0301", ("slug:kata-é",)),
        ("/hello/", ("path:/hello/", "slug:hello")),
        ("/2024/05/x.html", ("path:/2024/05/x.html",)),
        ("2024/05/x.html", ("path:/2024/05/x.html",)),
        (
            "https://blog.example/2024/05/x.html?m=1#top",
            ("url:blog.example/2024/05/x?m=1", "url:blog.example/2024/05/x", "path:/2024/05/x.html"),
        ),
        ("https://blog.example/caf%E9/", ("url:blog.example/caf%E9",)),
        ("https://blog.example/?p=12", ("url:blog.example?p=12",)),
        ("https://blog.example/kata-%C3%A9/", ("url:blog.example/kata-%C3%A9", "path:/kata-é/", "own:slug:kata-é")),
        ("", ()),
        ("   ", ()),
    ],
)
def test_an_article_is_given_by_slug_path_or_url(file: Path, article: str, names: tuple[str, ...]) -> None:
    found = _mapping(file, f"/old/,{article}").find("/old/")
    assert found is not None
    assert [name for name in found if name in names] == list(names)
    assert found[:1] == names[:1]


@pytest.mark.parametrize(
    ("thread", "asked"),
    [
        ("https://old.example/2024/x.html", "https://old.example/2024/x.html"),
        ("https://old.example/2024/x.html", "http://www.old.example/2024/x.html?m=1"),
        ("/2024/x.html", "https://old.example/2024/x.html#comments"),
        ("/2024/x/", "https://old.example/2024/x"),
        ("/2024/x", "https://old.example//2024/x/?utm_source=a"),
        ("/kata-é/", "https://old.example/kata-%C3%A9/"),
        ("https://old.example/?p=12", "https://old.example/?p=12"),
        ("https://old.example/?p=12", "http://old.example/?p=12"),
        ("page-7", "page-7"),
        ("12 https://old.example/?p=12", "12 https://old.example/?p=12"),
        (" page-7 ", "page-7"),
    ],
)
def test_a_thread_is_given_by_its_identifier_or_path(file: Path, thread: str, asked: str) -> None:
    assert _mapping(file, f'"{thread}",there').find("other", asked) == ("slug:there",)


@pytest.mark.parametrize(
    ("thread", "asked"),
    [
        ("https://old.example/", "https://old.example/?p=12"),
        ("https://old.example/?p=12", "https://old.example/?p=13"),
        ("https://old.example/?p=12", "https://old.example/"),
        ("/x.php?id=1", "/x.php?id=2"),
        ("/x/", "/x/y/"),
        ("page-7", "page-70"),
        ("page-7", ""),
        ("/x/", "https://[broken/x/"),
        ("https://[broken/", "https://[other/"),
        ("https://a.example/x/", "https://b.example/x/"),
        ("https://old.example/x/", "https://old.example:8080/x/"),
        ("https://[broken/*", "https://any.example/x/"),
        ("https:///*", "https://any.example/x/"),
        ("https://old.example/?p=/*", "https://old.example/x/"),
        ("https://old.example/#!/*", "https://old.example/x/"),
        ("https://old.example:8080/*", "https://old.example/x/"),
    ],
)
def test_threads_that_are_not_in_the_file_are_not_mapped(file: Path, thread: str, asked: str) -> None:
    assert _mapping(file, f"{thread},there").find(asked) is None


FOLDERS = (
    "https://old.example/*,https://new.example/*",
    "https://old.example/docs/*,https://docs.example/en/*",
    "https://old.example/forum/*,forum",
    "https://other.example/*,",
    "/2012/*,/years/2012/*",
    "https://bücher.example/*,https://new.example/books/*",
)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("https://old.example/a/b.html", "url:new.example/a/b"),
        ("http://www.OLD.example/a/b/?utm_source=x#c", "url:new.example/a/b"),
        ("https://old.example/a/?p=2", "url:new.example/a?p=2"),
        ("https://old.example/kata-%C3%A9/", "url:new.example/kata-%C3%A9"),
        ("https://old.example/docs/a/", "url:docs.example/en/a"),
        ("https://old.example/docs", "url:docs.example/en"),
        ("https://old.example/docs2/", "url:new.example/docs2"),
        ("https://old.example/forum/a/b/", "slug:forum"),
        ("https://old.example/2012/x/", "path:/years/2012/x/"),
        ("https://any.example/2012/x.html", "path:/years/2012/x.html"),
        ("/2012/x/", "path:/years/2012/x/"),
        ("https://old.example/docs/caf%E9/", "url:docs.example/en/caf%E9"),
        ("https://xn--bcher-kva.example/a/", "url:new.example/books/a"),
        ("https://Bücher.example/a/", "url:new.example/books/a"),
    ],
)
def test_a_line_for_a_folder_maps_all_threads_below_it(file: Path, asked: str, name: str) -> None:
    """The line for the nearest folder counts, whatever the order of the lines."""
    for rows in (FOLDERS, FOLDERS[::-1]):
        found = _mapping(file, *rows).find("identifier", asked)
        assert found is not None
        assert found[0] == name


def test_a_folder_is_excluded_and_others_are_not_mapped(file: Path) -> None:
    mapping = _mapping(file, *FOLDERS)
    assert mapping.find("https://other.example/a/") == ()
    for asked in ("https://any.example/x/", "/2011/x/", "identifier", "", "https://[broken/x/"):
        assert mapping.find(asked) is None
    assert len(mapping) == len(FOLDERS)


@pytest.mark.parametrize("thread", ["https://old.example/", "https://old.example", "https://old.example/?utm_source=x"])
def test_a_thread_without_a_page_in_the_new_folder_is_not_excluded(file: Path, thread: str) -> None:
    """Nothing is matched by the URL of a front page. The report must say so, instead of skipping the comments."""
    assert _mapping(file, "https://old.example/*,https://new.example/*").find(thread) is None


def test_a_line_with_a_host_is_for_that_host(file: Path) -> None:
    """A path that comes with the URL is on the same site. A path alone may be on any site."""
    mapping = _mapping(file, "https://a.example/x/,one", "https://b.example/x/,two", "/y/,three")
    for asked, slug in (
        (("http://www.a.example/x", "/x/"), "one"),
        (("http://b.example/x.html?m=1", "https://b.example/x"), "two"),
        (("/x/", "https://b.example/x?m=1"), "two"),
        (("/x/",), "one"),
        (("https://c.example/y/",), "three"),
    ):
        assert mapping.find(*asked) == (f"slug:{slug}",)
    assert mapping.find("https://c.example/x/", "/x/") is None


@pytest.mark.parametrize("path", ["a/" * 1_000_000, "x/y/z"])
def test_a_thread_is_found_quickly_among_many_folders(file: Path, path: str) -> None:
    mapping = _mapping(file, *(f"https://old{number}.example/docs/*,to-{number}" for number in range(10_000)))
    started = process_time()
    assert [mapping.find(f"https://old{number}.example/docs/{path}") for number in range(5)] == [
        (f"slug:to-{number}",) for number in range(5)
    ]
    for number in range(6_000 if len(path) < 100 else 0):
        mapping.find(f"https://none{number}.example/{path}")
    assert process_time() - started < 4


def test_a_line_for_a_thread_takes_precedence_over_its_folder(file: Path) -> None:
    mapping = _mapping(file, "https://old.example/*,https://new.example/*", "/x/,there", "https://old.example/y/,")
    assert mapping.find("https://old.example/x/") == ("slug:there",)
    assert mapping.find("https://old.example/y/") == ()
    assert mapping.find("https://old.example/x/", with_folders=False) == ("slug:there",)
    assert mapping.find("https://old.example/z/", with_folders=False) is None


def test_only_an_explicit_slug_means_a_page_of_another_site(file: Path) -> None:
    """The last part of a URL may be the same on any site."""
    mapping = _mapping(file, "/a/,walks", "/b/,/walks/", "/c/,https://new.example/walks/")
    assert [(mapping.find(thread) or ())[-1] for thread in ("/a/", "/b/", "/c/")] == [
        *("slug:walks", "slug:walks", "own:slug:walks"),
    ]
    assert thread_names("https://new.example/walks/")[-1] == "own:slug:walks"


def test_a_threads_identifier_takes_precedence_over_its_path(file: Path) -> None:
    mapping = _mapping(file, "/x/,by-path", "https://a.example/x/,itself", "https://a.example/x/?m=1,phone")
    assert mapping.find("https://a.example/x/") == ("slug:itself",)
    assert mapping.find("http://a.example/x/?m=1") == ("slug:phone",)
    assert mapping.find("https://b.example/x/") == ("slug:by-path",)


def test_an_empty_file_maps_nothing(file: Path) -> None:
    assert ThreadMap().find("/x/", "") is None
    assert len(_mapping(file)) == 0


@pytest.mark.parametrize(
    "data",
    [
        "thread,article\n/x/,there\n",
        "\ufeffthread,article\r\n/x/,there\r\n",
        "thread;article\n/x/;there\n",
        "thread\tarticle\n/x/\tthere",
        '"thread","article"\n"/x/","there"\n',
        "Article , Thread\nthere,/x/\n",
        'thread,article,title,comments\n/x/,there,"Say ""yes"",\nor no",12\n',
        "thread,article\n\n , \n/x/,there,,\n/x/,there\n",
        "thread,article,title,comments\n/x/,there\n",
    ],
)
def test_files_saved_by_any_spreadsheet_program_are_read(file: Path, data: str) -> None:
    file.write_bytes(data.encode())
    assert read_mapping(file).find("/x/") == ("slug:there",)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", ":1: the first line must name the columns: thread,article"),
        ("a,b\n", ":1: the first line must name the columns: thread,article"),
        ("thread,article\n/x/\n", ":2: must have the columns thread and article"),
        ("thread,article\n\n,there\n", ":3: the thread is missing"),
        ("thread,article\n/x/,a,b\n", ":2: has 3 columns, expected 2: quote cells that contain a comma"),
        ("thread,article\n/x/,Not a slug!\n", ":2: invalid slug 'Not a slug!'"),
        ("thread,article\n/x/,search\n", ":2: invalid slug 'search'"),
        ("thread,article\n/x/,https://blog.example/\n", ":2: 'https://blog.example/' is not the URL of an article"),
        ("thread,article\n/x/,/a b/c/\n", ":2: '/a b/c/' is not the URL of an article"),
        ("thread,article\n/x/,https://[a/b\n", ":2: 'https://[a/b' is not the URL of an article"),
        ("thread,article\n/x/,a\n/x/,b\n", ":3: a line above maps /x/ to a different article"),
        ("thread,article\n/x/*,a\n/x/*,/b/*\n", ":3: a line above maps /x/* to a different article"),
        ("thread,article\n/x/,/y/*\n", ":2: '/y/*' is for threads with /* at their end"),
        ("thread,article\n/x/*,y/*\n", ":2: 'y/*' is not the URL or the path of a folder"),
        ("thread,article\n/x/*,/y/?z=/*\n", ":2: '/y/?z=/*' is not the URL or the path of a folder"),
        ("thread,article\n/x/*,https://a.example/#/*\n", "is not the URL or the path of a folder"),
        ("thread,article\n/x/*,https://[a/*\n", ":2: 'https://[a/*' is not the URL or the path of a folder"),
        ('thread,article\n"/x\n/",a\n/y/,No way\n', ":4: invalid slug 'No way'"),
        ('thread,article\n/x/,"a\n', ":2: invalid CSV"),
        ('thread,article\n/x/,"a"b\n', ":2: invalid CSV"),
        ("thread,article\n/x/," + "a" * 200_000, ":2: invalid CSV"),
        ("thread,article\n/é/,a\n".encode("latin-1"), "not UTF-8: save it"),
        ("thread,article\n".encode("utf-16"), "not UTF-8: save it"),
    ],
)
def test_an_invalid_file_is_reported_with_its_line(file: Path, data: str | bytes, says: str) -> None:
    error = _error(file, data)
    assert error.startswith(str(file))
    assert says in error


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        read_mapping(tmp_path / "none.csv")
    with pytest.raises(SourceError, match="No such file"):
        write_unmatched(tmp_path / "none" / "threads.csv", [])


def test_the_list_begins_with_the_threads_with_most_comments(file: Path) -> None:
    write_unmatched(file, [Unmatched("/b/", "B", 1), Unmatched("/a/", "A, and more", 1), Unmatched("/c/", "", 7)])
    rows = list(csv.reader(io.StringIO(file.read_text("utf-8-sig"))))
    assert rows == [
        ["thread", "article", "title", "comments"],
        ["/c/", "", "", "7"],
        ["/a/", "", "A, and more", "1"],
        ["/b/", "", "B", "1"],
    ]


def test_an_unedited_list_excludes_its_threads(file: Path) -> None:
    write_unmatched(file, [Unmatched("/a/", "A", 1)])
    assert read_mapping(file).find("/a/") == ()


_LINE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40)


@given(threads=st.lists(_LINE.map(lambda each: " ".join(each.split())).filter(bool), unique=True), title=_LINE)
def test_every_listed_thread_can_be_mapped(file: Path, threads: list[str], title: str) -> None:
    write_unmatched(file, [Unmatched(thread, title, 1) for thread in threads])
    mapping = read_mapping(file)
    assert all(mapping.find(thread) == () for thread in threads)


@given(link=_LINE, identifier=st.one_of(st.just(""), _LINE), prefix=st.sampled_from(["", "/", "https://a.example/"]))
def test_the_candidate_names_of_any_address_are_valid(link: str, identifier: str, prefix: str) -> None:
    for name in thread_names(prefix + link, identifier):
        kind, _, value = pointer_of(name)[0].partition(":")
        assert kind in {"path", "slug", "origin", "url"}
        assert kind != "path" or path_problem(value) is None
        assert kind != "slug" or slug_problem(value) is None


@given(
    path=st.lists(st.sampled_from(["a", "b-c", "2024", "é"]), min_size=1, max_size=4)
    .map("/".join)
    .filter(lambda path: path_problem(f"/{path}/") is None)
)
def test_all_forms_of_one_address_have_a_common_candidate(path: str) -> None:
    forms = [
        f"/{path}",
        f"/{path}/",
        f"/{path}.html",
        f"https://a.example/{path}/index.html",
        f"//a.example/{path}?m=1",
    ]
    assert set.intersection(*(set(path_names(form)) for form in forms))


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://www.A.example:8080/x", "a.example"),
        ("http://a.example./", "a.example"),
        ("/x/", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
def test_hosts_are_compared_in_normal_form(address: str, host: str) -> None:
    assert extract_host(address) == host


@pytest.mark.parametrize("length", [10, 500, 5_000])
def test_the_origin_of_a_post_fits_a_key_and_is_the_same_in_plugin_and_export(length: int) -> None:
    address = f"https://a.example/?p=12&title={'é' * length}"
    origin = wordpress_origin(address, "12")
    assert len(origin.encode()) < MAX_BYTES + 20
    assert f"origin:{origin}" in thread_names(address)
    assert f"origin:{origin}" in thread_names("", f"12 {address}")
    assert origin != wordpress_origin(f"{address}e", "12")


def test_checking_that_the_list_can_be_written_leaves_no_file(file: Path) -> None:
    check_unmatched(file)
    assert not file.exists()
    file.write_text("kept")
    check_unmatched(file)
    assert file.read_text() == "kept"
    for place in (file.parent, file / "x", file.parent / "none" / "x"):
        with pytest.raises(SourceError, match="directory"):
            check_unmatched(place)
