"""What a model is asked to say of each document: one entry of `TASKS` a task."""
