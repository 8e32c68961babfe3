"""``@prompt``: a rule that asks a language model, at any endpoint that speaks OpenAI's chat completions.

What this folder promises: an answer is data, and can be no class but those that the rule names; a prompt is paid for
once, however often, by however many processes and after however many crashes it is asked; no request goes out beyond a
budget; and keys stay in the environment.

=============  =========================================================================
``declaring``  the decorator
``template``   texts with columns in braces, and the columns' values set apart as data
``answers``    what an answer means: a class, an abstain, or nothing that is allowed
``question``   how a rule asks: the request, and the key under which its answer is kept
``budget``     what may be spent, and what a request is thought to cost
``endpoint``   where to ask, and what the status and body of a reply mean
``store``      answers, claims and expenses in SQLite, shared by processes
``asker``      what a rule calls: the columns of a chunk in, an answer an example out
``asking``     many requests at a time: retries, rate limits, stopping
=============  =========================================================================
"""

from __future__ import annotations

from labelkit.rules.prompts._question import FRAME
from labelkit.rules.prompts.answers import Answer, Reading
from labelkit.rules.prompts.asker import Asker
from labelkit.rules.prompts.budget import Prices
from labelkit.rules.prompts.endpoint import Endpoint
from labelkit.rules.prompts.prompt import prompt

__all__ = ["FRAME", "Answer", "Asker", "Endpoint", "Prices", "Reading", "prompt"]
