"""The label model that reads features of the examples beside their votes, and its parts."""
