"""The program for other programs: runs, their results, their models, and an estimator as scikit-learn has them."""
