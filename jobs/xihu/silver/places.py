"""Places of a record, batch by batch: what was sent in any system becomes degrees of CGCS2000 (EPSG:4490), or a reason why it cannot.

Reasons: swapped_fields (longitude and latitude in each other's place), out_of_range (0,0; no such degree; beyond the contract's limits),
unknown_code (a system nobody told), inconsistent (half a place; a shape that is none; an area that is not the stated one).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from xihu.contract.coordinates import Coordinates, Local, SystemByField
from xihu.contract.models import Contract
from xihu.standards import shapes, text
from xihu.standards.coordinates import CHINA, TO_CGCS2000, Array, Pair, inside
from xihu.standards.geometry import Geometry, wkt
from xihu.standards.projection import Helmert, PlaneSystem, Similarity, TransverseMercator, system_of

Fault = Callable[[int, str, str, str], None]
"""(record, reason, field, detail)"""
_SQUARE = {"m2": 1.0, "mu": 10_000 / 15, "ha": 10_000.0, "km2": 1_000_000.0}
_WORLD = (-180.0, -90.0, 180.0, 90.0)


class Batch:
    """What the places of a batch are judged on.

    Attributes:
        cells: raw cells by field. values: typed values by field, changed in place.
        skipped: records whose cells stand in nobody's column. failed: (record, field) pairs that have a fault already.
        mended: repairs by record and field, added to.
    """

    def __init__(
        self,
        cells: dict[str, list[str | None]],
        values: dict[str, list[Any]],
        skipped: Sequence[bool],
        failed: set[tuple[int, str]],
        mended: list[dict[str, tuple[str, ...]]],
    ) -> None:
        self.cells, self.values, self.skipped, self.failed, self.mended = cells, values, skipped, failed, mended
        self.size = len(skipped)


def plane_of(local: Local) -> PlaneSystem:
    """The plane system of a contract's parameters."""
    projection = TransverseMercator(
        local.central_meridian, local.false_easting, local.false_northing, local.scale, local.latitude_of_origin, local.ellipsoid
    )
    p, d = local.plane, local.datum
    datum = Helmert(d.dx, d.dy, d.dz, d.rx, d.ry, d.rz, d.ppm) if d else None
    return PlaneSystem(projection, Similarity(p.dx, p.dy, p.rotation, p.ppm), datum)


