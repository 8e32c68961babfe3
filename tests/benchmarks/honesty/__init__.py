"""Simulations with known truth: how often stated intervals hold, and statements are true.

Each module offers ``rows(repeats, random_state)``, which returns rows of one table: ``scenario``, ``n`` (examples),
``gold`` (those of them with gold), ``coverage`` (share of the intervals that hold the truth), ``width`` (their mean
width), ``right`` and ``wrong`` (shares of the runs with a statement that is true, and that is not), ``bias`` (mean of
estimate less truth). What does not apply is NaN. The tests run cheap versions of them.
"""
