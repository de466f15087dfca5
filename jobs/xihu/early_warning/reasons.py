"""Why a score is what it is: each feature's own share of the log-odds, by setting it to its usual value and asking the model again.

The difference is a property of the model that scored, whatever its kind; for a logistic model it equals coefficient x distance from the
usual value. Reasons say a condition in words, never a person's value.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xihu.early_warning.metrics import logit
from xihu.early_warning.recipes import probability


def reference(x: pd.DataFrame) -> dict[str, float | None]:
    """The usual value of each feature: the median of the training rows, None where a feature was never present."""
    return {str(c): (None if pd.isna(v) else float(v)) for c, v in x.median(numeric_only=True).items()}


def contributions(model: Any, x: pd.DataFrame, usual: dict[str, float | None]) -> NDArray[np.float64]:
    """(n, features) change of the log-odds that each feature's departure from its usual value makes; positive raises the score."""
    base = logit(probability(model, x))
    out = np.zeros((len(x), x.shape[1]))
    for i, name in enumerate(x.columns):
        value = usual.get(str(name))
        changed = x.assign(**{str(name): np.nan if value is None else value})
        out[:, i] = base - logit(probability(model, changed))
    return out


def spoken(
    row: NDArray[Any],
    values: NDArray[Any],
    names: list[str],
    texts: dict[str, dict[str, str]],
    usual: dict[str, float | None],
    top: int = 3,
) -> str:
    """The `top` features that raise this score most, as JSON: [{"feature", "text", "share"}], share in log-odds to two digits."""
    found = []
    for i in np.argsort(-row, kind="stable")[:top]:
        if row[i] < 0.01:
            break
        name = names[i]
        value, normal = values[i], usual.get(name)
        side = "high" if normal is None or value > normal else "low"
        text = f"{texts[name]['title']}：无记录" if np.isnan(value) else texts[name][side]
        found.append({"feature": name, "text": text, "share": round(float(row[i]), 2)})
    return json.dumps(found, ensure_ascii=False)
