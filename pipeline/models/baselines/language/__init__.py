"""Language models by counting: which symbol follows which, smoothed as Kneser and Ney do."""
