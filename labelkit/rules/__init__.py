"""Write rules: conditions, Python functions, look-ups, models, and the collections that hold them."""
