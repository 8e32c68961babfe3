r"""Render HTML with Jinja2, so that no value is ever read as markup.

Templates (``*.html.jinja``) stand beside the code that uses them and are named by their path below the package. Every
value that a template shows is escaped, and characters that would act instead of being seen are replaced (see
:mod:`labelkit._shared.markup`). A name that is not given to a template raises.

>>> environment().from_string("<p>{{ text }}</p>").render(text="<script>\x1b")
'<p>&lt;script&gt;␛</p>'
"""

from __future__ import annotations

import base64
import hashlib
import math
from functools import cache, partial
from importlib import resources
from typing import TYPE_CHECKING, Any

from labelkit._shared.markup import CLASS_COLOURS, STYLE, Chip, Code, excerpt, pieces, visible
from labelkit._shared.numbers import DASH, WIDE, count, decimal, percent, plural

if TYPE_CHECKING:
    from jinja2 import Environment


def rendered(template: str, **values: Any) -> str:
    """Render a template of the package.

    Parameters
    ----------
    template : str
        Its path below the package, with slashes.
    **values : object
        The names that the template uses.

    Returns
    -------
    str
        HTML.
    """
    return environment().get_template(template).render(**values)


def page_base() -> str:
    """Read the style sheet that all pages begin with."""
    return (resources.files("labelkit._shared") / "base.css").read_text("utf-8")


def policy_digest(text: str) -> str:
    """Name a style or a script of a page in its content security policy, which allows no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def environment() -> Environment:
    """Make the environment of all templates, with autoescape and the filters for numbers."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only for who looks at HTML
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja2

    from labelkit._shared.compiled_templates import CompiledTemplates  # noqa: PLC0415 - brings Jinja2

    result = Environment(
        loader=PackageLoader("labelkit", ""),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        bytecode_cache=CompiledTemplates.of_user(),
    )
    style = Markup(STYLE)  # noqa: S704 - a constant of this package
    result.globals |= {"DASH": DASH, "WIDE": WIDE, "STYLE": style, "N_COLOURS": len(CLASS_COLOURS), "pieces": pieces}
    result.filters |= {
        "count": count,
        "percent": partial(percent, mark_tiny=True),
        "decimal": decimal,
        "plural": plural,
        "cut": lambda text, length: excerpt(text, (), length)[0],
    }
    result.tests |= {
        "nan": math.isnan,
        "chip": lambda value: isinstance(value, Chip),
        "code": lambda value: isinstance(value, Code),
    }
    return result


def _harmless(value: Any) -> Any:
    """Replace the characters of a value that act; Jinja2 then escapes the result, unless it is markup already."""
    return value if hasattr(value, "__html__") else visible(str(value))
