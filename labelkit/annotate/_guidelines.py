"""Render the guidelines of a task, which are Markdown, as HTML in which nothing acts; sections of classes apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelkit._shared.markup import visible
from labelkit._shared.optional import optional
from labelkit._shared.unreadable import opening
from labelkit.exceptions import AnnotationError

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


@dataclass(frozen=True)
class Guidelines:
    """Guidelines as HTML.

    Attributes
    ----------
    general : str
        What stands in no section of a class.
    by_class : mapping of str to str
        The section whose heading is the name of the class, without the heading.
    """

    general: str = ""
    by_class: Mapping[str, str] = field(default_factory=dict)


def read_guidelines(path: str | Path | None, class_names: Sequence[str]) -> Guidelines:
    """Read guidelines from a Markdown file; none without one.

    Raises
    ------
    AnnotationError
        If the file cannot be read as UTF-8.
    """
    if path is None:
        return Guidelines()
    try:
        with opening(AnnotationError):
            text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = str(error.strerror or error).lower() if isinstance(error, OSError) else error
        raise AnnotationError(f"the guidelines {str(path)!r} cannot be read: {reason}") from None
    return rendered_guidelines(text, class_names)


def rendered_guidelines(text: str, class_names: Sequence[str]) -> Guidelines:
    r"""Render Markdown: HTML in it is shown as text, pictures are left out, links open elsewhere.

    >>> found = rendered_guidelines("Be kind.\n\n## spam\n\nAsks for *clicks*. <script>1</script>", ["HAM", "SPAM"])
    >>> print(found.general.strip(), found.by_class["SPAM"].strip())
    <p>Be kind.</p> <p>Asks for <em>clicks</em>. &lt;script&gt;1&lt;/script&gt;</p>
    """
    markdown = _renderer()
    by_name = {name.casefold(): name for name in class_names}
    parts: dict[str | None, list[Any]] = {None: []}
    section, level = None, 7
    tokens = markdown.parse(visible(text))
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.type == "heading_open" and token.level == 0:
            heading, depth = tokens[place + 1].content.strip(), int(token.tag[1:])
            name = by_name.get(heading.strip("*_`").casefold())
            if name is not None or depth <= level:
                section, level = name, 7 if name is None else depth
            if name is not None:
                parts.setdefault(name, [])
                place += 3  # the heading itself: the name of the class stands beside it
                continue
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + 2, 6)}"  # they stand below a heading of the page
        parts.setdefault(section, []).append(token)
        place += 1
    html = {
        name: str(markdown.renderer.render(section_tokens, markdown.options, {}))
        for name, section_tokens in parts.items()
    }
    return Guidelines(html.pop(None), {name: text for name, text in html.items() if name is not None})


def _renderer() -> MarkdownIt:
    """Make a renderer of CommonMark with tables, which lets no HTML through."""
    markdown: MarkdownIt = optional("markdown_it", extra="annotate").MarkdownIt("commonmark", {"html": False})
    markdown.enable("table").disable("image")

    def link_open(renderer: Any, tokens: Any, place: int, options: Any, env: Any) -> str:
        tokens[place].attrSet("target", "_blank")
        tokens[place].attrSet("rel", "noopener noreferrer")
        return str(renderer.renderToken(tokens, place, options, env))

    markdown.add_render_rule("link_open", link_open)
    return markdown
