"""What a person asks of columns and classes: texts joined, a number cut in two, classes merged and left out."""
