"""A tagger that is known by heart: Ida and Bo begin a name, Kim goes on with it."""

from __future__ import annotations

from builders import int32, tokens_of

from pipeline.models.baselines.tagging.fitting import Penalty, fit_most_frequent
from pipeline.models.baselines.tagging.sentences import Sentences
from pipeline.models.saved.tagger import SavedLinearTagger
from pipeline.settings.tables import TokenizerSettings
from pipeline.tasks.table import TAG

TRAINING = tokens_of([["Then", "Ida", "Kim", "runs", "."], ["There", "Bo", "Kim", "sings", "."]])
TAGS = int32([2, 0, 1, 2, 2] * 2)
OWN = "most-frequent", TAG, ("B-PER", "I-PER", "O"), TokenizerSettings(unspaced="characters")
TAGGER = SavedLinearTagger(*OWN, None, fit_most_frequent(Sentences(TRAINING), TAGS, 3, Penalty()))
