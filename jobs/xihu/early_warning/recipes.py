"""The kinds of model that are tried, made of scikit-learn parts only, so that they can be stored without pickles."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

# The only classes a stored model may be made of besides those skops trusts itself. The list that travels with a model is never used.
TRUSTED = [
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
]


class UntrustedModel(RuntimeError):
    """A stored model holds a class that is not on the list."""


def logistic(seed: int, c: float = 1.0) -> Pipeline:
    """Logistic regression on standardised columns; a missing value is the median plus a mark."""
    return Pipeline(
        [
            ("impute", SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)),
            ("scale", StandardScaler()),
            ("model", LogisticRegression(C=c, max_iter=2000, random_state=seed)),
        ]
    )


def trees(seed: int, depth: int = 3, rounds: int = 120) -> HistGradientBoostingClassifier:
    """Shallow boosted trees; early stopping off, so that the number of rounds does not hang on a random split."""
    return HistGradientBoostingClassifier(
        max_depth=depth,
        max_iter=rounds,
        learning_rate=0.06,
        min_samples_leaf=40,
        l2_regularization=5.0,
        early_stopping=False,
        random_state=seed,
    )


RECIPES: dict[str, Callable[[int], Any]] = {
    "logistic": lambda seed: logistic(seed, 1.0),
    "logistic_strong": lambda seed: logistic(seed, 0.05),
    "trees": lambda seed: trees(seed, 3, 120),
    "trees_small": lambda seed: trees(seed, 2, 60),
}


def calibrated(fitted: Any, x: pd.DataFrame, y: NDArray[Any]) -> CalibratedClassifierCV:
    """`fitted` with its log-odds shifted and stretched (two numbers) on a year it was not fitted on."""
    return CalibratedClassifierCV(FrozenEstimator(fitted), method="sigmoid").fit(x, y)


def probability(model: Any, x: pd.DataFrame) -> NDArray[np.float64]:
    return np.asarray(model.predict_proba(x)[:, 1], dtype=float)


def dump(model: Any) -> bytes:
    """The model in skops format.

    Raises:
        UntrustedModel: it could not be loaded again.
    """
    import skops.io as sio

    data = sio.dumps(model)
    foreign = set(sio.get_untrusted_types(data=data)) - set(TRUSTED)
    if foreign:
        raise UntrustedModel(f"classes outside the list: {sorted(foreign)}")
    return data


def load(source: Path | bytes) -> Any:
    """A model in skops format, from a file or its bytes.

    Raises:
        UntrustedModel: it names a class outside `TRUSTED`.
    """
    import skops.io as sio

    data = source if isinstance(source, bytes) else source.read_bytes()
    foreign = set(sio.get_untrusted_types(data=data)) - set(TRUSTED)
    if foreign:
        raise UntrustedModel(f"classes outside the list: {sorted(foreign)}")
    return sio.loads(io.BytesIO(data).getvalue(), trusted=TRUSTED)
