"""Makes Superset what access.yaml and `assets/` say: database, roles, accounts, dashboards. Runs in Superset's own environment.

    .venvs/superset/bin/python infra/superset/bootstrap.py [--offline-ok] [--force]

The environment is that of the server (`xihu.engines.superset.superset_environment`). A second call with nothing new ends at once:
the digest of everything that went in is kept in `<SUPERSET_HOME>/bootstrap.json`. Trino need not run with `--offline-ok`.
When the published marts have changed since the last call, cached answers are forgotten; so it is called after every publication.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.metadata
import io
import json
import logging
import os
import sqlite3
import sys
import uuid
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
ASSETS = HERE / "assets"
SUPERSET_HOME = Path(os.environ["SUPERSET_HOME"])
XIHU_HOME = Path(os.environ["XIHU_HOME"])
STATE = SUPERSET_HOME / "bootstrap.json"
# What a role may do in Superset beside reading its datasets; what it may *see* is Trino's decision.
WITH_SQL_LAB = {"analyst", "engineer", "auditor"}
VIEWER = {
    ("menu_access", "Dashboards"),
    ("menu_access", "Home"),
    ("can_get", "MenuApi"),
    ("can_read", "SecurityRestApi"),
    ("can_language_pack", "Superset"),
    ("can_log", "Superset"),
    ("can_share_dashboard", "Superset"),
    ("can_read", "Dataset"),
    ("can_get_column_values", "Datasource"),
    ("can_csv", "Superset"),
    ("can_view_chart_as_table", "Dashboard"),
    ("can_drill", "Dashboard"),
    ("can_recent_activity", "Log"),
    ("can_read", "Log"),
    ("can_userinfo", "UserDBModelView"),
    ("resetmypassword", "UserDBModelView"),
    ("can_this_form_get", "ResetMyPasswordView"),
    ("can_this_form_post", "ResetMyPasswordView"),
    ("can_write", "DashboardPermalinkRestApi"),
    ("can_read", "AdvancedDataType"),
    ("can_read", "ExploreFormDataRestApi"),
}
NAMESPACE = uuid.NAMESPACE_URL


def asset_id(kind: str, key: str) -> str:
    """The stable id of an asset (kind: database, dataset, chart, dashboard): a re-import overwrites in place."""
    return str(uuid.uuid5(NAMESPACE, f"xihu/{kind}/{key}"))


def bundle() -> dict[str, str]:
    """Assets by their path, with this lake's Trino port."""
    port = os.environ.get("XIHU_PORT_TRINO_HTTPS", "8443")
    texts = {str(p.relative_to(ASSETS)): p.read_text("utf-8") for p in sorted(ASSETS.rglob("*.yaml"))}
    return {
        name: text.replace("@127.0.0.1:8443/", f"@127.0.0.1:{port}/") if name.startswith("databases/") else text
        for name, text in texts.items()
    }


def policy() -> dict[str, Any]:
    """access.yaml as it stands; it was checked when it was compiled for Trino."""
    return yaml.safe_load((Path(os.environ["XIHU_CONF"]) / "access.yaml").read_text("utf-8"))


def passwords() -> dict[str, str]:
    return yaml.safe_load((XIHU_HOME / "secrets" / "passwords.yaml").read_text("utf-8"))


def accounts(page: dict[str, Any], known: dict[str, str]) -> list[dict[str, str]]:
    """Login, name, role and password of every account: `name` and `name@purpose`, as in Trino."""
    found = []
    for name, user in page["users"].items():
        role = page["roles"][user["role"]]
        purposes = role["purposes"]
        for login, purpose in [(name, purposes[0]), *((f"{name}@{p}", p) for p in purposes)]:
            title = user["title"] if login == name else f"{user['title']}（{page['purposes'][purpose]['title']}）"
            found.append({"login": login, "title": title, "role": user["role"], "password": known[name]})
    return found


def schemas_of(page: dict[str, Any]) -> dict[str, set[str]]:
    """Role → schemas of which a grant names at least one table, for any of the role's purposes."""
    found: dict[str, set[str]] = {role: set() for role in page["roles"]}
    for grant in page["grants"]:
        for who in grant["to"]:
            found[who.split("@")[0]].update(table.split(".")[0] for table in grant["tables"])
    return found


