"""Run the command line: ``python -m labelkit``."""

from labelkit.cli import main

if __name__ == "__main__":
    main()
