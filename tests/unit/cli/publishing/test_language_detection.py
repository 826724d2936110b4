"""The language of an article without one is detected among those of the site, or unknown."""

import unicodedata
from pathlib import Path

import pytest

from kolom.i18n.locale import available_languages
from kolom.rendering.renderer import render
from kolom_cli.publishing.front_matter import FrontMatter
from kolom_cli.publishing.language_detection import MIN_WORDS, detect_language
from tests.paths import PROJECT

LANGUAGES = ("id", "en")
SAMPLES = sorted((PROJECT / "cli/kolom_cli/sample").glob("*.md"))
ENGLISH = "It rained all afternoon, and the market closed early, so we cooked what was left in the kitchen."
INDONESIAN = "Hujan turun sepanjang sore dan pasar tutup lebih awal, jadi kami memasak apa yang tersisa di dapur."
TEXTS = {
    "ar": (
        "هطل المطر طوال فترة ما بعد الظهر وأغلق السوق مبكرا، لذلك طبخنا ما تبقى في المطبخ. كان أخي يقرأ "
        "الجريدة بجانب النافذة، وكانت أمي تحكي لنا عن القرية التي ولدت فيها قبل سنوات طويلة."
    ),
    "de": (
        "Den ganzen Nachmittag regnete es, und der Markt schloss früh, also kochten wir, was noch in der "
        "Küche war. Mein Bruder las die Zeitung am Fenster, und meine Mutter erzählte von dem Dorf, in dem "
        "sie geboren wurde."
    ),
    "en": (
        "It rained all afternoon, and the market closed early, so we cooked what was left in the kitchen. My "
        "brother read the newspaper by the window, and my mother told us about the village where she was "
        "born."
    ),
    "es": (
        "Llovió toda la tarde y el mercado cerró temprano, así que cocinamos lo que quedaba en la cocina. Mi "
        "hermano leía el periódico junto a la ventana y mi madre nos hablaba del pueblo donde nació hace "
        "muchos años."
    ),
    "fr": (
        "Il a plu tout l’après-midi et le marché a fermé tôt, alors nous avons cuisiné ce qui restait dans la "
        "cuisine. Mon frère lisait le journal près de la fenêtre et ma mère nous parlait du village où elle "
        "est née."
    ),
    "id": (
        "Hujan turun sepanjang sore dan pasar tutup lebih awal, jadi kami memasak apa yang tersisa di dapur. "
        "Kakak saya membaca koran di dekat jendela, dan ibu bercerita tentang desa tempat ia dilahirkan "
        "bertahun-tahun yang lalu."
    ),
    "it": (
        "Ha piovuto tutto il pomeriggio e il mercato ha chiuso presto, così abbiamo cucinato quello che "
        "restava in cucina. Mio fratello leggeva il giornale vicino alla finestra e mia madre ci parlava del "
        "paese dove è nata."
    ),
    "ja": (
        "午後はずっと雨が降り、市場は早く閉まったので、私たちは台所に残っていたもので料理をしました"
        "。兄は窓のそばで新聞を読み、母は自分が生まれた村の話をしてくれました。"
    ),
    "ms": (
        "Hujan turun sepanjang petang dan pasar ditutup awal, jadi kami memasak apa yang tinggal di dapur. "
        "Abang saya membaca surat khabar berhampiran tingkap, manakala emak bercerita tentang kampung tempat "
        "dia dilahirkan bertahun-tahun yang lalu."
    ),
    "nl": (
        "Het regende de hele middag en de markt sloot vroeg, dus kookten we wat er nog in de keuken lag. Mijn "
        "broer las de krant bij het raam en mijn moeder vertelde over het dorp waar ze geboren is."
    ),
    "pt": (
        "Choveu a tarde toda e o mercado fechou cedo, então cozinhamos o que restava na cozinha. Meu irmão "
        "lia o jornal perto da janela e minha mãe nos contava sobre a aldeia onde nasceu há muitos anos."
    ),
    "tr": (
        "Bütün öğleden sonra yağmur yağdı ve pazar erken kapandı, bu yüzden mutfakta kalanları pişirdik. "
        "Kardeşim pencerenin yanında gazete okuyordu, annem de bize yıllar önce doğduğu köyü anlatıyordu."
    ),
    "vi": (
        "Trời mưa suốt buổi chiều và chợ đóng cửa sớm, nên chúng tôi nấu những gì còn lại trong bếp. Anh tôi "
        "đọc báo bên cửa sổ, còn mẹ kể cho chúng tôi nghe về ngôi làng nơi mẹ sinh ra nhiều năm trước."
    ),
    "zh": (
        "整个下午都在下雨，市场很早就关门了，所以我们用厨房里剩下的东西做了饭。哥哥在窗边看报纸，妈"
        "妈给我们讲她多年前出生的那个村子。"
    ),
}
"""Two sentences in each language of the interface."""

