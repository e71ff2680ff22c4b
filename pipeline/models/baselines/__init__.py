"""Linear models: scikit-learn pipelines over n-gram counts or averaged vectors, and the majority class."""
