"""The directory as DCAT 3 in the profile DCAT-AP 3.0: one dataset a class, one publisher a department."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from rdflib import DCAT, DCTERMS, FOAF, RDF, RDFS, SKOS, XSD, BNode, Graph, Literal, Namespace, URIRef

from xihu.contract import grades, words
from xihu.contract.directory.entry import Entry, of_contract
from xihu.contract.directory.store import Directory
from xihu.contract.load import Catalogue
from xihu.contract.odcs import lineage

VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
DCATAP = Namespace("http://data.europa.eu/r5r/")
ELI = Namespace("http://data.europa.eu/eli/ontology#")
PROV = Namespace("http://www.w3.org/ns/prov#")
_VERSION = URIRef("http://www.w3.org/ns/dcat#version")  # DCAT 3; rdflib's namespace is that of DCAT 2
_EU = "http://publications.europa.eu/resource/authority/"
_FREQUENCY = {
    "realtime": "UPDATE_CONT", "daily": "DAILY", "weekly": "WEEKLY", "monthly": "MONTHLY", "quarterly": "QUARTERLY", "yearly": "ANNUAL",
    "irregular": "IRREG",
}  # fmt: skip
_RIGHTS = {"open": "PUBLIC", "conditional": "RESTRICTED", "closed": "NON_PUBLIC"}
_MEDIA = {
    "csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xls": "application/vnd.ms-excel",
    "txt": "text/plain", "xml": "application/xml", "json": "application/json", "geojson": "application/geo+json",
    "shp": "application/vnd.shp", "dbf": "application/vnd.dbf", "html": "text/html", "pdf": "application/pdf",
}  # fmt: skip


def graph(
    catalogue: Catalogue, directory: Directory, base: str = "https://data.example.gov.cn/", arrivals: Mapping[str, datetime] | None = None
) -> Graph:
    """The whole directory as RDF; contracts taken from public data sets stand in it too.

    Args:
        base: what identifiers begin with; the address at which the city serves its catalogue.
        arrivals: resource → newest receipt, as `dcterms:modified`.
    """
    g = Graph()
    for prefix, space in (
        ("dcat", DCAT),
        ("dct", DCTERMS),
        ("foaf", FOAF),
        ("vcard", VCARD),
        ("dcatap", DCATAP),
        ("eli", ELI),
        ("prov", PROV),
    ):
        g.bind(prefix, space)
    city, office = URIRef(base + "catalogue"), URIRef(base + "agent/city")
    g.add((city, RDF.type, DCAT.Catalog))
    g.add((city, DCTERMS.title, Literal("政务信息资源目录", "zh")))
    g.add((city, DCTERMS.description, Literal("全市各部门政务信息资源：共享、开放、分级与契约", "zh")))
    g.add((city, DCTERMS.publisher, office))
    _agent(g, office, "市人民政府")
    language = URIRef(_EU + "language/ZHO")
    g.add((language, RDF.type, DCTERMS.LinguisticSystem))
    g.add((city, DCTERMS.language, language))
    scheme = URIRef(base + "classification")
    g.add((scheme, RDF.type, SKOS.ConceptScheme))
    g.add((scheme, DCTERMS.title, Literal("政务信息资源分类（类、项）", "zh")))
    g.add((city, DCAT.themeTaxonomy, scheme))
    entries = [*directory.entries.values(), *(of_contract(c, "") for c in catalogue.contracts.values() if c.origin)]
    for entry in sorted(entries, key=lambda e: e.code):
        _dataset(g, base, city, scheme, entry, catalogue, directory, (arrivals or {}).get(entry.resource or ""))
    return g


def _agent(g: Graph, node: URIRef, name: str, code: str = "") -> None:
    g.add((node, RDF.type, FOAF.Agent))
    g.add((node, FOAF.name, Literal(name)))
    if code:
        g.add((node, DCTERMS.identifier, Literal(code)))


def _dataset(
    g: Graph, base: str, city: URIRef, scheme: URIRef, e: Entry, catalogue: Catalogue, directory: Directory, arrived: datetime | None
) -> None:
    node = URIRef(base + "resource/" + quote(e.code, safe=""))
    g.add((city, DCAT.dataset, node))
    g.add((node, RDF.type, DCAT.Dataset))
    g.add((node, DCTERMS.title, Literal(e.title, "zh")))
    g.add((node, DCTERMS.description, Literal(e.summary, "zh")))
    g.add((node, DCTERMS.identifier, Literal(e.code)))
    owner = URIRef(base + "agent/" + quote(e.uscc or e.provider, safe=""))
    _agent(g, owner, e.provider, e.uscc)
    g.add((node, DCTERMS.publisher, owner))
    contact = BNode(f"contact{owner.split('/')[-1]}")
    g.add((contact, RDF.type, VCARD.Kind))
    g.add((contact, RDF.type, VCARD.Organization))
    g.add((contact, VCARD.fn, Literal(e.provider)))
    g.add((node, DCAT.contactPoint, contact))
    for part in (e.code[:1], e.code[:3]):
        theme = URIRef(f"{base}classification/{part}")
        name = directory.names_of(part.ljust(3))[0 if len(part) == 1 else 1] or part
        if (theme, RDF.type, SKOS.Concept) not in g:
            g.add((theme, RDF.type, SKOS.Concept))
            g.add((theme, SKOS.prefLabel, Literal(name, "zh")))
            g.add((theme, SKOS.inScheme, scheme))
        g.add((node, DCAT.theme, theme))
    frequency = URIRef(_EU + "frequency/" + _FREQUENCY[e.update])
    g.add((frequency, RDF.type, DCTERMS.Frequency))
    g.add((node, DCTERMS.accrualPeriodicity, frequency))
    rights = URIRef(_EU + "access-right/" + _RIGHTS[e.open.type])
    g.add((rights, RDF.type, DCTERMS.RightsStatement))
    g.add((node, DCTERMS.accessRights, rights))
    for item in e.items:
        g.add((node, DCAT.keyword, Literal(item.title, "zh")))
    g.add((node, DCAT.keyword, Literal(f"分级 {e.grade} {grades.TITLES[e.grade]}", "zh")))
    if e.published:
        g.add((node, DCTERMS.issued, Literal(e.published, datatype=XSD.date)))
    if arrived:
        g.add((node, DCTERMS.modified, Literal(arrived, datatype=XSD.dateTime)))
    for code in e.related:
        other = URIRef(base + "resource/" + quote(code, safe=""))
        g.add((other, RDF.type, RDFS.Resource))
        g.add((node, DCTERMS.relation, other))
    if e.share.basis:
        law = BNode(f"law{hash_of(e.share.basis)}")
        g.add((law, RDF.type, ELI.LegalResource))
        g.add((law, DCTERMS.title, Literal(e.share.basis, "zh")))
        g.add((node, DCATAP.applicableLegislation, law))
    contract = catalogue.contracts.get(e.resource or "")
    if contract:
        g.add((node, _VERSION, Literal(contract.version)))
        source = lineage(contract, catalogue)
        statement = BNode(f"provenance{contract.resource}")
        g.add((statement, RDF.type, DCTERMS.ProvenanceStatement))
        text = "；".join(f"{k}: {'、'.join(v) if isinstance(v, list) else v}" for k, v in source.items())
        g.add((statement, SKOS.note, Literal(text)))
        g.add((node, DCTERMS.provenance, statement))
    _distribution(g, base, node, e)


def _distribution(g: Graph, base: str, node: URIRef, e: Entry) -> None:
    own = URIRef(f"{node}/distribution")
    g.add((node, DCAT.distribution, own))
    g.add((own, RDF.type, DCAT.Distribution))
    page = URIRef(base + (f"dictionary/dataset/{e.resource}.html" if e.resource else f"dictionary/directory.html#{quote(e.code, safe='')}"))
    g.add((page, RDF.type, RDFS.Resource))
    g.add((own, DCAT.accessURL, page))
    g.add((own, DCTERMS.title, Literal(f"{e.title}（{e.format[0]}）", "zh")))
    media = _MEDIA.get(e.format[1].split("/")[0])
    if media:
        kind = URIRef("https://www.iana.org/assignments/media-types/" + media)
        g.add((kind, RDF.type, DCTERMS.MediaType))
        g.add((own, DCAT.mediaType, kind))
    rights = BNode(f"rights{own.split('/')[-2]}")
    g.add((rights, RDF.type, DCTERMS.RightsStatement))
    said = "；".join(p for p in (words.SHARE[e.share.type], e.condition, words.OPEN[e.open.type], e.open.terms or "") if p)
    g.add((rights, SKOS.note, Literal(said, "zh")))
    g.add((own, DCTERMS.rights, rights))


def hash_of(text: str) -> int:
    """A number for a text that is the same in every process."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)
