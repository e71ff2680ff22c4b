"""What each word of the documents that a report shows adds to the answers to it, and where it stands there."""
