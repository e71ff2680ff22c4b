"""What a column's name says about it: a text, a label, or neither. A name is one word of one table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

# Compared as `normalised_name` has them. These settle it, however many other known names there are.
FIRST_CHOICES = ("text", "label", "gold label")
TEXT_NAMES = (
    "text", "texts", "sentence", "review", "reviews", "content", "body", "document", "comment", "comments", "question",
    "message", "messages", "tweet", "tweets", "post", "article", "utterance", "utt", "query", "abstract", "description",
    "v2", "title", "headline", "summary", "narrative", "transcript", "transcription", "lyrics", "plot", "synopsis",
    "news", "story", "statement", "claim", "premise", "hypothesis", "feedback", "resume", "dialogue", "passage",
    "paragraph", "complaint", "tokens", "words", "phrase", "subject", "caption", "data",
)  # fmt: skip
SHORT_TEXT_NAMES = (
    "title",
    "headline",
    "summary",
    "subject",
    "caption",
    "data",
)  # the text where no other is
LABEL_NAMES = (
    "label", "labels", "class", "classes", "category", "categories", "target", "sentiment", "topic", "topics", "y",
    "intent", "polarity", "emotion", "emotions", "tag", "tags", "genre", "class label", "label name", "v1", "stars",
    "star", "rating", "ratings", "score", "overall", "gold label", "class index", "category name", "cats", "stance",
    "accept", "choice", "ground truth", "gold", "annotation",
)  # fmt: skip
# Names that several things have, a label among them: they settle nothing, but make it likelier.
PERHAPS_LABELS = frozenset((
    "type", "kind", "group", "verdict", "mood", "outcome", "result", "decision", "status", "queue", "priority",
    "severity", "department", "variety", "condition", "subreddit", "reason", "code", "grade", "level", "section",
    "answer", "product", "issue", "opinion", "attitude", "toxic", "toxicity", "offensive", "hate", "spam", "sarcastic",
    "fraudulent", "fraud", "fake", "sincere",
    "recommended", "recommend", "satisfaction", "satisfied", "style", "subject", "field", "discipline", "industry",
))  # fmt: skip
# Names of where, how and by whom a record came to be: seldom the label.
SITUATIONS = frozenset((
    "lang", "language", "locale", "country", "region", "city", "state", "province", "location", "county", "source",
    "platform", "device", "browser", "os", "version", "app", "channel", "site", "store", "branch", "gender", "sex",
    "month", "day", "weekday", "quarter", "season", "airline", "brand", "author", "authors", "artist", "publisher",
    "name", "verified", "currency", "nationality",
))  # fmt: skip
# Words of names of one text in another form: cleaned_text beside text.
_VERSIONS = frozenset((
    "clean", "cleaned", "processed", "preprocessed", "normalized", "normalised", "lemmatized", "lemmatised",
    "stemmed", "tokenized", "tokenised", "translated", "lower", "lowercase", "raw", "original", "html", "tokens",
))  # fmt: skip
# A name that ends, or begins, with one of these is a longer name of the same thing: airline_sentiment, class_index.
TEXT_HEADS = (
    "text", "sentence", "review", "reviews", "content", "comment", "comments", "question", "message", "tweet", "tweets",
    "narrative", "description", "article", "transcript", "abstract", "body", "resume",
)  # fmt: skip
LABEL_HEADS = (
    "label", "labels", "class", "category", "sentiment", "rating", "ratings", "stars", "score", "polarity", "intent",
    "emotion", "topic", "target", "genre", "stance",
)  # fmt: skip
HEADS = frozenset((*TEXT_HEADS, *LABEL_HEADS))
# A name with one of these words is about the record or about the label: it is neither of them.
ABOUT = {
    "how sure a label is": (
        "confidence", "probability", "prob", "probabilities", "agreement", "subjectivity", "certainty",
    ),
    "a count": (
        "count", "counts", "num", "number", "useful", "funny", "cool", "votes", "vote", "likes", "dislikes", "retweets",
        "favorites", "favourites", "helpful", "helpfulness", "upvotes", "downvotes", "shares", "followers", "views",
        "length", "len", "quantity",
    ),
    "an identifier": ("id", "ids", "uuid", "guid", "hash", "key", "asin", "isbn", "doi"),
    "where something lies": (
        "url", "urls", "uri", "link", "links", "href", "hostname", "filename",
        "path", "image", "photo", "avatar",
    ),
    "a time": ("date", "time", "timestamp", "datetime", "created", "updated", "modified", "published"),
    "names of people": (
        "username", "user", "users", "userid", "reviewer", "assignee", "reporter", "sender", "recipient", "submitter",
        "editor", "taster", "email", "screen", "handle",
    ),
    "who annotated": ("annotator", "annotators", "annotated", "worker", "rater"),
    "a place": (
        "latitude", "longitude", "lat", "lng", "coord", "coordinates", "zip", "zipcode", "postcode", "timezone",
    ),
    "which part a record is of": ("split", "fold", "partition", "unnamed", "meta", "metadata"),
    "a measurement": ("age", "price", "salary", "amount", "weight", "height", "size", "duration", "year"),
}  # fmt: skip
EVEN_OF_A_LABEL = (
    "how sure a label is",
    "who annotated",
)  # of user_review, the review; of annotator_label, who
_SORTS = frozenset(("type", "kind", "status"))  # of email_type, what sort it is
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MARKS = re.compile(r"[\s_\-./:?!()\[\]'\"#]+")
_NUMBER_BEHIND = re.compile(r"(?<=[a-z])([0-9]+)\Z")
_LETTER = re.compile(r"[^\W\d_]")
LONGEST_NAME = 4  # words of a name that ends with a known one; more are a sentence
LONGEST_KNOWN = 80  # characters of a name that is looked up
_ABOUT = {word: kind for kind, words in ABOUT.items() for word in words}


@lru_cache(maxsize=10_000)
def normalised_name(name: str) -> str:
    """Return a column name as it is compared: words in lower case, one blank between them.

    >>> normalised_name(" Review_Text"), normalised_name("reviewText"), normalised_name("Class Index")
    ('review text', 'review text', 'class index')
    """
    return _MARKS.sub(" ", _CAMEL.sub(" ", name)).strip().lower()


def without_number(name: str) -> str:
    """Return a normalised name without the number behind it: two such columns are two of one kind.

    >>> without_number("sentence1"), without_number("question 2"), without_number("v1")
    ('sentence', 'question', 'v')
    """
    return _NUMBER_BEHIND.sub("", name).rstrip("0123456789").strip()


def is_known_name(name: str) -> bool:
    """Whether a header uses `name` for a text or a label."""
    if len(name) > LONGEST_KNOWN or not _LETTER.search(name):  # as most cells that are no names
        return False
    return normalised_name(name) in TEXT_NAMES or normalised_name(name) in LABEL_NAMES or is_longer_name(name)


def is_longer_name(name: str) -> bool:
    """Whether `name`, written as an identifier is, ends or begins with a name of a text or a label."""
    written_as_one = " " not in name.strip() and normalised_name(name) != name.strip().lower()
    return written_as_one and (names_text(name) or names_label(name))


def names_text(name: str) -> bool:
    """Whether a column of this name holds texts, by what others call theirs."""
    return _names(name, TEXT_NAMES, TEXT_HEADS)


def names_label(name: str) -> bool:
    """Whether a column of this name holds labels, by what others call theirs.

    >>> [names_label(name) for name in ("Airline_Sentiment", "is_sarcastic", "sentiment confidence")]
    [True, False, False]
    """
    return _names(name, LABEL_NAMES, LABEL_HEADS)


def names_what_may_be_a_label(name: str) -> bool:
    """Whether a name ends or begins with one that a label may have: `issue_type`, `Is it toxic?`."""
    words = normalised_name(name).split()
    return bool(words) and len(words) <= LONGEST_NAME and not PERHAPS_LABELS.isdisjoint((words[0], words[-1]))


def names_situation(name: str) -> bool:
    """Whether a name says where, how or by whom a record came to be, as `user_country` and `lang` do."""
    words = normalised_name(name).split()
    return bool(words) and len(words) <= LONGEST_NAME and words[-1] in SITUATIONS


def is_another_version(name: str) -> bool:
    """Whether a name says that a text stands here in another form: `cleaned_text`, `Resume_html`."""
    return not _VERSIONS.isdisjoint(normalised_name(name).split())


def about(name: str) -> str:
    """Return in words what a column of this name says about its record; empty where the name says no such thing.

    >>> [about(name) for name in ("created_at", "funny", "user name", "airline", "user_review", "Email Type")]
    ['a time', 'a count', 'names of people', '', '', '']
    """
    words = normalised_name(name).split()
    has_head = bool(words) and words[-1] in (HEADS | _SORTS)
    found = {_ABOUT[word] for word in words if word in _ABOUT}
    return next((kind for kind in ABOUT if kind in found and (not has_head or kind in EVEN_OF_A_LABEL)), "")


def _names(name: str, known: Sequence[str], heads: Sequence[str]) -> bool:
    """Whether a name is known, or ends with one of the heads, or begins with one and ends with none."""
    normalised = normalised_name(name)
    if normalised in known:
        return True
    words = without_number(normalised).split()
    if not words or len(words) > LONGEST_NAME or about(name):
        return False
    return words[-1] in heads or (words[0] in heads and words[-1] not in HEADS)
