"""The posts of the two generated sites."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Post:
    """A post; ``text`` is Markdown."""

    slug: str
    title: str
    language: str
    date: datetime
    labels: tuple[str, ...]
    text: str
    is_draft: bool = False


@dataclass(frozen=True, slots=True)
class Posts:
    """The posts of a site. ``related`` is about the same as ``english``, and nobody may find the draft."""

    english: Post
    related: Post
    indonesian: Post
    arabic: Post
    draft: Post

    @property
    def published(self) -> tuple[Post, ...]:
        """All posts except the draft."""
        return (self.english, self.related, self.indonesian, self.arabic)

    @property
    def every(self) -> tuple[Post, ...]:
        """All posts, also the draft."""
        return (*self.published, self.draft)


HARBOUR: Final = Posts(
    english=Post(
        "night-ferry",
        "The night ferry to Lombok",
        "en",
        datetime.fromisoformat("2025-03-02T19:30:00+07:00"),
        ("Travel", "Ships"),
        """The ferry leaves Padang Bai at half past seven, when the heat has gone and the deck smells of cloves and
diesel. Nobody books a cabin. You take a mat from the pile by the stairs, and whoever lies beside you for the next
four hours is a neighbour.

## What the ticket does not say

There are two canteens, and only the upper one has coffee. The life jackets are in the lockers under the benches, not on
the wall where the sign is. The best place is on the port side behind the funnel: it is warm, and the spray does not
reach it.

> A ferry is on time if it arrives on the day that is printed on the ticket.

## In the strait

Halfway across, the engine slows down. The current between the two islands runs like a river, and the ship turns its bow
against it for as long as it takes. Then the lights of Lembar appear, first as a glow and then one by one.
""",
    ),
    related=Post(
        "packing-for-the-ferry",
        "What to pack for a night on the ferry",
        "en",
        datetime.fromisoformat("2025-04-18T08:05:00+07:00"),
        ("Travel", "Ships", "Lists"),
        """After five crossings to Lombok, this is what I take on board of the night ferry, and what I leave at home.

- A scarf. It is a pillow, a blanket and a curtain.
- Water, because the canteen closes before the strait.
- A torch for the stairs to the car deck.
- Cash in small notes, for coffee and for the porter in Lembar.

Leave the large suitcase at home: it stays on the car deck, which is locked until the ship has docked.
""",
    ),
    indonesian=Post(
        "pasar-pagi",
        "Pasar pagi di pelabuhan",
        "id",
        datetime.fromisoformat("2025-05-09T05:15:00+07:00"),
        ("Kuliner", "Pelabuhan"),
        """Sebelum matahari terbit, perahu-perahu nelayan sudah merapat dan pasar di pelabuhan mulai ramai. Ikan tongkol
ditimbang di atas daun pisang, dan para pembeli menawar dengan suara pelan supaya tidak membangunkan bayi di warung
sebelah.

## Sarapan di warung Bu Ratna

Nasi jinggo dengan sambal yang baru diulek, teh panas, dan cerita tentang cuaca semalam. Harganya tidak pernah naik,
hanya porsinya yang makin kecil.
""",
    ),
    arabic=Post(
        "suq-al-mina",
        "سوق الميناء قبل الفجر",
        "ar",
        datetime.fromisoformat("2025-06-21T04:40:00+03:00"),
        ("أسواق", "سفر"),
        """يبدأ السوق قبل الفجر بساعة، حين ترسو قوارب الصيد ويصل الباعة بصناديق السمك والثلج. لا أحد يرفع
صوته، فالمدينة ما زالت نائمة.

## الشاي أولاً

قبل أن يسأل أحد عن السعر، تُصب كأس من الشاي بالنعناع. ثم يبدأ الحديث عن الريح والموج، وبعده فقط عن ثمن السمك.
""",
    ),
    draft=Post(
        "unfinished-lighthouse",
        "The unfinished lighthouse",
        "en",
        datetime.fromisoformat("2025-07-01T10:00:00+07:00"),
        ("Travel",),
        "A draft about the lighthouse of Lembar that nobody is to find yet.\n",
        is_draft=True,
    ),
)
RAILWAY: Final = Posts(
    english=Post(
        "night-train",
        "The night train to Banyuwangi",
        "en",
        datetime.fromisoformat("2024-11-05T21:10:00+07:00"),
        ("Travel", "Trains"),
        """Seat 9A has a window that does not close, and for six hours the sleeper coach smells of wet rice fields. At
Jember the vendors come on board with boxes of warm rolls, and everybody wakes up for as long as it takes to eat one.

## The last stop

The rails end four hundred metres from the water. You walk the rest of the way behind porters with suitcases on their
heads, and from the platform you can already see the lights of the other island.
""",
    ),
    related=Post(
        "sleeper-coach",
        "How to sleep in a night train",
        "en",
        datetime.fromisoformat("2025-01-19T09:00:00+07:00"),
        ("Travel", "Trains", "Lists"),
        """Three rules for the sleeper coach of a night train, learned between Surabaya and Banyuwangi.

1. Take the seat on the side without the corridor light.
2. Wear socks: the cold air comes from the floor.
3. Ask the conductor to wake you. He does, and he brings tea.
""",
    ),
    indonesian=Post(
        "kereta-terakhir",
        "Kereta terakhir dari Jember",
        "id",
        datetime.fromisoformat("2025-02-11T22:45:00+07:00"),
        ("Kereta",),
        """Peron sudah sepi ketika kereta terakhir masuk. Kepala stasiun memegang lampu hijau, dan seorang ibu berlari
membawa kardus berisi tape singkong untuk anaknya di Banyuwangi.

## Tape singkong

Yang terbaik masih hangat, dibungkus daun pisang, dan habis sebelum kereta sampai di Kalisat.
""",
    ),
    arabic=Post(
        "qitar-al-layl",
        "قطار الليل إلى البحر",
        "ar",
        datetime.fromisoformat("2025-03-30T23:20:00+03:00"),
        ("قطارات", "سفر"),
        """يتحرك القطار بعد منتصف الليل بقليل، ولا يُسمع في العربة إلا صوت العجلات. كل نافذة تطل على حقل نائم.

## المحطة الأخيرة

تنتهي القضبان قرب الماء. من الرصيف نرى أضواء الجزيرة الأخرى، ونعرف أن الرحلة لم تنته بعد.
""",
    ),
    draft=Post(
        "unfinished-bridge",
        "The unfinished bridge",
        "en",
        datetime.fromisoformat("2025-07-02T10:00:00+07:00"),
        ("Travel",),
        "A draft about a lighthouse beside the unfinished bridge of the railway.\n",
        is_draft=True,
    ),
)
