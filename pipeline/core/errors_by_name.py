"""The name of every kind of error, and what it means; a message of that kind ends with it in the terminal."""

from __future__ import annotations

from collections.abc import Mapping

# The place of a kind in the reference, its name, what it means.
ERRORS: Mapping[str, Mapping[str, str]] = {
    "Options and settings": {
        "option-not-understood": (
            "The value of an option is not written in the form that the option reads. The message shows "
            "the form."
        ),
        "number-out-of-range": "The number is smaller or greater than what the option takes.",
        "setting-out-of-range": (
            "The value of a setting is of another type, or not among those that the setting takes. Its "
            "page lists them."
        ),
        "settings-contradict": "Two settings cannot both hold. Change one of them, or leave it out.",
        "unknown-setting": "No table or key has this name. The message says which one is close.",
        "settings-file-broken": (
            "The file of settings is no TOML in UTF-8. Correct it at the line and column that are named."
        ),
        "unknown-keyword": "The function takes no argument of this name.",
        "unknown-choice": "The option takes one of a few names, and this is none of them.",
        "options-exclude-each-other": (
            "These options cannot be given together: each asks for something else. Keep one."
        ),
        "option-of-another-task": "The option or model belongs to another task than the corpus asks for.",
        "option-needs-another": "The option means something only together with the one that is named.",
        "named-twice": "Something stands twice where each thing is named once. Leave one out.",
        "name-taken": (
            "Results are named by files and models, so two of one name cannot be told apart. Rename a file."
        ),
        "unknown-model": "No model or head has this name, or it has one head too many.",
        "unknown-source": "No source of word vectors, and no mode, has this name.",
        "source-not-understood": "The parts of a source of word vectors do not go together.",
        "source-does-not-suit": (
            "A model that is asked for cannot use any of the sources of word vectors that are named."
        ),
        "package-missing": (
            "A part of the program needs a package that is not installed. The message has the line that "
            "installs it."
        ),
        "memory-too-small": (
            "The bound of memory is below what the largest training needs. Give more, or leave the bound out."
        ),
    },
    "Files": {
        "no-such-file": "There is no file or folder of this name, or none that the pattern fits.",
        "file-expected": "This is a folder or something else, and one file is expected.",
        "cannot-be-read": (
            "The system does not let the file or folder be read. Check the path, and who may read it."
        ),
        "cannot-be-written": (
            "The system does not let the file or folder be written. Check who may write there, and the "
            "room on the disk."
        ),
        "no-room-to-unpack": (
            "What is packed is unpacked beside the system's other temporary files, and there is no room."
        ),
        "disk-full": "The disk has no room left. What had finished is kept, and the same command goes on.",
        "address-not-fetched": (
            "The program never asks another machine for a file. Fetch it yourself, then give the file."
        ),
        "file-is-empty": "There is nothing in it that could be a document.",
        "file-damaged": (
            "The file is not whole, or not of the kind that its name says. Fetch or write it again."
        ),
        "format-not-read": (
            "The file, or one of its columns, is of a kind that is not read. Convert it as the message says."
        ),
        "packed-too-deep": "A packed file holds a packed file, and so on. Unpack it.",
        "no-such-member": "The file holds no table, sheet or member of this name.",
        "several-members": (
            "The file holds several tables, sheets or members, and one is read. Name one as the message "
            "shows."
        ),
        "standard-input-alone": "Standard input can be read once, and as the corpus alone.",
        "unknown-encoding": "No encoding has this name.",
        "json-invalid": "A record is no JSON object that can be read.",
        "json-shape-unknown": (
            "The JSON file holds no list of records, and nothing that could be turned into one."
        ),
        "quote-never-closed": (
            "A quotation mark opens a field of a delimited file and never closes it, so the rest would "
            "be one field."
        ),
        "fields-differ": (
            "A record has more or fewer fields than the others: mostly an unquoted delimiter within a text."
        ),
        "line-too-long": (
            "One line is too long to be a document. The file is of another kind, or not one document a line."
        ),
        "line-without-label": (
            "A text file holds a class and a text a line, and this line holds something else."
        ),
        "tree-broken": "A line of a file of sentence trees is not one whole tree.",
    },
    "Corpora": {
        "no-class-folders": (
            "A folder is read as a corpus where each class has a folder of its own, and this one has none."
        ),
        "corpus-ambiguous": (
            "Several things that lie here could each be the corpus, or one of its parts. Name one."
        ),
        "files-beside-folders": "Files and folders are not read as one corpus.",
        "no-training-file": (
            "Names say that a file is a test or validation part, and nothing is named as the training part."
        ),
        "built-in-alone": "A built-in corpus is not read together with files.",
        "columns-differ": "Files that are read as one have other columns. Give files with the same columns.",
        "files-do-not-match": "Texts and labels in two files belong together line by line, and these do not.",
        "no-such-column": "The file has no column of this name. The message lists its columns.",
        "column-of-another-type": "A column that is to hold one text or label a record holds something else.",
        "column-unsettled": (
            "Several columns could each be the text, or the label. The program does not guess: choose one."
        ),
        "no-text-column": "No column looks like texts. Name one with `--text`.",
        "no-label-column": "No column looks like labels. Name one with `--label`.",
        "label-is-the-text": "One column is named as text and as label.",
        "text-and-label-exchanged": (
            "The column of labels holds long texts and the column of texts a few short ones. Exchange "
            "the two."
        ),
        "texts-empty": "No text of the column holds anything that can be seen.",
        "label-tells-records-apart": (
            "The labels are nearly all different, as numbers of records are. That is no class to learn."
        ),
        "label-is-a-number": (
            "The labels are numbers to be predicted, or are compared as if they were. Cut them in two "
            "classes."
        ),
        "several-labels": "A document has more than one label, and one is read. Keep one.",
        "unknown-class": "No record has the class that an option names.",
        "label-not-in-training": "A test or validation document has a class that no training document has.",
        "one-class": "All documents have the same class, so there is nothing to tell apart.",
        "losses-over-20-percent": (
            "More than one record in five would be left out. Correct them, or accept it with"
            " `--allow-losses`."
        ),
        "no-record-usable": "Not one record has both a text and a label.",
        "too-few-documents": (
            "The parts of a corpus, or a class in each of them, need more documents than there are."
        ),
        "no-validation-documents": "What is asked for is chosen by validation documents, and there are none.",
        "no-token-left": "No token, or no run of tokens, is left to learn from.",
        "ngrams-over-the-limit": "So many different runs of tokens cannot be counted. Take shorter ones.",
    },
    "Word vectors": {
        "vector-file-damaged": "The file of vectors ends early or holds something else. Fetch it again.",
        "not-a-vector-file": (
            "This is no file of word vectors, or several of them. The message says what it is."
        ),
        "vector-words-missing": "The file holds vectors, and no words that they belong to.",
        "vector-words-wrong": "The words of the vectors cannot be read, or are not as many as the vectors.",
        "vector-array-unknown": "No array of the file is a table with a row of numbers for each word.",
        "vectors-quantised": (
            "The numbers of this file were made smaller and are not read. Give the file that it was "
            "made from."
        ),
        "pickle-not-opened": (
            "A pickle can run any program when it is opened, so none ever is. Save the vectors as the "
            "message shows."
        ),
        "no-such-language": "The file of vectors has no words of this language.",
    },
    "Outside models": {
        "outside-columns": "The file of predictions has not the columns that `--compare` reads.",
        "outside-row": "A row of the file of predictions cannot be read as one.",
        "outside-other-documents": "The predictions are not for each test document of this run once.",
    },
    "Run folders": {
        "output-exists": (
            "Something stands already where the output is to go, and nothing is written over it."
        ),
        "no-output-folder": "The folder in which the output is to lie does not exist.",
        "output-name-ending": (
            "What is written is told by the ending of its name, and this ending stands for nothing."
        ),
        "nothing-to-resume": "The folder holds no run that could go on.",
        "resumed-with-other-settings": (
            "A run goes on with the settings that it was begun with, and these are others."
        ),
        "not-a-finished-run": "The folder holds no finished run.",
        "other-version": "Another version of the program wrote this, and this version cannot read it.",
        "run-file-damaged": "A file of the run is gone, or is not what the run wrote.",
        "piece-lost": "A piece of a run that is still going on was lost. The same command makes it anew.",
        "run-in-use": "Another process works on this run, and two would write over each other.",
        "run-vanished": "The folder was moved or deleted while the run was going on.",
        "protocol-damaged": (
            "The file that says beforehand what a run asks cannot be read, or was changed since."
        ),
        "runs-not-comparable": (
            "Two runs are compared on the same documents and models, and these share none."
        ),
        "shards-incomplete": "The folders are not each share of one run once.",
        "shards-of-different-runs": (
            "The folders are shares of runs with other documents, settings or versions."
        ),
        "not-a-finished-shard": "The folder holds no finished share of a run.",
    },
    "Clusters": {
        "cluster-unreachable": "No Ray cluster answers at this address, or it refuses.",
        "cluster-gone": (
            "The Ray cluster ended during the run. What had finished is kept, and the same command goes on."
        ),
        "cluster-versions-differ": (
            "The machines of the cluster have other versions of packages, which would change numbers."
        ),
    },
    "Saved models": {
        "no-such-model": "The run or bundle holds no model, or no training of it, as it was asked for.",
        "no-model-advised": "The run advises no model. Name the one that is to be used.",
        "not-a-saved-model": "The file is neither a run folder nor a bundle.",
        "start-unknown": "A language model does not know a word, or a character, that its text is to begin with.",
        "model-file-damaged": "A file of a saved model is gone or was changed.",
        "model-without-vectors": "A model refers to a file of word vectors beside it, and that is not there.",
        "bundle-damaged": "The bundle is not whole, or its content was changed.",
        "golden-answers-differ": (
            "A model gives other answers here than where it was trained, so it is not used."
        ),
        "model-of-another-task": "What is for answers to whole documents was asked of a model that tags words.",
        "word-breaker-differs": "The words of the training were found by another version of a package.",
        "model-did-not-train": "The model's answers are no numbers, because its training failed.",
        "fit-failed": "The model could not be trained on these documents.",
        "no-word-contributions": "This model cannot say what a word adds to its answer.",
        "model-in-no-folder": "The model was never saved, so another process cannot load it.",
        "promise-impossible": "The model cannot promise so few wrong answers by what its run measured.",
        "model-not-exported": "The form that is asked for cannot hold this model.",
        "export-too-large": "The exported model would be greater than the form allows. Keep fewer words.",
        "page-without-answer": (
            "The exported page did not answer in a browser when it was asked, so it was not kept."
        ),
        "network-not-explained": "No network of the run can be explained word by word as it was asked for.",
        "text-too-long": "The text has more words than can be shown.",
        "text-without-words": "Nothing is left of the text once it is cut into words.",
        "text-not-utf-8": "What was typed is not in the encoding of the terminal.",
        "address-taken": "The service cannot listen at this address and port.",
    },
    "Python": {
        "wrong-argument": "An argument is of another type than the function takes.",
        "texts-expected": "A list of texts is expected, one string for each document.",
        "one-label-a-text": "Texts and labels are not equally many.",
        "no-sample-weights": "Documents have no weights. Classes can be weighed.",
    },
    "Self-tests": {
        "selftest-not-possible": "A check of the program by itself could not be made.",
    },
    "Benchmarks": {
        "benchmark-failed": (
            "A program that a benchmark measures ended with an error. Its last words stand in the message."
        ),
    },
}
