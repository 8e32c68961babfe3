"""Compile rules once into a plan that votes on batch after batch."""

from labelkit.apply.plan._calls import CHUNK
from labelkit.apply.plan.batch_votes import BatchVotes, Voting
from labelkit.apply.plan.call_ledger import CallLedger, calls_noted
from labelkit.apply.plan.long_mappings import LongMapping
from labelkit.apply.plan.plan import Plan

__all__ = ["CHUNK", "BatchVotes", "CallLedger", "LongMapping", "Plan", "Voting", "calls_noted"]
