"""Models as a run saved them: one loader, whatever the model, and answers without TensorFlow or scikit-learn."""

from pipeline.models.saved.contributions import Contributions
from pipeline.models.saved.loading import SavedModel, load_model, load_network, saved_networks
from pipeline.models.saved.network import SavedNetwork

__all__ = ["Contributions", "SavedModel", "SavedNetwork", "load_model", "load_network", "saved_networks"]
