"""Made-up label matrices."""
