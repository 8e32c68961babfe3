"""LabelModel, the default label model, in parts: votes counted, confusions learned, and what gold corrects."""
