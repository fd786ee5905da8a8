"""Runs of the page: what each browser ran lately, each reopenable as it was, and the links that share one."""
