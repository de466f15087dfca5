"""Where models are tracked and registered: MLflow on SQLite and a folder of the lake, no server needed, no pickles, no telemetry."""

from __future__ import annotations

import logging
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xihu.settings import Settings, settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    # MLflow would trust the list of classes that comes with a model; ours are loaded by `recipes.load` alone.
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}


def store(s: Settings) -> str:
    """Address of the tracking and registry database."""
    return f"sqlite:///{s.home / 'mlflow' / 'mlflow.db'}"


def client(s: Settings | None = None) -> MlflowClient:
    """A client of this lake's own store; makes the folder and, the first time, the database."""
    s = s or settings()
    os.environ.update(QUIET)
    (s.home / "mlflow" / "artifacts").mkdir(parents=True, exist_ok=True)
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    mlflow.set_tracking_uri(store(s))
    mlflow.set_registry_uri(store(s))
    return mlflow.MlflowClient(store(s), store(s))


def experiment(name: str, s: Settings | None = None) -> str:
    """The id of the experiment `name`, made if missing, with its artifacts under `<home>/mlflow/artifacts`."""
    s = s or settings()
    c = client(s)
    found = c.get_experiment_by_name(name)
    return found.experiment_id if found else c.create_experiment(name, artifact_location=f"file://{s.home / 'mlflow' / 'artifacts'}")


def code_commit(s: Settings | None = None) -> str:
    """The commit of the code, `+` when the tree has changes, `unknown` outside a checkout."""
    root = (s or settings()).root
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "-uno"], cwd=root, capture_output=True, text=True, timeout=20, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return head + ("+" if changed else "")


def versions(c: MlflowClient, name: str) -> list[Any]:
    """All registered versions, newest first; empty when the model was never registered."""
    return sorted(c.search_model_versions(f"name = '{name}'"), key=lambda v: int(v.version), reverse=True)


def by_alias(c: MlflowClient, name: str, alias: str) -> Any | None:
    """The version under an alias, or None."""
    import mlflow

    try:
        return c.get_model_version_by_alias(name, alias)
    except mlflow.exceptions.MlflowException:
        return None


def fetch(c: MlflowClient, name: str, version: str) -> Path:
    """The folder of a registered version, on this machine."""
    import mlflow

    return Path(mlflow.artifacts.download_artifacts(c.get_model_version_download_uri(name, version)))


def artifact(c: MlflowClient, run_id: str, path: str) -> str:
    """One text artifact of a run."""
    with tempfile.TemporaryDirectory() as folder:
        return Path(c.download_artifacts(run_id, path, folder)).read_text("utf-8")
