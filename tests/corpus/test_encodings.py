"""Encodings: found over the whole file, said with what they change, named by the user; damage is told apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_builders import documents, write, write_classes

from pipeline.core.errors import PipelineError
from pipeline.corpus.by_settings import read_asked
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.decoding import decode_bytes
from pipeline.corpus.readers.detection import evidence, guess_encoding
from pipeline.corpus.readers.encodings import TextSource, decode, read_source, reading_as
from pipeline.settings.tables import Config, with_values

# A sentence in each language, and the encodings that it is saved in.
SENTENCES = [
    (
        "French",
        "La forêt brûlée a déjà retrouvé ses chênes.",
        ["cp1252", "iso8859-15", "mac-roman", "cp850", "cp437"],
    ),
    (
        "German",
        "Die Straße ist wegen größerer Bauarbeiten gesperrt.",
        ["cp1252", "mac-roman", "cp850", "cp437"],
    ),
    ("Spanish", "El niño comió una manzana en el jardín.", ["cp1252", "cp850", "cp437"]),
    ("Polish", "Łódź stoi przy pomoście, a żagiel się suszy.", ["cp1250", "iso8859-2", "cp852"]),
    ("Czech", "Příliš hlučný vlak nás vzbudil dřív než obvykle.", ["cp1250", "iso8859-2", "cp852"]),
    ("Hungarian", "A vendéglőben jó ételt kaptunk, de lassú volt.", ["cp1250", "iso8859-2"]),
    ("Russian", "Гавань была пуста, лодка качалась у причала.", ["cp1251", "koi8-r", "cp866", "iso8859-5"]),
    (
        "Russian, several sentences",
        "Гавань пуста. Пароход ушёл. Мой лёгкий ялик, я плыву.",
        ["mac-cyrillic", "cp1251"],
    ),
    ("Russian, shouted", "ГАВАНЬ ПУСТА, ЛОДКА КАЧАЕТСЯ", ["cp1251", "koi8-r"]),
    ("Ukrainian", "Ми їхали потягом і розмовляли про її нову книгу.", ["cp1251", "koi8-u"]),
    ("Greek", "Η θάλασσα ήταν ήρεμη και το καράβι έφυγε.", ["cp1253", "iso8859-7"]),
    ("Turkish", "Şişli'deki küçük lokantada güzel bir akşam yedik.", ["cp1254", "iso8859-9", "cp857"]),
    ("Turkish, a word of letters with marks alone", "gün ışığı, gece ışığı, ay ışığı", ["cp1254"]),
    ("Hebrew", "הספר הזה היה מעניין מאוד אבל הסוף עצוב.", ["cp1255"]),
    ("Arabic", "كان الميناء هادئا والسفينة ترسو قرب الشاطئ.", ["cp1256", "iso8859-6"]),
    ("Lithuanian", "Šis viešbutis mums patiko, tačiau pusryčiai šalti.", ["cp1257", "iso8859-13"]),
    ("Chinese", "这家饭店的菜很好吃，但是服务太慢了。", ["gbk", "gb18030"]),
    ("Chinese, traditional", "這家飯店的菜很好吃，但是服務太慢了。", ["big5"]),
    ("Japanese", "この映画は長すぎて好きではありませんでした。", ["shift-jis", "euc-jp", "iso2022-jp"]),
    ("Korean", "이 식당의 음식은 맛있지만 느립니다.", ["euc-kr"]),
    ("Thai", "อาหารร้านนี้อร่อยมากแต่บริการช้า", ["cp874"]),
    (
        "any",
        "naïve 港 привет",
        ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"],
    ),
    ("Chinese without ASCII", "港口帆船\n甲板锚链\n一早上上上", ["utf-16-le", "utf-16-be"]),
]
PLAIN = [f"plain English text, number {number}\n" for number in range(90)]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        pytest.param(text, encoding, id=f"{name} in {encoding}")
        for name, text, encodings in SENTENCES
        for encoding in encodings
    ],
)
@pytest.mark.parametrize("plain", [False, True])
def test_one_sentence_tells_the_encoding(text: str, encoding: str, plain: bool) -> None:
    content = "".join([*PLAIN, text, "\n", *PLAIN]) if plain else text
    source = decode("f", content.encode(encoding))
    assert source.text() == content
    assert not source.damaged


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        ("le café noir", "cp1252", 'read as Windows-1252: "café"; --encoding names another'),
        (
            "їхали",
            "koi8-u",
            'read as KOI8-U: "їхали"; --encoding names another',
        ),
        (
            "“good” – £5",
            "cp1252",
            'read as Windows-1252: "£5", which a near one makes "Ł5"; --encoding names another',
        ),
    ],
)
def test_what_was_found_is_said_with_an_example_of_what_it_changes(
    text: str, encoding: str, said: str
) -> None:
    assert decode("f", text.encode(encoding)).notes == (said,)


@pytest.mark.parametrize(("codec", "words"), [("shift_jis", "Shift-JIS"), ("euc_jp", "EUC-JP")])
def test_japanese_without_ideographs_is_told_by_its_kana(codec: str, words: str) -> None:
    lines = ("みなとにふねがいる。ほをあげてすすむ。,sea", "かまどでぱんをやく。,bread")
    guess = guess_encoding(evidence(line.encode(codec) for line in lines))
    assert guess is not None
    assert (guess.best.encoding.words, guess.best.text.split("\n")[1]) == (words, lines[1])


def test_kana_that_look_like_damaged_utf8_are_read_as_euc_jp() -> None:
    text = "あっこ っちゃった\nがっこうへいった\nきってをかった\n"
    source = decode("f", text.encode("euc_jp"))
    assert (source.text(), source.encoding, source.damaged) == (text, "EUC-JP", False)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text",
    [
        "Гавань была пуста, лодка качалась у причала.\n",
        "Η θάλασσα ήταν ήρεμη και το καράβι έφυγε.\n",
        "كان الميناء هادئا والسفينة ترسو قرب الشاطئ.\n",
        "הספר הזה היה מעניין מאוד אבל הסוף עצוב.\n",
        "这家饭店的菜很好吃，但是 服务太慢了。\n",
        "यह फिल्म बहुत अच्छी थी।\n",
    ],
    ids=["Cyrillic", "Greek", "Arabic", "Hebrew", "Chinese", "Devanagari"],
)
def test_utf16_without_a_mark_is_told_in_every_script(tmp_path: Path, text: str, codec: str) -> None:
    path = write(
        tmp_path / "a.csv", ("text,label\n" + text.replace(",", "").replace("\n", ",да\n") * 3).encode(codec)
    )
    assert read_source(path).encoding == "UTF-16"
    assert decode("f", (text * 3).encode(codec)).text() == text * 3


def test_nul_bytes_in_utf8_do_not_make_utf16_of_it() -> None:
    for data in (b"plain\0text\0with\nnul\n" * 9, "да\tнет\n".encode() * 9 + b"\0\0", b"1\t2\0\n" * 9):
        assert decode("f", data).encoding == "UTF-8"


def test_utf8_says_no_more_than_its_name() -> None:
    assert decode("f", "café".encode()).assumptions == ("f: the encoding is UTF-8",)


# --- damage, and lines of another encoding ----------------------------------------------------------------

GOOD_LINES = "l’été à Paris\n" * 5


@pytest.mark.parametrize(
    "damaged",
    [
        b"un caf\xc3 noir",
        b"voil\xa0",
        b"na\xafve",
        b"le ch\xe2\x80teau",
        b"\xff\xfa",
        "été ".encode() + b"\xe9",
    ],
)
def test_utf8_with_damaged_bytes_stays_utf8(damaged: bytes) -> None:
    source = decode("f", GOOD_LINES.encode() + damaged)
    assert (source.encoding, source.damaged, source.notes) == ("UTF-8", True, ())
    assert source.data == GOOD_LINES.encode() + damaged


def test_lines_of_windows_1252_in_utf8_are_read_line_by_line() -> None:
    source = decode("f", GOOD_LINES.encode() + "un café noir\nle château\n".encode("cp1252"))
    assert source.text() == GOOD_LINES + "un café noir\nle château\n"
    assert source.encoding == "UTF-8, but Windows-1252 in 2 lines"
    assert source.notes == (
        'the encoding differs from line to line (lines 6, 7); read as Windows-1252: "château"; '
        "--encoding names another",
    )


@pytest.mark.parametrize(
    ("codec", "words", "line"),
    [
        ("cp850", "CP850", "Die Gäste fühlen die Größe."),
        ("cp437", "CP850", "El niño comió en el jardín."),  # which are alike in these letters
        ("mac-cyrillic", "Mac Cyrillic", "Пароход ушёл. Я плыву. Моя лодка. Гавань пуста."),
    ],
)
def test_lines_of_other_systems_in_utf8_are_read_line_by_line(codec: str, words: str, line: str) -> None:
    others = f"{line}\n".encode() * 30
    source = decode("f", others + f"{line}\n".encode(codec) * 3)
    assert source.text() == f"{line}\n" * 33
    assert source.encoding == f"UTF-8, but {words} in 3 lines"


def test_lines_of_utf8_in_windows_1252_too() -> None:
    source = decode("f", GOOD_LINES.encode("cp1252") + "un café noir\n".encode())
    assert source.text() == GOOD_LINES + "un café noir\n"
    assert source.encoding == "Windows-1252, but UTF-8 in 1 line"


def test_russian_lines_of_two_encodings() -> None:
    text = "гавань была пуста\nлодка у причала\n"
    source = decode("f", (text * 3).encode() + text.encode("cp1251"))
    assert source.text() == text * 4


def test_bytes_that_no_encoding_explains_are_damage() -> None:
    source = decode("f", b"good\nb\x81\x8d\x9d\xffd\n")
    assert (source.encoding, source.damaged) == ("UTF-8", True)


# --- named by the user ------------------------------------------------------------------------------------


def asked(path: Path, encoding: str) -> list[tuple[str, str]]:
    config = with_values(Config(), {"corpus.path": str(path), "corpus.encoding": encoding})
    return documents(read_asked(config))


def test_the_user_names_another_encoding(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\nПривет,a\nмир,b\n".encode("koi8-r"))
    assert asked(path, "cp1251") == [("рТЙЧЕФ", "a"), ("НЙТ", "b")]
    assert documents(read_corpus(path)) == [("Привет", "a"), ("мир", "b")]


def test_bytes_that_are_not_of_it_are_counted_and_their_records_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"text,label\ngood,a\nb\x81d,b\nbad,b\nfine,a\n")
    with reading_as("cp1252"):
        loaded = read_corpus(path, allow_losses=True)
    assert documents(loaded) == [("good", "a"), ("bad", "b"), ("fine", "a")]
    assert loaded.warnings[0] == f"{path}: 1 byte cannot be Windows-1252 (line 3) [bytes-outside-encoding]"
    (dropped,) = loaded.ledger.dropped
    assert (dropped.reason, dropped.lines) == ("undecodable bytes", (3,))


def test_utf8_that_is_asked_for_is_not_read_as_anything_else() -> None:
    with reading_as("utf-8"):
        source = decode("f", "café".encode("cp1252"))
    assert (source.encoding, source.damaged) == ("UTF-8", True)


def test_what_the_name_probably_does_not_mean_is_warned_of() -> None:
    with reading_as("latin-1"):
        assert decode("f", b"\x93good\x94").warnings == (
            "f: in latin-1 some bytes are control characters; in cp1252 they are quotes and dashes [latin-1-or-cp1252]",
        )
    with reading_as("cp1252"):
        source = decode("f", "café".encode())
    assert source.text() == "cafÃ©"
    assert source.warnings == (
        "f: its bytes are valid UTF-8, and Windows-1252 was asked for [encoding-other-than-asked]",
    )


@pytest.mark.parametrize(
    ("name", "codec"),
    [("Windows-1251", "cp1251"), ("win1252", None), ("LATIN1", "iso8859-1"), ("gbk", "gbk")],
)
def test_an_encoding_has_many_names(name: str, codec: str | None) -> None:
    if codec is None:
        with pytest.raises(PipelineError), reading_as(name):
            pass
        return
    with reading_as(name):
        assert decode("f", "a".encode(codec)).text() == "a"


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("cp1521", 'did you mean "cp1252"?'),
        ("win-1251", 'did you mean "windows-1251"?'),
        ("hex", "give one such as utf-8, cp1252, cp1251, koi8-r, gb18030, shift-jis or latin-1"),
    ],
)
def test_an_unknown_encoding_is_refused(name: str, fix: str) -> None:
    with pytest.raises(PipelineError) as error, reading_as(name):
        pass
    assert str(error.value) == f'--encoding: "{name}" is no encoding; {fix}'


# --- several files ----------------------------------------------------------------------------------------


def test_of_two_near_encodings_the_test_file_tells_which(tmp_path: Path) -> None:
    train = write(tmp_path / "a.csv", "text,label\n“good” – £5,a\nbad,b\n".encode("cp1252"))
    text = "Łódź stoi przy pomoście\nKsiążka była świetna\nźle się czuję\n"
    test = write(tmp_path / "b.csv", ("text,label\n" + text.replace("\n", ",a\n")).encode("cp1250"))
    alone = with_values(Config(), {"corpus.path": str(train)})
    assert documents(read_asked(alone))[0] == ("“good” – £5", "a")
    both = with_values(alone, {"corpus.test": str(test)})
    assert documents(read_asked(both))[0] == ("“good” – Ł5", "a")


def test_the_files_of_a_folder_tell_their_encoding_together(tmp_path: Path) -> None:
    texts = {
        "a/1": "мир",
        "a/2": "лодка качалась у причала",
        "b/1": "да",
        "b/2": "plain",
        "b/3": "гавань пуста",
    }
    folder = write_classes(tmp_path / "f", {name: text.encode("koi8-r") for name, text in texts.items()})
    assert read_corpus(folder).corpus.texts.to_list() == list(texts.values())


# --- line ends and marks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text", "told"),
    [
        (b"a\rb\r", "a\nb\n", ("f: lines end with a carriage return alone",)),
        (b"a\r\nb\rc\n", "a\r\nb\rc\n", ()),
        (
            "a,b\n\ufeffa,b\nx\ufeffy".encode(),
            "a,b\na,b\nx\ufeffy",
            ("f: 1 byte order mark inside the file left out (line 2), as if files had been joined",),
        ),
        (b"a\0\0,b\nc\0,d\n", "a,b\nc,d\n", ("f: 3 NUL bytes left out (lines 1, 2) [nul-bytes-left-out]",)),
    ],
)
def test_line_ends_and_marks_are_set_right_and_said(data: bytes, text: str, told: tuple[str, ...]) -> None:
    source = decode("f", data)
    assert source.text() == text
    assert source.assumptions[1:] + source.warnings == told


def test_valid_utf8_is_the_same_object(tmp_path: Path) -> None:
    data = ("plain and naïve\n" * 3).encode()
    assert decode_bytes(data).data is data
    assert TextSource("f", data, "UTF-8").text() == "plain and naïve\n" * 3
