"""The name of every kind of warning, and what it means; a warning of that kind ends with it."""

from __future__ import annotations

from collections.abc import Mapping

# The place of a kind in the reference, its name, what it means.
WARNINGS: Mapping[str, Mapping[str, str]] = {
    "Files and folders": {
        "files-not-read": "Files that lie beside the corpus are no part of it. Name them if they should be.",
        "word-lists-not-read": (
            "Files with one word a line were taken for word lists. Name every file to have classes of them."
        ),
        "numbered-files-missing": (
            "The names of files are numbered, and some numbers are not there. The corpus may not be whole."
        ),
        "class-folders-empty": "A folder that would be a class holds no files, so it is none.",
        "class-named-as-a-part": (
            "A folder is called like a part of a corpus, such as `test`. It is read as a class, as its "
            "neighbours are."
        ),
        "classes-may-lie-deeper": (
            "Each class folder holds folders of the same names. These may be the classes that are meant."
        ),
        "web-pages-as-texts": (
            "Documents are web pages, and their tags are read as words. Keep their text alone."
        ),
        "stream-without-end": "A stream of records has no end mark. It may have been cut short.",
        "more-warnings": "Many files of a folder are warned of, and the first few are shown.",
    },
    "Characters": {
        "encoding-other-than-asked": (
            "A file is valid UTF-8, and another encoding was asked for. Leave `--encoding` out if its "
            "letters look wrong."
        ),
        "bytes-outside-encoding": "Some bytes mean nothing in the encoding. They are shown as U+FFFD.",
        "latin-1-or-cp1252": (
            "In latin-1 some bytes are control characters. Ask for `--encoding cp1252` if quotes or "
            "dashes are missing."
        ),
        "nul-bytes-left-out": "Bytes of value 0 stand in a text file, and were left out.",
        "texts-misread-before": (
            "Letters look as if a file had been read in a wrong encoding before it was saved. Nothing "
            "was changed."
        ),
        "letters-lost-before": (
            "Texts hold U+FFFD: letters were lost before the file came here, and cannot be found again."
        ),
    },
    "Records and labels": {
        "losses-over-2-percent": (
            "More than one record in fifty is left out. The message counts each reason, with places."
        ),
        "damaged-test-records-kept": "Test records with something wrong are kept, so that scores count them.",
        "unknown-classes-left-out": (
            "Test records of classes without training documents were left out, as asked."
        ),
        "labels-not-in-training": (
            "Test or validation documents have labels that no training document has. They count as missed: no "
            "model can give them."
        ),
        "part-without-labels": (
            "A file with the name of a part has no labels, so it is read as text without labels."
        ),
        "decimals-as-classes": (
            "The classes are many decimal numbers. If a number is to be predicted, cut it in two classes."
        ),
        "labels-are-long": "Labels are as long as texts. Look whether the right column is the label.",
        "labels-alike": "Labels differ only in their writing. `--map` joins them.",
        "texts-of-marks-alone": "No text holds a letter or a digit.",
        "texts-that-say-none": "Texts say only that there is none, such as `N/A`. They are kept.",
        "part-of-one-class": "All documents of a part have one class, so that one answer is always right.",
        "tags-are-numbers": "Tags are numbers, and spans are told by the names of tags. Write the names.",
        "tags-out-of-order": "A tag cannot follow the one before it. Spans are read as the official scorer reads them.",
        "tags-not-in-training": "Test or validation words have a tag that no training word has, so none can learn it.",
        "sample-drawn": "A sample of the documents was drawn, so figures are a first look.",
    },
    "What could leak": {
        "test-documents-seen": (
            "Test documents stand among those learned from. A right answer on them is no evidence."
        ),
        "test-documents-in-unlabelled": (
            "Test documents stand in the unlabelled text, which word vectors were learned from."
        ),
        "near-duplicates": (
            "Test documents nearly repeat documents learned from. The report has the scores without them."
        ),
        "tokens-tell-the-label": (
            "A single token all but tells a class. Look whether it comes from how the texts were collected."
        ),
    },
    "Word vectors": {
        "few-vectors": (
            "Few words of the documents have a vector, so the model sees little. Take a file that suits "
            "the texts."
        ),
        "vector-header-wrong": (
            "The first line of a file of vectors promises another number of words than it holds."
        ),
        "vector-file-cut": "A file of vectors ends inside a row, which is left out. Fetch it again.",
        "words-are-pieces": (
            "The words of a file are pieces of a tokenizer. Those that are whole words are read."
        ),
        "pieces-not-used": "The file's tokenizer could not be used, so only its whole words are read.",
        "words-from-pieces": "Words without a row of their own got the mean of their pieces.",
        "words-with-tags": "Words carry a tag, such as their part of speech. A word's first tag counts.",
        "words-not-utf-8": (
            "The words of a file are in an encoding of their own. It was found by the words of the corpus."
        ),
        "one-language-of-many": (
            "A file holds words of several languages, and one is read. `embeddings.language` names another."
        ),
        "rows-without-a-word": "Rows of a file of vectors have no word, and are left out.",
        "min-count-lowered": "Rare words were kept, because without them half of the text would be gone.",
        "source-not-used": "A source of word vectors was asked for, and no model of the run reads it.",
        "cache-not-written": "Vectors could not be kept for the next run. This run is as it should be.",
        "too-large-for-the-cache": (
            "Vectors do not fit into the cache, so the next run makes them anew. `run.cache_gib` gives "
            "it more room."
        ),
    },
    "Training": {
        "still-learning": "The loss still fell when training had to end. A longer one may do better.",
        "linear-model-cut-short": "A linear model had not settled when its steps were over. Give it more.",
        "best-at-the-first-look": (
            "The loss was lowest at once, and rose from there. Try a lower learning rate, or more dropout."
        ),
        "trained-again": (
            "One training ended far from the others, so it was done again. The better of the two is kept."
        ),
        "tokens-not-read": (
            "More than half of all tokens lie beyond what a network reads. `--max-tokens` gives it more."
        ),
        "model-left-out": (
            "A model that takes vectors as they are is not run on vectors that networks change."
        ),
        "job-failed": "One piece of the run failed, and the rest went on. The same command tries it again.",
        "fit-over-memory": (
            "One training needs more memory than a run usually takes, so nothing runs beside it."
        ),
        "process-gone": (
            "A process ended by force, mostly for want of memory. Its work is done again, with fewer at once."
        ),
        "training-not-saved": (
            "A training cannot be saved on its way. If the run is stopped, it begins again from its "
            "last save."
        ),
        "training-begins-anew": "What was saved of a training cannot be used, so it begins anew.",
        "vectors-made-anew": "The word vectors of a stopped run were damaged or gone.",
        "network-trained-anew": "A network of a stopped run was damaged or gone.",
        "run-pieces-damaged": (
            "Files of a stopped run were damaged or gone. They are set aside, and computed again."
        ),
        "job-begun-again": "A machine of the cluster was lost, and its work begins again on another.",
        "node-gone": "A machine of the cluster is gone. Its work is done by the others.",
    },
    "Answers and reports": {
        "rows-without-an-answer": "Rows of the documents to predict could not be read, so they have no answer.",
        "predictions-left-out": (
            "The run was stopped, and predictions that belong to no whole piece of it are not scored."
        ),
        "always-one-answer": (
            "A model gives every test document the same answer, so it has learned nothing of use."
        ),
        "answers-outside-test": (
            "Answers of a class that no test document has lower the mean over classes by themselves."
        ),
        "no-probabilities": "A model gives labels alone, so it has no score that needs probabilities.",
        "trained-elsewhere": (
            "The predictions of this model come from a file, so nothing is known of its training."
        ),
        "rows-passed-over": "Rows of a file of predictions are about documents that are not tested.",
        "report-without-texts": (
            "The report has its numbers, and no texts of documents. The message says why."
        ),
        "run-ended-early": "The run was stopped, and the report was written of what had finished.",
        "run-ends-here": "The run ends with an error. The message says where its results lie.",
        "corpus-not-here": "The corpus is not where the shards found it, so nothing can be trained any more.",
        "protocol-not-kept": (
            "The run does other things than its protocol says, so its verdict was not fixed beforehand."
        ),
        "verdicts-not-counted": "How often these test documents were looked at cannot be counted here.",
        "open-to-other-machines": "The service answers every machine that can reach it, without a password.",
    },
}
