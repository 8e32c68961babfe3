"""What is measured, and how it was: see README.md."""
