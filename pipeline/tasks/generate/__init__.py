"""What follows in a text: bits that language models take for documents."""
