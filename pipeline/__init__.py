"""embedseq: does an embedding + recurrent network beat bag of words on your labelled text?"""

__version__ = "0.1.0"
