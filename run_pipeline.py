"""Compare embedding + recurrent networks with bag of words on a corpus: python run_pipeline.py CORPUS."""

from pipeline.cli import run_main

if __name__ == "__main__":
    run_main()
