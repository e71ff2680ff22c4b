"""Models as a run saved them: one loader, whatever the model, and answers without TensorFlow or scikit-learn."""

from pipeline.models.saved.loading import load_model, load_network
from pipeline.models.saved.model import Contributions, SavedModel
from pipeline.models.saved.network import SavedNetwork

__all__ = ["Contributions", "SavedModel", "SavedNetwork", "load_model", "load_network"]
