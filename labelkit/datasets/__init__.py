"""Generate realistic posts and comments of any size from a seed, with gold labels in a column.

For trying out rules, demos and measurements: no download, no licence, the same rows on every machine. A row belongs to
a latent class, which decides with noise what its text is made of; so keywords are neither perfect nor useless, rules
overlap and disagree, and some offensive posts give no sign of it. The text is in several scripts, with emoji, links,
phone numbers, shouting, nulls and a heavy tail of lengths.

>>> from labelkit.datasets import load_posts
>>> posts = load_posts(3)
>>> list(posts.columns)
['id', 'text', 'author', 'n_followers', 'created_at', 'lang', 'score', 'offensive']
>>> posts.equals(load_posts(5).head(3))
True
"""

from labelkit.datasets.comments import generate_comments, load_comments
from labelkit.datasets.engagement_log import EngagementLog, engagement_log, generate_engagement_log
from labelkit.datasets.posts import generate_posts, load_posts
from labelkit.datasets.write_corpus import write_corpus

__all__ = [
    "EngagementLog",
    "engagement_log",
    "generate_comments",
    "generate_engagement_log",
    "generate_posts",
    "load_comments",
    "load_posts",
    "write_corpus",
]
