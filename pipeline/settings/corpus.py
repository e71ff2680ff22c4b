"""The settings of the documents: corpus, tokenizer, vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.settings.setting import (
    AUTO,
    COUNT,
    COUNT_OR_NONE,
    SHARE,
    Check,
    Paths,
    named,
    named_paths,
    setting,
    switch,
)


@dataclass(frozen=True)
class CorpusSettings:
    """`[corpus]`: which files, which columns, how they are split."""

    path: Paths = setting(
        "bbc-news",
        "Labelled files or folders, a quoted pattern of their names, or a built-in corpus: bbc-news, "
        "word-order; of several labels labels-apart, labels-together; of words with tags agreement, brackets.",
        option="CORPUS...",
        decides=False,
    )
    test: Paths | None = named_paths(
        "The test documents; without it some of CORPUS are held out.", "--test PATH..."
    )
    validation: Paths | None = named_paths(
        "The validation documents; else some training documents.", "--validation PATH..."
    )
    unlabelled: Paths | None = named_paths(
        "More text, without labels, for word2vec and fasttext.", "--unlabelled PATH..."
    )
    text: str | None = named(
        "The column with the text, or several, joined: title,body. Found by itself if absent.",
        "--text COLUMN",
    )
    label: str | None = named(
        'The column with the label, or a column of numbers cut in two classes: "stars>3". Found by itself if absent.',
        "--label COLUMN",
    )
    tags: str | None = named(
        "The column with the tags of words, by its number (1 is that of the words) or its name; the last one, upos in "
        "CoNLL-U or tags in JSON if absent.",
        "--tags COLUMN",
    )
    encoding: str | None = named(
        "The encoding of text files, such as cp1251 or shift-jis; found by itself if absent.",
        "--encoding NAME",
    )
    class_map: str | None = named(
        'Classes to merge, rename or leave out: "4,5=good;1,2=bad;3=". Others stay as they are.',
        "--map RULES",
    )
    drop_classes: tuple[str, ...] = setting(
        (),
        "Classes to leave out, after --map; may be repeated.",
        option="--drop-class NAME...",
        decides=False,
    )
    only_known_classes: bool = switch(
        "Leave out validation and test records of a class that training does not have.",
        "--only-known-classes",
        decides=False,
    )
    limit: int = setting(
        0,
        "Most documents, drawn at random with classes in proportion, to try something out; as many are tested where "
        "there is a --test. 0: all.",
        COUNT_OR_NONE,
        option="--limit N",
        decides=False,
        quick=2_000,
    )
    allow_losses: bool = switch(
        "Go on where more than a fifth of a file's records cannot be used.", "--allow-losses", decides=False
    )
    test_size: float = setting(
        0.2,
        "The share of documents held out where there is no --test.",
        SHARE,
        option="--test-size SHARE",
    )
    validation_size: float = setting(
        0.1, "The share of the training documents that choose strengths and epochs.", SHARE
    )
    folds: int = setting(
        0,
        "Cross-validation in K parts, every document tested once; 0: one split.",
        COUNT_OR_NONE,
        option="--folds K",
    )


@dataclass(frozen=True)
class TokenizerSettings:
    """`[tokenizer]`: how text becomes tokens."""

    name: str = setting(
        "words",
        "`words`: Unicode words and every other character that is not blank. "
        "`whitespace`: for text that is tokenised already.",
        Check(choices=("words", "whitespace")),
    )
    lowercase: bool = setting(True, "Lower-case the text first.")
    html_breaks: bool = setting(True, "Read `<br>` and `<br />` as blanks.")
    normalization: str = setting(
        "nfc",
        "The Unicode form of the text, `nfc` or `nfkc`; characters that nobody sees, such as soft hyphens, are left "
        "out. `none`: the text as it is.",
        Check(choices=("nfc", "nfkc", "none")),
    )
    unspaced: str = setting(
        AUTO,
        "A token of Chinese, Japanese, Thai, Lao, Khmer and Burmese, which have no blanks between words. `words`: "
        "a word, by the extra `scripts`. `characters`: a character. `auto`: a word, if the extra is installed.",
        Check(choices=(AUTO, "words", "characters")),
    )
    vowel_signs: bool = setting(True, "Keep the vowel signs of Arabic and Hebrew, and Arabic's tatweel.")
    letter_variants: bool = setting(True, "Keep the Arabic and the Persian yeh and kaf apart.")


@dataclass(frozen=True)
class VocabularySettings:
    """`[vocabulary]`: which training tokens get a row."""

    min_count: int = setting(1, "Least number of occurrences in training documents.", COUNT)
    max_size: int = setting(0, "Most words that get a row, most frequent first; 0: no limit.", COUNT_OR_NONE)
