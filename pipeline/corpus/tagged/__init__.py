"""Files whose words have tags: a word a line, CoNLL-U, lists in JSON; sentences become documents."""
