"""Small files in the shapes of ten public data sets, with texts made up here."""

from __future__ import annotations

import bz2
import csv
import io
import json
import random
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

SUBJECTS = (
    "the ferry",
    "a lamp",
    "our neighbour",
    "this kettle",
    "the night train",
    "a blue bicycle",
    "the soup",
)
VERBS = (
    "arrived",
    "broke",
    "was mended",
    "cost too much",
    "made everyone laugh",
    "was sold",
    "waited outside",
)
TIMES = (
    "on a cold morning",
    "before the rain",
    "after two weeks",
    "in the old harbour",
    "at the end of the street",
)


class Writer:
    """Makes texts, the same ones for the same name."""

    def __init__(self, name: str) -> None:
        self._random = random.Random(name)

    def sentence(self) -> str:
        return " ".join(self._random.choice(words) for words in (SUBJECTS, VERBS, TIMES))

    def text(self, sentences: int = 2) -> str:
        return ". ".join(self.sentence() for _ in range(sentences))

    def number(self, below: int) -> int:
        return self._random.randrange(below)


def table(
    rows: Iterable[Sequence[object]], header: Sequence[str] = (), quoting: int = csv.QUOTE_MINIMAL
) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, lineterminator="\n")  # type: ignore[arg-type]
    writer.writerows([*([header] if header else []), *rows])
    return out.getvalue()


def sentiment140(folder: Path) -> None:
    """Six quoted columns without a header, in Latin-1, sorted by class."""
    make = Writer("sentiment140")
    rows = [
        (
            "0" if number < 40 else "4",
            1467810369 + 31 * number,
            f"Mon Apr {6 + number // 20:02d} 22:{19 + number % 40}:45 PDT 2009",
            "NO_QUERY",
            f"user_{make.number(50)}",
            f"@caf\xe9_{number} {make.sentence()}",
        )
        for number in range(80)
    ]
    text = table(rows, quoting=csv.QUOTE_ALL)
    (folder / "training.1600000.processed.noemoticon.csv").write_bytes(text.encode("latin-1"))


def sms_spam(folder: Path) -> None:
    """The columns v1 and v2, and three without names; Latin-1."""
    make = Writer("sms")
    rows = [
        ("spam" if number % 8 == 3 else "ham", f"\xa3{number} {make.text()}", "", "", "")
        for number in range(80)
    ]
    (folder / "spam.csv").write_bytes(table(rows, ("v1", "v2", "", "", "")).encode("latin-1"))


def imdb(folder: Path) -> None:
    """The columns review and sentiment; line breaks as tags, quotation marks in the text."""
    make = Writer("imdb")
    rows = [
        (f'One "{make.sentence()}".<br /><br />{make.text(5)}', ("positive", "negative")[number % 2])
        for number in range(80)
    ]
    (folder / "IMDB Dataset.csv").write_text(table(rows, ("review", "sentiment")), encoding="utf-8")


def ag_news(folder: Path) -> None:
    """A folder of two files without a header: class, title, description."""
    make = Writer("ag")
    (folder / "ag_news_csv").mkdir()
    for part, size in (("train", 80), ("test", 20)):
        rows = [(1 + number % 4, make.sentence().title(), make.text(3)) for number in range(size)]
        (folder / "ag_news_csv" / f"{part}.csv").write_text(
            table(rows, quoting=csv.QUOTE_ALL), encoding="utf-8"
        )
    (folder / "ag_news_csv" / "classes.txt").write_text(
        "World\nSports\nBusiness\nSci/Tech\n", encoding="utf-8"
    )
    (folder / "ag_news_csv" / "readme.txt").write_text("What this is.\n", encoding="utf-8")


def yelp(folder: Path) -> None:
    """JSON Lines with stars from 1.0 to 5.0 and three counts beside them."""
    make = Writer("yelp")
    records = [
        {
            "review_id": f"r{number:021d}",
            "user_id": f"u{make.number(60):021d}",
            "business_id": f"b{make.number(30):021d}",
            "stars": float(1 + number % 5),
            "useful": make.number(4),
            "funny": make.number(2),
            "cool": make.number(3),
            "text": make.text(4),
            "date": f"2018-07-{1 + number % 28:02d} 22:09:{number % 60:02d}",
        }
        for number in range(80)
    ]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (folder / "yelp_academic_dataset_review.json").write_text(lines, encoding="utf-8")


