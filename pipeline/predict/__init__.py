"""Documents in, answers out: a saved model on any input, row by row and in bounded memory."""
