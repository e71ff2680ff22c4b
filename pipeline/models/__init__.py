"""The models: linear baselines, networks in Keras, the same networks as equations, and their files."""
