"""Payoffs in tables: text with separators, spreadsheets, DataFrames."""
