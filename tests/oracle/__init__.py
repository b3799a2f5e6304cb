"""Comparisons with the libraries of others: ``make oracle``."""
