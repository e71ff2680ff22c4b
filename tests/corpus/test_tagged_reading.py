"""Words with tags: what each format gives, and what is said of files that are not as they should be."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.errors import PipelineError
from pipeline.core.values import LoadedCorpus
from pipeline.corpus.readers.encodings import reading_as
from pipeline.corpus.tagged.kinds import is_tagged
from pipeline.corpus.tagged.reading import read_tagged

COLUMNS = "The DT B-NP\nold JJ I-NP\nman NN I-NP\nsings VBZ B-VP\n\nHe PRP B-NP\nsings VBZ B-VP\n"
CONLLU = """# newdoc id = a
# text = Vámonos al mar
1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tVamos\tir\tVERB\tV\tMood=Imp\t0\troot\t_\t_
2\tnos\tnosotros\tPRON\tP\t_\t1\tobj\t_\t_
3\tmar\tmar\tNOUN\tN\t_\t1\tobl\t_\t_
3.1\tnada\t_\t_\t_\t_\t_\t_\t_\t_

# newdoc id = b
1\tSí\tsí\tINTJ\tI\t_\t0\troot\t_\t_
"""
JSONL = '{"tokens": ["The", "man"], "tags": ["O", "B-PER"]}\n{"tokens": ["He"], "tags": ["O"]}\n'


def read(folder: Path, content: str | bytes, name: str = "a.conll", **options) -> LoadedCorpus:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_tagged(path, **options)


def tags(loaded: LoadedCorpus) -> list[str]:
    """Return the tags of each sentence."""
    return loaded.corpus.answers(np.arange(len(loaded.corpus.texts)))


def words(loaded: LoadedCorpus) -> list[str]:
    return loaded.corpus.words.tokens.to_list()


# --- what is read


def test_columns_give_sentences_with_the_tags_of_the_last_one(tmp_path):
    loaded = read(tmp_path, COLUMNS)
    assert loaded.corpus.texts.to_list() == ["The old man sings", "He sings"]
    assert tags(loaded) == ["B-NP I-NP I-NP B-VP", "B-NP B-VP"]
    assert loaded.corpus.words.offsets.tolist() == [0, 4, 6]
    assert "the tags are IOB2" in loaded.assumptions
    assert loaded.reading.line().endswith('3 tags: "B-NP" (2), "B-VP" (2), "I-NP" (2)')


def test_another_column_is_asked_for_by_its_number(tmp_path):
    loaded = read(tmp_path, COLUMNS, tags="2")
    assert tags(loaded) == ["DT JJ NN VBZ", "PRP VBZ"]
    assert "the tags make no spans: each word is answered by itself" in loaded.assumptions


def test_a_first_line_that_names_the_column_is_a_header(tmp_path):
    loaded = read(tmp_path, "word\tner\n\nIda\tB-PER\nruns\tO\n", "a.tsv", tags="ner")
    assert (words(loaded), tags(loaded)) == (["Ida", "runs"], ["B-PER O"])


def test_iob1_is_converted_to_iob2(tmp_path):
    loaded = read(tmp_path, "a I-X\nb I-X\nc B-X\n\nd O\ne I-X\n", "a.iob")
    assert tags(loaded) == ["B-X I-X B-X", "O B-X"]
    assert "the tags are IOB1, read as IOB2" in loaded.assumptions


def test_bilou_is_read_as_bioes(tmp_path):
    loaded = read(tmp_path, "a B-X\nb L-X\nc U-X\nd O\n")
    assert tags(loaded) == ["B-X E-X S-X O"]
    assert "the tags are BILOU, read as BIOES" in loaded.assumptions


def test_words_with_blanks_stay_whole_between_tabs(tmp_path):
    loaded = read(tmp_path, "New York\tB-LOC\nis\tO\n")
    assert words(loaded) == ["New York", "is"]


def test_a_number_sign_is_a_word_and_a_line_of_other_columns_before_a_sentence_is_none(tmp_path):
    loaded = read(tmp_path, "# id 7f domain=en\n# # O\n1 CD B-NP\n\n# id 8 of 9\na DT B-NP\n")
    assert words(loaded) == ["#", "1", "a"]


def test_documents_of_a_file_stay_in_one_part(tmp_path):
    doc = "-DOCSTART- -X- O\n\n"
    loaded = read(tmp_path, f"{doc}a NN O\n\nb NN B-X\n\n{doc}c NN O\n")
    assert loaded.together.tolist() == [1, 1, 2]
    assert words(loaded) == ["a", "b", "c"]


def test_conllu_gives_words_and_leaves_out_what_is_none(tmp_path):
    loaded = read(tmp_path, CONLLU, "a.conllu")
    assert tags(loaded) == ["VERB PRON NOUN", "INTJ"]
    assert loaded.together.tolist() == [1, 2]
    path = tmp_path / "a.conllu"
    assert (
        f"{path}: 1 multi-word token left out ({path}:3): their words are tagged one by one"
        in loaded.assumptions
    )
    assert f"{path}: 1 empty node left out ({path}:7): they are not in the text" in loaded.assumptions


def test_another_column_of_conllu_has_its_name(tmp_path):
    assert tags(read(tmp_path, CONLLU, "a.conllu", tags="deprel")) == ["root obj obl", "root"]


def test_lists_of_json_are_words_and_tags(tmp_path):
    loaded = read(tmp_path, JSONL, "a.jsonl")
    assert (words(loaded), tags(loaded)) == (["The", "man", "He"], ["O B-PER", "O"])


def test_records_of_one_document_stay_together(tmp_path):
    lines = [
        f'{{"doc_id": {doc}, "tokens": ["a"], "ner_tags": ["{tag}"]}}'
        for doc, tag in ((5, "O"), (3, "B"), (5, "O"))
    ]
    assert read(tmp_path, "\n".join(lines), "a.jsonl").together.tolist() == [0, 1, 0]


def test_packed_files_and_windows_line_ends_are_read_alike(tmp_path):
    plain = read(tmp_path, COLUMNS)
    packed = read(tmp_path, gzip.compress(COLUMNS.replace("\n", "\r\n").encode()), "a.conll.gz")
    assert (words(packed), tags(packed), packed.hash) == (words(plain), tags(plain), plain.hash)


def test_test_and_validation_files_are_official(tmp_path):
    for name in ("test", "valid"):
        (tmp_path / name).with_suffix(".conll").write_text("x NN B-NP\n")
    loaded = read(tmp_path, COLUMNS, test=tmp_path / "test.conll", validation=tmp_path / "valid.conll")
    assert loaded.corpus.split.tolist() == [-1, -1, 1, 2]


@pytest.mark.parametrize(
    ("name", "content", "tagged"),
    [
        ("a.conllu", "", True),
        ("a.bio.gz", "", True),
        ("a.iob", COLUMNS, True),
        ("a.iob", "BOS i fly EOS\tO O O atis_flight\n", False),
        ("a.txt", COLUMNS, True),
        ("a.txt", "DT NN\nold JJ\n\na b\n", False),  # no tag of IOB: it might be anything
        ("a.txt", "good film\tpos\nbad film\tneg\n", False),
        ("a.jsonl", JSONL, True),
        ("a.jsonl", '{"text": "good", "label": "pos"}\n', False),
        ("a.csv", COLUMNS, False),
    ],
)
def test_files_whose_words_have_tags_are_told(tmp_path, name, content, tagged):
    path = tmp_path / name
    path.write_text(content)
    assert is_tagged(path) == tagged


# --- sentences that cannot be used, and tags that are odd

USABLE = "\n\n".join(f"w{n} NN B-NP\nv VB O" for n in range(9)) + "\n\n"


@pytest.mark.parametrize(
    ("sentence", "name", "reason"),
    [
        ("a NN\nb NN O", "a.conll", "wrong number of fields"),
        ("a NN O O\nb NN O", "a.conll", "wrong number of fields"),
    ],
)
def test_a_sentence_with_a_ragged_row_is_left_out_and_named(tmp_path, sentence, name, reason):
    loaded = read(tmp_path, f"{USABLE}{sentence}\n", name)
    (left_out,) = loaded.ledger.dropped
    assert (left_out.reason, left_out.rows, left_out.lines) == (reason, (9,), (28,))
    assert (loaded.ledger.rows_read, loaded.ledger.documents) == (10, 9)
    (warning,) = loaded.warnings
    assert warning == (
        f"{tmp_path / name}: 1 of 10 records are left out (10.0 %): 1 wrong number of fields ({tmp_path / name}:28)"
        " [losses-over-2-percent]"
    )


def test_a_word_without_a_tag_leaves_its_sentence_out(tmp_path):
    rest = "\n".join("1\tw\tw\tX\t_\t_\t_\t_\t_\t_\n2\tv\tv\tY\t_\t_\t_\t_\t_\t_\n" for _ in range(9))
    loaded = read(tmp_path, f"{rest}\n1\tx\tx\t_\t_\t_\t_\t_\t_\t_\n", "a.conllu")
    assert [(entry.reason, entry.lines) for entry in loaded.ledger.dropped] == [("no label", (28,))]


def test_an_empty_sentence_of_json_is_left_out(tmp_path):
    loaded = read(tmp_path, JSONL * 3 + '{"tokens": [], "tags": []}\n', "a.jsonl")
    assert [(entry.reason, entry.lines) for entry in loaded.ledger.dropped] == [("no text", (7,))]


def test_lists_of_other_lengths_are_left_out(tmp_path):
    loaded = read(tmp_path, JSONL * 3 + '{"tokens": ["a", "b"], "tags": ["O"]}\n', "a.jsonl")
    assert [(entry.reason, entry.lines) for entry in loaded.ledger.dropped] == [
        ("wrong number of fields", (7,))
    ]


def test_bytes_that_are_no_text_leave_their_sentence_out(tmp_path):
    with reading_as("utf-8"):
        loaded = read(tmp_path, USABLE.encode() + b"caf\xe9 NN O\nx NN O\n")
    assert [(entry.reason, entry.lines) for entry in loaded.ledger.dropped] == [("undecodable bytes", (28,))]


def test_tags_that_cannot_follow_are_read_as_the_official_scorer_reads_them(tmp_path):
    loaded = read(tmp_path, f"{USABLE}a NN O\nb NN I-NP\n\nc NN B-NP\nd NN I-NP\n\ne NN B-NP\nf NN B-NP\n")
    assert tags(loaded)[9:] == ["O B-NP", "B-NP I-NP", "B-NP B-NP"]
    assert loaded.warnings == (
        f"1 tag in 1 sentence cannot follow the one before in IOB2 ({tmp_path / 'a.conll'}:28); spans are read as the"
        " official scorer reads them [tags-out-of-order]",
    )


def test_tags_of_the_test_file_alone_are_told(tmp_path):
    (tmp_path / "t.conll").write_text("x NN B-LST\ny NN O\n")
    loaded = read(tmp_path, USABLE, test=tmp_path / "t.conll")
    assert loaded.warnings == (
        'no training sentence has the tags "B-LST", which 1 word of others have [tags-not-in-training]',
    )


def test_numbers_for_tags_are_told(tmp_path):
    loaded = read(tmp_path, '{"tokens": ["a", "b"], "ner_tags": [0, 1]}\n', "a.jsonl")
    assert loaded.warnings == (
        f'{tmp_path / "a.jsonl"}: "ner_tags" holds numbers, so no spans can be told; write the names of the tags '
        "instead [tags-are-numbers]",
    )


# --- what is refused


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.conll", "", {}, "{path}: the file is empty; give a file with one document a record"),
        ("a.conll", "\n \n\n", {}, "{path}: the file is empty; give a file with one document a record"),
        (
            "a.conll",
            "just\nwords\n",
            {},
            "{path}: each line holds a word and nothing else, so there are no tags; give a file with a column of tags, "
            "or leave out --task tag",
        ),
        (
            "a.conll",
            "-DOCSTART- O\n",
            {},
            "{path}: no line holds a word; give a file with a word and its tags a line",
        ),
        (
            "a.conll",
            "a NN O\nb VB O\n",
            {},
            '{path}: every word has the tag "O"; name another column with --tags: "2"',
        ),
        ("a.conll", "a O\nb O\n", {}, '{path}: every word has the tag "O"; give a file with several tags'),
        (
            "a.conll",
            COLUMNS,
            {"tags": "4"},
            '--tags 4: {path}: there is no column "4" beside the words; it is one of',
        ),
        (
            "a.conll",
            "a NN O\nb NN\n\nc\nd NN O\n",
            {},
            "{path}: none of the 2 sentences can be used: 2 wrong number of fields; give each word as many columns, "
            "and a tag (--tags COLUMN)",
        ),
        (
            "a.conll",
            "a NN O\nb NN B-X\n\nc\nd NN O\n",
            {},
            "{path}: 1 of 2 records are left out (50.0 %): 1 wrong number of fields ({path}:4); correct them, choose "
            "another column with --tags, or go on without them: --allow-losses",
        ),
        (
            "a.conllu",
            "# text = nothing\n",
            {},
            "{path}: no line holds a word of ten columns; give a CoNLL-U file",
        ),
        (
            "a.jsonl",
            '{"tokens": ["a"], "tags": ["O"]}\nnot json\n',
            {},
            "{path}:2: the line is no JSON (Expecting value: line 1 column 1 (char 0)); write one object a line",
        ),
        (
            "a.jsonl",
            "[1]\n",
            {},
            '{path}:1: the line is no JSON object; write {{"tokens": [..], "tags": [..]}}',
        ),
        (
            "a.jsonl",
            '{"tokens": "a b", "tags": ["O"]}\n',
            {},
            '{path}:1: "tokens" is no list of texts; write the words of a sentence: {{"tokens": ["a", "b"], '
            '"tags": [..]}}',
        ),
        (
            "a.jsonl",
            '{"tokens": ["a"], "label": "x"}\n',
            {},
            '{path}:1: no record has a list of tags beside "tokens"; call it "tags"',
        ),
        (
            "a.csv",
            COLUMNS,
            {},
            '{path}: words with tags are not read from files that end in ".csv"; give one of .conllu .jsonl .ndjson '
            ".conll .iob .iob2 .bio .bioes .txt .tsv",
        ),
    ],
)
def test_a_file_without_words_and_tags_is_refused(tmp_path, name, content, options, message):
    with pytest.raises(PipelineError) as refused:
        read(tmp_path, content, name, **options)
    expected = message.format(path=tmp_path / name)
    assert str(refused.value)[: len(expected)] == expected


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(PipelineError) as refused:
        read_tagged(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path}: a folder of files with tags is not read as one corpus; name its files; --test and --validation "
        "name those of the parts"
    )


def test_losses_are_allowed_where_they_are_asked_for(tmp_path):
    loaded = read(tmp_path, "a NN O\nb NN B-X\n\nc\nd NN O\n", allow_losses=True)
    assert loaded.ledger.documents == 1
