"""Check labels by answers of people on a random sample of them: how many, how sure, and what the labels are worth."""

from labelkit.votes.audit.certificate import Certificate, certify
from labelkit.votes.audit.plan import AuditPlan, audit_plan
from labelkit.votes.audit.prevalence import Prevalence, prevalence

__all__ = ["AuditPlan", "Certificate", "Prevalence", "audit_plan", "certify", "prevalence"]
