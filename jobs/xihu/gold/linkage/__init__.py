"""Who is who: a pure function of mentions, decisions and a model (docs/decisions/0009-linkage.md).

    link(mentions, decisions, model) -> Linked
    incremental(state, new_mentions, decisions, model) -> Linked      # the same partition, touching only what the new ones touch

No Spark, no clock, no order, nothing estimated at run time.
"""

from xihu.gold.decision import Decision
from xihu.gold.linkage.link import Linked, State, incremental, link
from xihu.gold.linkage.model import Model, ModelError, load_model
from xihu.gold.linkage.prepare import MENTIONS

__all__ = ["MENTIONS", "Decision", "Linked", "Model", "ModelError", "State", "incremental", "link", "load_model"]