class Place:
    """One place of a contract."""

    def __init__(self, spec: Coordinates, contract: Contract) -> None:
        self.spec, self.contract = spec, contract
        self.plane = plane_of(spec.local) if spec.local else None
        self.known: dict[str, str | None] = {}
        self.box = spec.bounds or _WORLD
        if spec.lon and spec.lat:
            lon, lat = contract.fields[spec.lon], contract.fields[spec.lat]
            given = (lon.min, lat.min, lon.max, lat.max)
            pick = (max, max, min, min)
            self.box = tuple(  # type: ignore[assignment]
                p(b, float(g)) if isinstance(g, Decimal) else b for p, b, g in zip(pick, self.box, given, strict=True)
            )
        self.limited = self.box != _WORLD

    def _box(self, system: str) -> tuple[float, float, float, float]:
        """Where places may lie: by the contract; else in China, but for WGS 84, the only system that is used elsewhere."""
        return self.box if self.limited or system == "wgs84" else CHINA

    def apply(self, batch: Batch, fault: Fault) -> None:
        if self.spec.lon and self.spec.lat:
            self._points(batch, fault, self.spec.lon, self.spec.lat)
        if self.spec.geometry:
            self._shapes(batch, fault, self.spec.geometry)

    def _system(self, batch: Batch, i: int, fault: Fault) -> str | None:
        """The system of a record; None where nothing says it."""
        crs = self.spec.crs
        if not isinstance(crs, SystemByField):
            return crs
        cell = batch.cells[crs.field][i]
        raw = cell or ""
        found = self.known.get(raw)
        if found is None:
            bare = text.fold(text.unguard(raw)[0]).strip()
            found = crs.map.get(raw) or crs.map.get(bare)
            if len(self.known) < 10_000:
                self.known[raw] = found
        if found is None:
            found = crs.map.get(str(batch.values[crs.field][i])) or crs.default
        if found is None:
            reason = "unknown_code" if raw.strip() else "missing_key"
            fault(i, reason, crs.field, f"坐标系未知 / nothing says which system of coordinates: {raw[:40]}")
        return found

    def _degrees(self, system: str, x: Array, y: Array) -> Pair:
        if system == "local":
            assert self.plane is not None
            return self.plane.to_cgcs2000(x, y)
        if system in TO_CGCS2000:
            return TO_CGCS2000[system](x, y)
        plane = system_of(system)
        return plane.to_cgcs2000(x, y) if plane else (np.full_like(x, np.nan), np.full_like(y, np.nan))

    def _points(self, batch: Batch, fault: Fault, lon: str, lat: str) -> None:
        east, north = batch.values[lon], batch.values[lat]
        groups: dict[str, list[int]] = {}
        for i in range(batch.size):
            a, b = east[i], north[i]
            if a is None or b is None:
                if a is not b:
                    self._half(batch, i, fault, lon, lat)
                continue
            system = self._system(batch, i, fault)
            if system is None:
                east[i] = north[i] = None
            elif not a and not b and system != "local":
                east[i] = north[i] = None
                if self.spec.zero == "quarantine":
                    fault(i, "out_of_range", lon, "0,0：没有定位 / no fix")
                elif self.contract.fields[lon].required or self.contract.fields[lat].required:
                    fault(i, "missing_key", lon, "0,0：没有定位 / no fix")
                else:
                    batch.mended[i][lon] = (*batch.mended[i].get(lon, ()), "no_fix")
            else:
                groups.setdefault(system, []).append(i)
        for system, rows in groups.items():
            self._convert(batch, fault, lon, lat, system, rows)

    def _half(self, batch: Batch, i: int, fault: Fault, lon: str, lat: str) -> None:
        batch.values[lon][i] = batch.values[lat][i] = None
        if not batch.skipped[i] and (i, lon) not in batch.failed and (i, lat) not in batch.failed:
            empty = lon if not (batch.cells[lon][i] or "").strip() else lat
            fault(i, "inconsistent", empty, "经纬度只有一个 / only one of longitude and latitude")

    def _convert(self, batch: Batch, fault: Fault, lon: str, lat: str, system: str, rows: list[int]) -> None:
        east, north = batch.values[lon], batch.values[lat]
        x, y = np.array([float(east[i]) for i in rows]), np.array([float(north[i]) for i in rows])
        degrees, same = system != "local", system in ("cgcs2000", "wgs84")
        real = inside(x, y, _WORLD) if degrees else np.ones(len(rows), bool)
        fx, fy = self._degrees(system, x, y)
        box = self._box(system)
        good = real & inside(fx, fy, box)
        turned = np.zeros(len(rows), bool)
        if not good.all() or (degrees and not inside(x, y, CHINA).all()):
            turned = self._turned(system, x, y, good)
        for k, i in enumerate(rows):
            if good[k] and not turned[k]:
                if not same:
                    east[i], north[i] = Decimal(f"{fx[k]:.8f}"), Decimal(f"{fy[k]:.8f}")
                continue
            sent = f"{east[i].normalize():f},{north[i].normalize():f}"
            east[i] = north[i] = None
            if turned[k]:
                fault(i, "swapped_fields", f"{lon},{lat}", f"经度与纬度互换 / longitude and latitude exchanged: {sent}")
            else:
                named = lon if not (box[0] <= fx[k] <= box[2]) else lat
                fault(i, "out_of_range", named, f"不在范围内 / out of bounds: {sent}")

    def _turned(self, system: str, x: Array, y: Array, good: np.ndarray) -> np.ndarray:
        """Where the two stand in each other's place: wrong as they are, right when exchanged."""
        # Without limits of the contract, China is where places are.
        box = self.box if self.limited else CHINA
        if system not in TO_CGCS2000:
            return ~good & inside(*self._degrees(system, y, x), box)
        wrong = ~good if self.limited else ~inside(x, y, CHINA)
        return wrong & inside(y, x, _WORLD) & inside(*self._degrees(system, y, x), box)

    def _shapes(self, batch: Batch, fault: Fault, name: str) -> None:
        values = batch.values[name]
        groups: dict[str, list[int]] = {}
        for i, shape in enumerate(values):
            if shape is None:
                continue
            values[i] = None
            system = self._system(batch, i, fault)
            if system is None:
                continue
            if system == "file":
                system = shape.system or ""
            elif shape.system and self._contradicts(shape.system, system):
                fault(i, "inconsistent", name, f"图形自述坐标系 {shape.system}，约定为 {system} / the shape says another system")
                continue
            if system not in TO_CGCS2000 and system != "local" and system_of(system) is None:
                fault(i, "unknown_code", name, f"坐标系未知 / unknown system of coordinates: {system or '—'}")
                continue
            values[i] = shape
            groups.setdefault(system, []).append(i)
        for system, rows in groups.items():
            self._project(batch, fault, name, system, rows)

    def _contradicts(self, told: str, agreed: str) -> bool:
        """Metres where degrees were agreed, or the other way round; degrees of GCJ-02 are often labelled as others."""
        return (told in TO_CGCS2000) != (agreed in TO_CGCS2000)

    def _project(self, batch: Batch, fault: Fault, name: str, system: str, rows: list[int]) -> None:
        shaped: list[Geometry] = [batch.values[name][i] for i in rows]
        arrays = [a for g in shaped for a in g.arrays()]
        every = np.concatenate([a[:, :2] for a in arrays])
        x, y = every[:, 0].copy(), every[:, 1].copy()
        fx, fy = self._degrees(system, x, y)
        good = inside(fx, fy, self._box(system))
        if system in TO_CGCS2000:
            good &= inside(x, y, _WORLD) & ((x != 0) | (y != 0))
        turned = self._turned(system, x, y, good)
        done = 0
        for i, shape in zip(rows, shaped, strict=True):
            start = done

            def put(array: Array) -> Array:
                nonlocal done
                to = slice(done, done + len(array))
                done += len(array)
                return np.column_stack([fx[to], fy[to], array[:, 2:]])

            moved = shape.mapped(put)
            part = slice(start, done)
            batch.values[name][i] = self._judged(batch, fault, name, i, moved, good[part], turned[part])

    def _judged(self, batch: Batch, fault: Fault, name: str, i: int, shape: Geometry, good: np.ndarray, turned: np.ndarray) -> str | None:
        if turned.all():
            fault(i, "swapped_fields", name, "图形的经度与纬度互换 / longitude and latitude exchanged throughout the shape")
            return None
        if not good.all():
            first = int(np.argmin(good))
            detail = f"{len(good)} 个点中 {int((~good).sum())} 个不在范围内，首个是第 {first + 1} 个 / positions out of bounds"
            fault(i, "out_of_range", name, detail)
            return None
        made = shapes.mend(shape)
        if isinstance(made, str):
            fault(i, "inconsistent", name, made)
            return None
        if self.spec.area:
            stated = batch.values[self.spec.area.field][i]
            if stated is not None:
                meant, found = float(stated) * _SQUARE[self.spec.area.unit], shapes.area(made)
                if abs(found - meant) > self.spec.area.tolerance * abs(meant):
                    words = f"图形面积 {found:.1f} m²，填报 {meant:.1f} m² / the shape's area is not the stated one"
                    fault(i, "inconsistent", self.spec.area.field, words)
                    return None
        if new := tuple(r for r in made.repairs if r not in batch.mended[i].get(name, ())):
            batch.mended[i][name] = (*batch.mended[i].get(name, ()), *new)
        return wkt(made)
