"""Models as a run saved them: one loader, whatever the model, and answers without TensorFlow or scikit-learn."""

from pipeline.models.saved.loading import load_model, load_network, load_saved
from pipeline.models.saved.model import Contributions, Saved, SavedModel
from pipeline.models.saved.network import SavedNetwork
from pipeline.models.saved.tagger import SavedTagger

__all__ = [
    "Contributions",
    "Saved",
    "SavedModel",
    "SavedNetwork",
    "SavedTagger",
    "load_model",
    "load_network",
    "load_saved",
]
