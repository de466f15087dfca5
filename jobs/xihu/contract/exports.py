"""The catalogue in other forms: the official worksheet, ODCS 3, DCAT 3, and the sharing directory."""

from __future__ import annotations

from pathlib import Path

from xihu.contract.arrivals import last_arrivals
from xihu.contract.directory.store import load_directory
from xihu.contract.load import load_catalogue


def export(form: str, conf: Path, landing: Path, out: Path) -> str:
    """Write one form; returns one line that says what was written.

    Args:
        form: worksheet, odcs, dcat or sharing.
        conf: the conf folder.
        landing: where deliveries lie; the newest of each resource is its last arrival.
        out: a file; for odcs a folder.

    Raises:
        CatalogueError: contracts or directory have faults.
        ValueError: an unknown form.
    """
    catalogue = load_catalogue(conf, standards=True)
    directory = load_directory(conf, catalogue)
    if form == "worksheet":
        from xihu.contract.directory.export import write_worksheet

        lines = write_worksheet(directory, out)
        return f"{out}：{len(directory.by_department())} 个部门、{len(directory.entries)} 类、{lines} 行"
    if form == "sharing":
        from xihu.contract.directory.sharing import write_sharing

        deadlines = {r: (c.sla.answer_days, c.sla.supply_days) for r, c in catalogue.contracts.items()}
        given, kept = write_sharing(directory, out, deadlines)
        return f"{out}：可共享 {given} 类，不予共享 {kept} 类"
    arrivals = last_arrivals(landing, catalogue)
    if form == "odcs":
        from xihu.contract.odcs import documents, text

        out.mkdir(parents=True, exist_ok=True)
        made = documents(catalogue, arrivals)
        for resource, body in made.items():
            (out / f"{resource}.odcs.yaml").write_text(text(body), "utf-8")
        return f"{out}：{len(made)} 份 ODCS 契约"
    if form == "dcat":
        from xihu.contract.dcat import graph

        made_graph = graph(catalogue, directory, arrivals=arrivals)
        out.parent.mkdir(parents=True, exist_ok=True)
        made_graph.serialize(out, format="json-ld" if out.suffix in (".json", ".jsonld") else "turtle", encoding="utf-8")
        return f"{out}：{len(directory.entries)} 类，{len(made_graph)} 条三元组"
    raise ValueError(f"未知的形式 / unknown form: {form}")
