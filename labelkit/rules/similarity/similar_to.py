"""The decorator ``@similar_to``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Unpack

from labelkit.exceptions import RuleError
from labelkit.rules._caller import file_of_caller
from labelkit.rules._parentheses import called_first
from labelkit.rules.condition import Condition
from labelkit.rules.declaration import Declaration
from labelkit.rules.options import Options, RuleOptions, takes_options
from labelkit.rules.similarity._neighbours import NearestNeighbours, ReferenceComparison, VotesUnchanged
from labelkit.rules.similarity._references import References, references_of
from labelkit.rules.similarity._vectors import Embed
from labelkit.rules.similarity.clusters import Clusters
from labelkit.votes.label_space import ABSTAIN


@called_first('(["free money"], label=Label.SPAM, threshold=0.8)')
@takes_options(RuleOptions)
def similar_to(
    source: Any,
    /,
    *,
    threshold: float | Mapping[int, float],
    label: Any = None,
    n_neighbors: int = 1,
    share: float = 0.5,
    mean: bool = False,
    embed: Embed | None = None,
    key: str | None = None,
    value: str | None = None,
    when: Condition | None = None,
    **options: Unpack[RuleOptions],
) -> Declaration:
    """Vote by the similarity of an example to labeled reference examples: the cosine of their vectors.

    The parameter of the decorated function names the column, of texts or of vectors (lists of numbers); its body is its
    docstring alone. The result can also declare rules in a loop, by ``.rule(name=..., column=...)``.

    Texts are compared by TF-IDF of their character n-grams (3 to 5 characters inside words, case folded), independently
    of the corpus: a cosine of 0.3 is similar, 0.6 hardly different, 1 the same. With ``embed=`` they are compared by
    that embedding, whose cosines have another scale. If several rules use the same slow embedding, compute the vectors
    once by a ``@column(batch=True)``, and let the rules read that column; ``embed=`` then embeds the references only.

    Parameters
    ----------
    source : list, mapping, path, or Clusters
        The references, texts or vectors: a list with one ``label``; a mapping from labels to lists (None for references
        that mean an abstain: an example nearer to them gets no vote), or from texts to labels; a file of them beside
        the module, as in :func:`labelkit.lookup`; or the result of :func:`labelkit.fit_clusters`, or its file
        (``.json``).
    threshold : float or mapping from label to float
        Least cosine at which a reference counts as similar, in [-1, 1].
    label : int, IntEnum or mapping, optional
        The class to vote for. With ``value=``: the classes of the file's labels, as in :func:`labelkit.lookup`. For
        clusters: a mapping from their numbers to labels; an example nearest to another cluster gets no vote.
    n_neighbors : int
        Number of nearest references that vote, together with all that are as near as the last of them; those below the
        threshold count as votes for nothing.
    share : float
        The share of them that must agree for a vote, in [0, 1]. The rule abstains if labels are tied.
    mean : bool
        Compare with the mean of each label's references, instead of each of them. Clusters always use the mean.
    embed : callable, optional
        Takes a list of texts and returns an array or sparse matrix of shape (n_texts, n_dimensions), such as
        ``model.encode`` of sentence-transformers or ``vectorizer.transform`` of scikit-learn.
    key, value : str, optional
        The columns of the file with the texts or vectors (the first by default), and with their labels.
    when, name, examples, group, precision, trusted, cache
        As in :func:`labelkit.labeling_function`.

    Returns
    -------
    callable
        Decorates a function.

    Raises
    ------
    RuleError
        If there are no references, a label is missing, or a number is out of its range.

    Examples
    --------
    >>> @similar_to({0: ["great song", "love this song"], 1: ["free money here", "win money now"]}, threshold=0.25)
    ... def nearest(text):
    ...     "The label of the most similar example."
    >>> nearest("i love the song!"), nearest("money, money"), nearest("hello")
    (0, 1, -1)
    >>> @similar_to({0: [[1, 0], [0.9, 0.1]], 1: [[0, 1]]}, mean=True, threshold=0.8)
    ... def by_vector(vector):
    ...     "Vectors that were made elsewhere."
    >>> by_vector([2, 0.3]), by_vector([1, 1.2])
    (0, -1)
    """
    given = Options.of(similar_to, options, source)
    module_file = file_of_caller()
    references = references_of(source, label, key=key, value=value, module_file=module_file)
    clusters = isinstance(source, Clusters) or (isinstance(source, str | Path) and Path(source).suffix == ".json")
    neighbours = NearestNeighbours(_limits(threshold, references), _count(n_neighbors), _share(share))
    by_mean = bool(mean) or clusters
    if by_mean and neighbours.n_neighbors > 1:
        raise RuleError("mean=True compares with one point for each label, so n_neighbors= has no meaning")
    if embed is not None and not callable(embed):
        raise RuleError(f"embed={embed!r} is not callable", hint="embed=model.encode: a list of texts in, an array out")

    def make(rule: str, columns: tuple[str, ...], function: Callable[..., Any]) -> ReferenceComparison:
        if len(columns) != 1:
            raise RuleError(
                f"rule {rule!r} compares one column, and reads {columns}", hint="join texts in a @column", code="LK101"
            )
        return ReferenceComparison(rule, references, neighbours, by_mean, embed, function)

    labels = tuple(sorted(set(references.labels.tolist()) - {ABSTAIN}))
    return Declaration("similarity", make, VotesUnchanged(labels), given, when, references.enum)


def _limits(threshold: Any, references: References) -> tuple[float, ...]:
    """Return the threshold of each group; groups that mean an abstain get the lowest."""
    given = threshold if isinstance(threshold, Mapping) else dict.fromkeys(references.labels.tolist(), threshold)
    for number in given.values():
        if isinstance(number, bool) or not isinstance(number, int | float) or not -1 <= number <= 1:
            raise RuleError(f"threshold={number!r} is not a cosine", hint="give a number from -1 to 1, such as 0.4")
    missing = [number for number in references.labels.tolist() if number != ABSTAIN and number not in given]
    if missing:
        raise RuleError(f"threshold= has no number for class {missing[0]}", hint="one number, or one for each label")
    return tuple(float(given.get(number, min(given.values()))) for number in references.labels.tolist())


def _count(n_neighbors: Any) -> int:
    if isinstance(n_neighbors, bool) or not isinstance(n_neighbors, int) or n_neighbors < 1:
        raise RuleError(f"n_neighbors={n_neighbors!r} is not a whole number from 1", hint="n_neighbors=5")
    return n_neighbors


def _share(share: Any) -> float:
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise RuleError(f"share={share!r} is not a number from 0 to 1", hint="share=0.8")
    return float(share)
