"""The parts of LabelModel: scores from vote counts or from confusions, the gold correction, and reports."""
