"""The configuration of two Foremans and two tenants of OpsRamp, each with rules of its own."""

from pathlib import Path

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "small lab jobs"
when = { backend = "foreman.lab", max_targets = 2 }
effect = "approve"

[[policy.rules]]
name = "the lab is its engineer's own"
when = { backend = "foreman.lab", min_targets = 3 }
approvers = ["U0DAVE"]

[[policy.rules]]
name = "dave keeps off production"
when = { backend = "foreman.prod", requester = "U0DAVE" }
effect = "refuse"
because = "Production is not yours, Dave"

[[policy.rules]]
name = "Fabrikam wants two"
when = { backend = "opsramp.fabrikam" }
approvers = ["@sre"]
quorum = 2
"""

CONFIG = """
[backends.foreman.lab]
title = "Lab"
url = "{lab}"
username = "labbot"
password = "env:LAB_PASSWORD"
approvals_channel = "#lab-approvals"
results_channel = "#lab-results"

[backends.foreman.lab.secrets]
lab-root = "env:LAB_PASSWORD"

[backends.opsramp.fabrikam]
title = "Fabrikam"
url = "{fabrikam}"
tenant = "client_94"
key = "env:SANDBOX_OPSRAMP_KEY"
secret = "env:FABRIKAM_SECRET"
"""
NAMES = {
    "[backends.foreman.main": "[backends.foreman.prod",
    'title = "Foreman"': 'title = "Production"',
    "[backends.opsramp.main]": "[backends.opsramp.contoso]",
    'title = "OpsRamp"': 'title = "Contoso"',
}


def rename_backends(config: Path) -> None:
    """Give the back ends distinct names, and remove ImmyBot so that one kind is not configured."""
    text = config.read_text()
    for old, new in NAMES.items():
        assert old in text
        text = text.replace(old, new)
    head, _, rest = text.partition("[backends.immybot.main]")
    config.write_text(head + rest[rest.index("\n[") :])
