"""Helpers without a domain: threads, memory, files, secrets, optional imports, numbers, markup, user errors."""
