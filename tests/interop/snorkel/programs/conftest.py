"""The programs are run by their test, under two packages; they are not imported to look for doctests."""

collect_ignore_glob = ["*.py"]
