"""``@prompt``: rules that query a language model, at any endpoint with OpenAI's chat completions API.

Guarantees: an answer is data, and can only be a class that the rule names; each distinct prompt is paid for once, even
if it is sent by several processes or again after a crash; no request exceeds the budget; keys are read from the
environment and never stored.

=====================  ==============================================================================
``prompt``             the decorator
``_template``          prompt texts with columns in braces, whose values are marked as data by tags
``answers``            convert an answer to a vote: a class, an abstain, or an error
``_request_template``  the body of a request, and the hash under which its answer is stored
``budget``             limits on requests, tokens and money, and estimates of their cost
``endpoint``           address and key, and the interpretation of the status and body of a reply
``answer_store``       answers, claims and expenses in SQLite, shared by processes
``asker``              the function that a rule calls: columns of a chunk in, an answer per example out
``_requests``          concurrent requests with retries, rate limits and budgets
=====================  ==============================================================================
"""

from __future__ import annotations

from labelkit.rules.prompts._request_template import FRAME
from labelkit.rules.prompts.answers import Answer, Reading
from labelkit.rules.prompts.asker import Asker
from labelkit.rules.prompts.budget import Prices
from labelkit.rules.prompts.endpoint import Endpoint
from labelkit.rules.prompts.prompt import prompt

__all__ = ["FRAME", "Answer", "Asker", "Endpoint", "Prices", "Reading", "prompt"]