CODE = "<pre><code>for name in names: print(name)  # the first of all of the names that are in the list</code></pre>"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("languages", [LANGUAGES, ("en", "de", "id", "fr")])
def test_the_language_of_every_sample_article_is_detected(path: Path, languages: tuple[str, ...]) -> None:
    text = path.read_text("utf-8")
    front = FrontMatter.parse(path, text)
    rendered = render(text[front.body :], "markdown", title="")
    assert detect_language("", rendered.html, languages) == front.get_text("language")


@pytest.mark.parametrize(
    ("content", "language"),
    [
        (f"<p>{ENGLISH}</p>", "en"),
        (f"<p>{INDONESIAN}</p>", "id"),
        (f"<p>{INDONESIAN}</p>{CODE * 20}", "id"),
        (f"<p>{INDONESIAN} {INDONESIAN}</p><blockquote>It rained all afternoon.</blockquote>", "id"),
        # Too short, only code, another language, both languages, no words.
        ("<p>It rained all afternoon.</p>", None),
        (CODE * 20, None),
        (
            "<p>Den ganzen Nachmittag regnete es, und der Markt schloss früh, also kochten wir, was noch da war.</p>",
            None,
        ),
        (f"<p>{ENGLISH}</p><p>{INDONESIAN}</p>", None),
        (f"<p>{'12.5 3.7 = 99 ' * 20}</p>", None),
        (f"<p>{' '.join(f'w{number}x' for number in range(50))}</p>", None),
        ("", None),
    ],
)
def test_only_the_language_of_a_clear_text_is_detected(content: str, language: str | None) -> None:
    assert detect_language("", content, LANGUAGES) == language
    assert detect_language("", content, LANGUAGES[::-1]) == language


def test_the_title_counts_as_text() -> None:
    words = ENGLISH.split()[: MIN_WORDS - 3]
    assert detect_language("", f"<p>{' '.join(words)}</p>", LANGUAGES) is None
    assert detect_language("A Rainy Afternoon", f"<p>{' '.join(words)}</p>", LANGUAGES) == "en"


def test_a_site_with_one_language_has_no_other() -> None:
    assert detect_language("", f"<p>{ENGLISH}</p>", ("id",)) == "id"


def test_a_language_without_a_dictionary_is_not_detected() -> None:
    assert detect_language("", f"<p>{ENGLISH}</p>", ("th", "en")) == "en"
    assert detect_language("", f"<p>{ENGLISH}</p>", ("th", "zh")) is None
    assert detect_language("", "<p>" + "ฝนตกตลอดบ่าย " * 20 + "</p>", ("th", "en")) is None


@pytest.mark.parametrize(
    "languages",
    # All dictionaries take ten seconds to load.
    [("en", "id", "ja", "ms", "vi", "zh"), pytest.param(tuple(TEXTS), marks=pytest.mark.slow)],
    ids=["some", "all"],
)
def test_each_language_of_the_interface_is_detected(languages: tuple[str, ...]) -> None:
    assert set(TEXTS) == available_languages()
    found = {code: detect_language("", f"<p>{TEXTS[code]}</p>", languages) for code in languages}
    assert found == {code: code for code in languages}


@pytest.mark.parametrize("code", ["id", "ja", "ms", "vi", "zh"])
def test_a_language_that_the_site_does_not_have_is_never_returned(code: str) -> None:
    assert detect_language("", f"<p>{TEXTS[code]}</p>", ("fr", "en")) is None


def test_texts_in_chinese_japanese_and_vietnamese_may_be_too_short_or_mixed() -> None:
    languages = ("en", "ja", "vi", "zh")
    assert detect_language("", "<p>整个下午都在下雨，市场很早就关门了。</p>", languages) is None
    assert detect_language("", "<p>Trời mưa suốt buổi chiều và chợ đóng cửa sớm.</p>", languages) is None
    assert detect_language("", f"<p>{ENGLISH} 午後はずっと雨が降り。</p>", languages) == "en"
    assert detect_language("", f"<p>{unicodedata.normalize('NFD', TEXTS['vi'])}</p>", languages) == "vi"


def test_a_text_without_words_of_only_indonesian_or_only_malay_is_unclear() -> None:
    both = "Kami makan nasi dan minum air di rumah, dan mereka membaca buku itu sekali lagi di sekolah."
    assert detect_language("", f"<p>{both}</p>", ("id", "ms", "en")) is None
    assert detect_language("", f"<p>{both}</p>", ("id", "en")) == "id"


def test_the_elements_of_a_text_separate_its_words() -> None:
    assert detect_language("", "".join(f"<p>{word}</p>" for word in ENGLISH.split()), LANGUAGES) == "en"
