"""Writes the page of all keys of a policy, from its models."""

from collections.abc import Iterator

from pydantic import BaseModel

from bot.requests.freezes.rules import FreezeRule
from bot.requests.model import ApproverLimit
from bot.requests.oncall import RotaSettings
from bot.requests.policy.each import EachSettings
from bot.requests.policy.policy_tests import AskedRequest, PolicyTest
from bot.requests.policy.rules import (
    ApprovalTerms,
    PolicyRule,
    PolicySettings,
    RequiredValues,
    RuleConditions,
    StageSettings,
)
from docs.reference.markdown import code, page, table
from docs.reference.settings import default_text, field_descriptions

_INTRO = """Every key of the table `[policy]`. [Policy](policy.md) explains how they work together. A length of time is
written as `"90s"`, `"30m"`, `"1h30m"` or `"2d"`; the defaults are in seconds. A list of one entry can be the entry
alone."""
_SECTIONS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("[policy]", "The defaults. It can have all terms too.", PolicySettings),
    ("[[policy.rules]]", "A rule. It can have all terms too.", PolicyRule),
    ("Terms", "What both `[policy]` and a rule can say.", ApprovalTerms),
    ("Conditions", "The keys of `when`, and of each table of `unless`.", RuleConditions),
    ("stages", "The keys of each stage.", StageSettings),
    ("require", "What the form must say.", RequiredValues),
    ("approver_limit", "How much one person may approve.", ApproverLimit),
    ("[policy.oncall.NAME]", "A rota.", RotaSettings),
    ("[[policy.freezes]]", "A freeze.", FreezeRule),
    ("[[policy.each]]", "Rules for each customer.", EachSettings),
    ("[[policy.tests]]", "A test.", PolicyTest),
    ("ask", "The request of a test.", AskedRequest),
)


def policy_keys_page() -> str:
    """Return the page."""
    return page("Keys of a policy", _INTRO, *(part for section in _SECTIONS for part in _section(*section)))


def _section(title: str, text: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"## {title}"
    yield text
    yield table(("Key", "Default", "Meaning"), list(_rows(model)))


def _rows(model: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    """Yield a row for each key that is the model's own. Terms have a section of their own."""
    told = field_descriptions(model)
    for name, info in model.model_fields.items():
        if model is ApprovalTerms or name not in ApprovalTerms.model_fields or not issubclass(model, ApprovalTerms):
            yield code(info.alias or name), default_text(info), told.get(name, "")
