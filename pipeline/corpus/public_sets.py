"""Public data sets by the names that libraries fetch them by: nothing is fetched here, but their homes are told."""

from __future__ import annotations

# The names in lower case, "-" as "_"; the same homes stand in data/README.md where it has them.
_HOMES: tuple[tuple[str, str], ...] = (
    ("imdb aclimdb imdb_reviews large_movie_review", "https://ai.stanford.edu/~amaas/data/sentiment/"),
    ("ag_news agnews", "https://huggingface.co/datasets/fancyzhx/ag_news"),
    ("sst sst2 sst_2 sst5 sst_5 stanford_sentiment_treebank", "https://nlp.stanford.edu/sentiment/"),
    ("trec trec6 trec_6 trec50", "https://cogcomp.seas.upenn.edu/Data/QA/QC/"),
    (
        "mr rotten_tomatoes movie_review rt_polarity",
        "https://www.cs.cornell.edu/people/pabo/movie-review-data/",
    ),
    ("20newsgroups 20_newsgroups newsgroups 20news twenty_newsgroups", "http://qwone.com/~jason/20Newsgroups/"),
    ("bbc bbcnews bbc_full_text", "http://mlg.ucd.ie/datasets/bbc.html"),
    ("yelp yelp_polarity yelp_review_full yelp_reviews", "https://www.yelp.com/dataset"),
    ("amazon amazon_polarity amazon_reviews amazon_review_full", "https://nijianmo.github.io/amazon/"),
    ("dbpedia dbpedia_14", "https://huggingface.co/datasets/fancyzhx/dbpedia_14"),
    ("yahoo_answers yahoo_answers_topics", "https://huggingface.co/datasets/community-datasets/yahoo_answers_topics"),
    ("sms_spam smsspamcollection spam", "https://archive.ics.uci.edu/dataset/228/sms+spam+collection"),
    ("sentiment140", "http://help.sentiment140.com/for-students"),
    ("cola", "https://nyu-mll.github.io/CoLA/"),
    ("glue", "https://gluebenchmark.com/"),
    ("emotion emotions", "https://huggingface.co/datasets/dair-ai/emotion"),
    ("go_emotions goemotions", "https://github.com/google-research/google-research/tree/master/goemotions"),
    ("tweet_eval tweeteval", "https://github.com/cardiffnlp/tweeteval"),
    ("banking77", "https://github.com/PolyAI-LDN/task-specific-datasets"),
    ("clinc150 clinc_oos", "https://archive.ics.uci.edu/dataset/570/clinc150"),
    ("snips atis", "https://github.com/sonos/nlu-benchmark"),
    ("reuters reuters21578 r8 r52", "https://archive.ics.uci.edu/dataset/137/reuters+21578"),
    ("jigsaw toxic_comments", "https://www.kaggle.com/c/jigsaw-toxic-comment-classification-challenge"),
    ("quora quora_insincere", "https://www.kaggle.com/c/quora-insincere-questions-classification"),
    ("subj", "https://www.cs.cornell.edu/people/pabo/movie-review-data/"),
)  # fmt: skip

PUBLIC_SETS: dict[str, str] = {name: home for names, home in _HOMES for name in names.split()}


def home_of(name: str) -> str | None:
    """Return where a public data set comes from; None where the name is not known.

    >>> home_of("stanfordnlp/IMDB")
    'https://ai.stanford.edu/~amaas/data/sentiment/'
    """
    last = name.rstrip("/").rpartition("/")[2]
    return PUBLIC_SETS.get(last.lower().replace("-", "_"))