def digest(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def state() -> dict[str, str]:
    """Digest per step of what should stand."""
    page = (Path(os.environ["XIHU_CONF"]) / "access.yaml").read_text("utf-8")
    secrets = (XIHU_HOME / "secrets" / "passwords.yaml").read_text("utf-8")
    version = importlib.metadata.version("apache-superset")
    me = Path(__file__).read_text("utf-8")
    assets = bundle()
    commits = [str(log.relative_to(XIHU_HOME)) for log in sorted(XIHU_HOME.glob("warehouse/*.db/*/_delta_log/*.json"))]
    schemas = {dataset["schema"] for name, text in assets.items() if name.startswith("datasets/") for dataset in [yaml.safe_load(text)]}
    return {
        "schema": digest([version, me]),
        "marts": digest([c for c in commits if c.split("/")[1].removesuffix(".db") in schemas]),
        "assets": digest([version, me, *assets, *assets.values()]),
        "accounts": digest([version, me, page, secrets, *assets, *assets.values(), os.environ["SUPERSET_SECRET_KEY"]]),
    }


def forget() -> None:
    """Drops cached answers: the server makes them anew from the marts as they are now."""
    folder = SUPERSET_HOME / "cache" / "data"
    for kept in folder.glob("*"):
        kept.unlink(missing_ok=True)


def migrate() -> None:
    """Superset's own database to the present version, without its migrations' small talk."""
    import superset
    from flask_migrate import upgrade

    with contextlib.closing(sqlite3.connect(SUPERSET_HOME / "superset.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")  # kept in the file: readers do not wait for the writer
    with contextlib.redirect_stdout(io.StringIO()):
        upgrade(directory=str(Path(superset.__file__).parent / "migrations"))


def define_roles() -> None:
    """Superset's own roles, and `viewer`: reads dashboards and nothing else (no chart editor, no SQL Lab)."""
    from superset import security_manager
    from superset.extensions import appbuilder

    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    viewer = security_manager.add_role("viewer")
    for permission, view in sorted({*security_manager.PUBLIC_ROLE_PERMISSIONS, *VIEWER}):
        security_manager.add_permission_role(viewer, security_manager.add_permission_view_menu(permission, view))


def add_accounts(page: dict[str, Any], known: dict[str, str]) -> int:
    """Accounts with their Superset roles; unnamed ones are switched off. Returns how many were new or changed."""
    from superset import db
    from superset import security_manager as sm
    from werkzeug.security import check_password_hash, generate_password_hash

    changed = 0
    wanted = accounts(page, known)
    for role in page["roles"]:
        sm.add_role(role)
    for account in wanted:
        admin = page["roles"][account["role"]].get("administers", False)
        names = ["Admin"] if admin else [account["role"], *(["Gamma", "sql_lab"] if account["role"] in WITH_SQL_LAB else ["viewer"])]
        roles = [sm.find_role(name) for name in names]
        user = sm.find_user(account["login"])
        if user is None:
            mail = f"{account['login'].replace('@', '+')}@xihu.invalid"
            user = sm.add_user(account["login"], account["title"], "", mail, roles, password=account["password"])
            if not user:
                raise RuntimeError(f"account {account['login']} could not be made")
            changed += 1
            continue
        if not check_password_hash(user.password, account["password"]):
            user.password = generate_password_hash(account["password"])
            changed += 1
        user.first_name, user.last_name, user.roles, user.active = account["title"], "", roles, True
    logins = {account["login"] for account in wanted}
    for user in sm.get_all_users():
        if user.username not in logins and user.active:
            user.active = False
            changed += 1
    db.session.commit()
    return changed


def import_assets(offline_ok: bool) -> None:
    """Databases, datasets, charts, dashboards; what an earlier bundle brought and this one does not is removed."""
    import superset.commands.database.importers.v1.utils as importer
    from flask import g
    from superset import db
    from superset import security_manager as sm
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    if offline_ok:
        original = importer.add_permissions

        def tolerant(database: Any) -> None:
            # Lists Trino's catalogs as an administrator, whom Trino refuses: the schemas' permissions are not used here.
            with contextlib.suppress(Exception):
                original(database)

        importer.add_permissions = tolerant
    g.user = next(user for user in sm.get_all_users() if user.active and any(role.name == "Admin" for role in user.roles))
    contents = bundle()
    ImportAssetsCommand(contents, overwrite=True).run()
    wanted = {yaml.safe_load(text)["uuid"] for name, text in contents.items() if name != "metadata.yaml"}
    for model in (Dashboard, Slice, SqlaTable):
        for item in db.session.query(model).filter_by(is_managed_externally=True):
            if str(item.uuid) not in wanted:
                db.session.delete(item)
    db.session.commit()
    for name, text in contents.items():
        if name.startswith("dashboards/"):
            page = yaml.safe_load(text)
            linked = {str(c.uuid) for c in db.session.query(Dashboard).filter_by(uuid=page["uuid"]).one().slices}
            charts = {item["meta"]["uuid"] for item in page["position"].values() if isinstance(item, dict) and item.get("type") == "CHART"}
            if linked != charts:
                raise RuntimeError(f"{name}: {len(charts - linked)} chart(s) not linked to the dashboard")


def grant_datasets(page: dict[str, Any]) -> None:
    """Per role: exactly the datasets of the schemas it may read, and the dashboards all of whose datasets it may."""
    from superset import db
    from superset import security_manager as sm
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.core import Database
    from superset.models.dashboard import Dashboard

    datasets = db.session.query(SqlaTable).filter_by(is_managed_externally=True).all()
    database = db.session.query(Database).filter_by(uuid=asset_id("database", "delta")).one()
    may = schemas_of(page)
    for name, role_page in page["roles"].items():
        role = sm.find_role(name)
        wanted = []
        if not role_page.get("administers", False):
            wanted = [("datasource_access", d.perm) for d in datasets if d.schema in may[name]]
            if name in WITH_SQL_LAB:
                wanted.append(("database_access", database.perm))
        views = [sm.add_permission_view_menu(*each) for each in wanted]
        for view in list(role.permissions):
            if view not in views:
                sm.del_permission_role(role, view)
        for view in views:
            sm.add_permission_role(role, view)
    for dashboard in db.session.query(Dashboard).filter_by(is_managed_externally=True):
        needs = {chart.datasource.schema for chart in dashboard.slices if chart.datasource}
        dashboard.roles = [sm.find_role(name) for name in page["roles"] if needs and needs <= may[name]]
    db.session.commit()


def remember(done: dict[str, str]) -> None:
    part = STATE.with_suffix(".part")
    part.write_text(json.dumps(done), "utf-8")
    part.replace(STATE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--offline-ok", action="store_true", help="Trino need not answer")
    parser.add_argument("--force", action="store_true", help="do every step again")
    options = parser.parse_args()
    SUPERSET_HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
    (SUPERSET_HOME / "cache" / "data").mkdir(parents=True, exist_ok=True)  # a server whose folder is gone caches nothing more
    wanted = state()
    present: dict[str, str] = {}
    if STATE.exists() and (SUPERSET_HOME / "superset.db").exists() and not options.force:
        with contextlib.suppress(ValueError):
            present = json.loads(STATE.read_text("utf-8"))
    if present.get("marts") != wanted["marts"]:
        forget()
    if {**present, "marts": wanted["marts"]} == wanted:
        if present != wanted:
            remember(wanted)
        print("superset: current")
        return 0
    logging.disable(logging.WARNING)
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        page = policy()
        if present.get("schema") != wanted["schema"]:
            migrate()
            logging.disable(logging.WARNING)  # Alembic switches logging on again
            define_roles()
            print("superset: database and roles")
        if present.get("accounts") != wanted["accounts"]:
            print(f"superset: {add_accounts(page, passwords())} account(s) new or changed")
        if present.get("assets") != wanted["assets"]:
            import_assets(options.offline_ok)
            print(f"superset: {len(bundle()) - 1} asset(s)")
        grant_datasets(page)
    remember(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