def amazon(folder: Path) -> None:
    """Lines of fastText, packed with bzip2."""
    make = Writer("amazon")
    for part, size in (("train", 80), ("test", 20)):
        lines = (
            f"__label__{1 + number % 2} {make.sentence().title()}: {make.text(3)}\n" for number in range(size)
        )
        (folder / f"{part}.ft.txt.bz2").write_bytes(bz2.compress("".join(lines).encode()))


def newsgroups(folder: Path) -> None:
    """An archive of two folders, with a folder a class in each."""
    make = Writer("newsgroups")
    with tarfile.open(folder / "20news-bydate.tar.gz", "w:gz") as archive:
        for part, size in (("train", 30), ("test", 10)):
            for number in range(size):
                group = ("rec.autos", "sci.space")[number % 2]
                data = f"From: a{number}@b.example\nSubject: {make.sentence()}\n\n{make.text(5)}\n".encode()
                info = tarfile.TarInfo(f"20news-bydate-{part}/{group}/{51000 + number}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))


def quora(folder: Path) -> None:
    """A training file with qid, question_text and target, and a test file without answers."""
    make = Writer("quora")
    ids = [f"{number:020x}" for number in range(7, 7 + 100)]
    train = [(qid, make.sentence() + "?", number % 2) for number, qid in enumerate(ids[:80])]
    (folder / "train.csv").write_text(table(train, ("qid", "question_text", "target")), encoding="utf-8")
    test = [(qid, make.sentence() + "?") for qid in ids[80:]]
    (folder / "test.csv").write_text(table(test, ("qid", "question_text")), encoding="utf-8")


def jigsaw(folder: Path) -> None:
    """Six columns of 0 and 1."""
    make = Writer("jigsaw")
    labels = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
    rows = [(f"{97 + number:016x}", make.text(3), *(make.number(2) for _ in labels)) for number in range(80)]
    with zipfile.ZipFile(folder / "train.csv.zip", "w") as archive:
        archive.writestr("train.csv", table(rows, ("id", "comment_text", *labels)))


def consumer_complaints(folder: Path) -> None:
    """Eighteen columns in the original, the narrative filled in some of the records."""
    make = Writer("complaints")
    products = ("Bank account or service", "Credit card", "Mortgage", "Student loan")
    header = (
        "Date received", "Product", "Issue", "Consumer complaint narrative", "Company public response", "Company",
        "State", "ZIP code", "Submitted via", "Timely response?", "Consumer disputed?", "Complaint ID",
    )  # fmt: skip
    rows = [
        (
            f"{1 + number % 12:02d}/{1 + number % 28:02d}/2016",
            products[number % 4],
            ("Billing disputes", "Fees", "Closing on a house")[make.number(3)],
            make.text(8) if number % 5 < 2 else "",
            "Company chooses not to provide a public response" if make.number(2) else "",
            f"Firm {make.number(20)}",
            ("CA", "NY", "TX", "FL")[make.number(4)],
            f"{10000 + make.number(900)}",
            ("Web", "Phone", "Referral")[make.number(3)],
            "No" if make.number(9) == 0 else "Yes",
            "Yes" if make.number(4) == 0 else "No",
            2141773 + number,
        )
        for number in range(160)
    ]
    (folder / "complaints.csv").write_text(table(rows, header), encoding="utf-8")


# The name of each in data/README.md, and what writes its files.
PUBLIC_SETS: dict[str, Callable[[Path], None]] = {
    "Sentiment140": sentiment140,
    "SMS spam": sms_spam,
    "IMDB csv": imdb,
    "AG News": ag_news,
    "Yelp": yelp,
    "Amazon": amazon,
    "20 Newsgroups": newsgroups,
    "Quora": quora,
    "Jigsaw": jigsaw,
    "Consumer complaints": consumer_complaints,
}
