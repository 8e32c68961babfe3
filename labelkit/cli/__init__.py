"""The command line: parse, call a typed function, print its result as text or JSON; the library never prints.

Exit status 0: all went well. 1: something in the rules, the corpus or the options is wrong (one line says what, one
what to do), or `verify` found a file that is not as it was. 2: the command was called wrongly. 3: `drift` gives an
alarm, or `certify` proves no set of labels. 130: interrupted. 143: ended by SIGTERM, which is taken as Ctrl-C is.
"""

from labelkit.cli import (  # which adds them to the group
    _curation_commands as _curation_commands,
    _folder_commands as _folder_commands,
    _look_commands as _look_commands,
    _rule_commands as _rule_commands,
    _run_commands as _run_commands,
    _snorkel_commands as _snorkel_commands,
    _step_commands as _step_commands,
)
from labelkit.cli._program import cli, main

__all__ = ["cli", "main"]
