"""Plane systems of surveyors: transverse Mercator (Gauss-Krüger), similarity in the plane, seven-parameter change of datum.

Projection by Krüger's series in the third flattening to the sixth order (L. Krüger, Konforme Abbildung des Erdellipsoids in der Ebene,
1912; C. F. F. Karney, Transverse Mercator with an accuracy of a few nanometers, J. Geodesy 85, 2011, eq. 35 and 36): better than a
micrometre within 3900 km of the central meridian. Zones of 3 and 6 degrees: EPSG:4491–4554.
A city's independent system (相对独立的平面坐标系统, such as 杭州城市坐标) is a projection with its own central meridian, followed by a
similarity with parameters that the surveyors keep; they come in by the contract and are never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from xihu.standards.coordinates import Array, Pair

# Equatorial radius in metres and inverse flattening. CGCS2000: GB 22021-2008; Krassovsky 1940: Beijing 1954; IAG 1975: Xi'an 1980.
ELLIPSOIDS: dict[str, tuple[float, float]] = {
    "cgcs2000": (6378137.0, 298.257222101),
    "wgs84": (6378137.0, 298.257223563),
    "krassovsky": (6378245.0, 298.3),
    "iag75": (6378140.0, 298.257),
}
_SECOND = np.pi / 180.0 / 3600.0


def _series(n: float) -> tuple[float, Array, Array]:
    """A/a, and the coefficients of the forward and the inverse series."""
    n2, n3, n4, n5, n6 = n**2, n**3, n**4, n**5, n**6
    alpha = [
        n / 2 - 2 * n2 / 3 + 5 * n3 / 16 + 41 * n4 / 180 - 127 * n5 / 288 + 7891 * n6 / 37800,
        13 * n2 / 48 - 3 * n3 / 5 + 557 * n4 / 1440 + 281 * n5 / 630 - 1983433 * n6 / 1935360,
        61 * n3 / 240 - 103 * n4 / 140 + 15061 * n5 / 26880 + 167603 * n6 / 181440,
        49561 * n4 / 161280 - 179 * n5 / 168 + 6601661 * n6 / 7257600,
        34729 * n5 / 80640 - 3418889 * n6 / 1995840,
        212378941 * n6 / 319334400,
    ]
    beta = [
        n / 2 - 2 * n2 / 3 + 37 * n3 / 96 - n4 / 360 - 81 * n5 / 512 + 96199 * n6 / 604800,
        n2 / 48 + n3 / 15 - 437 * n4 / 1440 + 46 * n5 / 105 - 1118711 * n6 / 3870720,
        17 * n3 / 480 - 37 * n4 / 840 - 209 * n5 / 4480 + 5569 * n6 / 90720,
        4397 * n4 / 161280 - 11 * n5 / 504 - 830251 * n6 / 7257600,
        4583 * n5 / 161280 - 108847 * n6 / 3991680,
        20648693 * n6 / 638668800,
    ]
    return (1 + n2 / 4 + n4 / 64 + n6 / 256) / (1 + n), np.array(alpha), np.array(beta)


@dataclass(frozen=True)
class TransverseMercator:
    """Degrees ↔ metres (easting, northing). `false_easting` holds the zone's number where the sender writes it in front (40500000)."""

    central_meridian: float
    false_easting: float = 500_000.0
    false_northing: float = 0.0
    scale: float = 1.0
    latitude_of_origin: float = 0.0
    ellipsoid: str = "cgcs2000"

    @cached_property
    def _constants(self) -> tuple[float, float, Array, Array]:
        a, inverse_f = ELLIPSOIDS[self.ellipsoid]
        f = 1.0 / inverse_f
        rectifying, alpha, beta = _series(f / (2.0 - f))
        return float(np.sqrt(f * (2.0 - f))), a * rectifying * self.scale, alpha, beta

    @cached_property
    def _origin(self) -> float:
        return float(self._north(np.array([0.0]), np.array([self.latitude_of_origin]))[1][0])

    def _north(self, dlon: Array, lat: Array) -> Pair:
        e, radius, alpha, _ = self._constants
        lam, phi = np.radians(dlon), np.radians(lat)
        tau = np.tan(phi)
        sigma = np.sinh(e * np.arctanh(e * tau / np.hypot(1.0, tau)))
        conformal = tau * np.hypot(1.0, sigma) - sigma * np.hypot(1.0, tau)
        xi = np.arctan2(conformal, np.cos(lam))
        eta = np.arcsinh(np.sin(lam) / np.hypot(conformal, np.cos(lam)))
        x, y = eta.copy(), xi.copy()
        for j, coefficient in enumerate(alpha, 1):
            y += coefficient * np.sin(2 * j * xi) * np.cosh(2 * j * eta)
            x += coefficient * np.cos(2 * j * xi) * np.sinh(2 * j * eta)
        return radius * x, radius * y

    def forward(self, lon: Array, lat: Array) -> Pair:
        """Degrees to easting and northing."""
        x, y = self._north(np.asarray(lon, float) - self.central_meridian, np.asarray(lat, float))
        return x + self.false_easting, y - self._origin + self.false_northing

    def inverse(self, east: Array, north: Array) -> Pair:
        """Easting and northing to degrees; what lies beyond the projection's reach becomes NaN."""
        e, radius, _, beta = self._constants
        y = (np.asarray(north, float) - self.false_northing + self._origin) / radius
        x = (np.asarray(east, float) - self.false_easting) / radius
        # A quarter of the globe to each side: beyond it the series mean nothing (and would overflow).
        beyond = ~((np.abs(x) < 1.0) & (np.abs(y) <= np.pi / 2))
        x, y = np.where(beyond, 0.0, x), np.where(beyond, 0.0, y)
        xi, eta = y.copy(), x.copy()
        for j, coefficient in enumerate(beta, 1):
            xi -= coefficient * np.sin(2 * j * y) * np.cosh(2 * j * x)
            eta -= coefficient * np.cos(2 * j * y) * np.sinh(2 * j * x)
        conformal = np.sin(xi) / np.hypot(np.sinh(eta), np.cos(xi))
        tau = conformal.copy()
        for _ in range(6):
            sigma = np.sinh(e * np.arctanh(e * tau / np.hypot(1.0, tau)))
            trial = tau * np.hypot(1.0, sigma) - sigma * np.hypot(1.0, tau)
            tau += (conformal - trial) / np.hypot(1.0, trial) * (1.0 + (1.0 - e * e) * tau**2) / ((1.0 - e * e) * np.hypot(1.0, tau))
        lon = self.central_meridian + np.degrees(np.arctan2(np.sinh(eta), np.cos(xi)))
        return np.where(beyond, np.nan, lon), np.where(beyond, np.nan, np.degrees(np.arctan(tau)))


@dataclass(frozen=True)
class Similarity:
    """Four parameters from the projected plane to the local one: E' = dx + m(E cos θ - N sin θ), N' = dy + m(E sin θ + N cos θ).

    `rotation` θ in seconds of arc, counter-clockwise; m = 1 + `ppm`·1e-6; dx (east), dy (north) in metres.
    """

    dx: float = 0.0
    dy: float = 0.0
    rotation: float = 0.0
    ppm: float = 0.0

    def forward(self, east: Array, north: Array) -> Pair:
        m, c, s = 1.0 + self.ppm * 1e-6, np.cos(self.rotation * _SECOND), np.sin(self.rotation * _SECOND)
        return self.dx + m * (east * c - north * s), self.dy + m * (east * s + north * c)

    def inverse(self, east: Array, north: Array) -> Pair:
        m, c, s = 1.0 + self.ppm * 1e-6, np.cos(self.rotation * _SECOND), np.sin(self.rotation * _SECOND)
        x, y = (np.asarray(east, float) - self.dx) / m, (np.asarray(north, float) - self.dy) / m
        return x * c + y * s, y * c - x * s


@dataclass(frozen=True)
class Helmert:
    """Seven parameters from the local datum to CGCS2000 (Bursa-Wolf, position vector rotation: EPSG method 9606).

    Shifts in metres, rotations in seconds of arc, `ppm` parts per million. Heights are taken as 0 on both ellipsoids.
    """

    dx: float = 0.0
    dy: float = 0.0
    dz: float = 0.0
    rx: float = 0.0
    ry: float = 0.0
    rz: float = 0.0
    ppm: float = 0.0

    def to_cgcs2000(self, lon: Array, lat: Array, ellipsoid: str) -> Pair:
        """Degrees on the local datum's ellipsoid to degrees of CGCS2000."""
        x, y, z = _geocentric(lon, lat, ellipsoid)
        m = 1.0 + self.ppm * 1e-6
        rx, ry, rz = self.rx * _SECOND, self.ry * _SECOND, self.rz * _SECOND
        return _geographic(
            self.dx + m * (x - rz * y + ry * z),
            self.dy + m * (rz * x + y - rx * z),
            self.dz + m * (-ry * x + rx * y + z),
            "cgcs2000",
        )


def _geocentric(lon: Array, lat: Array, ellipsoid: str) -> tuple[Array, Array, Array]:
    a, inverse_f = ELLIPSOIDS[ellipsoid]
    e2 = (2.0 - 1.0 / inverse_f) / inverse_f
    lam, phi = np.radians(lon), np.radians(lat)
    normal = a / np.sqrt(1.0 - e2 * np.sin(phi) ** 2)
    return normal * np.cos(phi) * np.cos(lam), normal * np.cos(phi) * np.sin(lam), normal * (1.0 - e2) * np.sin(phi)


def _geographic(x: Array, y: Array, z: Array, ellipsoid: str) -> Pair:
    a, inverse_f = ELLIPSOIDS[ellipsoid]
    e2 = (2.0 - 1.0 / inverse_f) / inverse_f
    p = np.hypot(x, y)
    phi = np.arctan2(z, p * (1.0 - e2))
    for _ in range(8):
        normal = a / np.sqrt(1.0 - e2 * np.sin(phi) ** 2)
        phi = np.arctan2(z + e2 * normal * np.sin(phi), p)
    return np.degrees(np.arctan2(y, x)), np.degrees(phi)


@dataclass(frozen=True)
class PlaneSystem:
    """A plane system as sent: projection, then similarity; its datum is changed last."""

    projection: TransverseMercator
    plane: Similarity = Similarity()
    helmert: Helmert | None = None

    def to_cgcs2000(self, east: Array, north: Array) -> Pair:
        """Metres as sent to degrees of CGCS2000."""
        lon, lat = self.projection.inverse(*self.plane.inverse(np.asarray(east, float), np.asarray(north, float)))
        return self.helmert.to_cgcs2000(lon, lat, self.projection.ellipsoid) if self.helmert else (lon, lat)


_TMERC = re.compile(r"tmerc:(-?[\d.]+),(-?[\d.]+),(-?[\d.]+),(-?[\d.]+),(-?[\d.]+),(\w+)")


def of_epsg(code: int) -> str | None:
    """What an EPSG code means in the words of `system_of`: CGCS2000 and WGS 84 degrees, Gauss-Krüger zones of CGCS2000; else None."""
    if code in (4490, 4480):
        return "cgcs2000"
    if code in (4326, 4979):
        return "wgs84"
    if 4491 <= code <= 4501:  # 6-degree zones 13…23, zone number in front
        zone = 13 + code - 4491
        return f"tmerc:{zone * 6 - 3},{zone}500000,0,1,0,cgcs2000"
    if 4502 <= code <= 4512:  # 6-degree zones by central meridian 75…135
        return f"tmerc:{75 + 6 * (code - 4502)},500000,0,1,0,cgcs2000"
    if 4513 <= code <= 4533:  # 3-degree zones 25…45, zone number in front
        zone = 25 + code - 4513
        return f"tmerc:{zone * 3},{zone}500000,0,1,0,cgcs2000"
    if 4534 <= code <= 4554:  # 3-degree zones by central meridian 75…135
        return f"tmerc:{75 + 3 * (code - 4534)},500000,0,1,0,cgcs2000"
    return None


def system_of(words: str) -> PlaneSystem | None:
    """The plane system of `tmerc:<central meridian>,<false easting>,<false northing>,<scale>,<latitude of origin>,<ellipsoid>`."""
    match = _TMERC.fullmatch(words)
    if match is None or match[6] not in ELLIPSOIDS:
        return None
    lon0, east, north, k, lat0 = map(float, match.groups()[:5])
    return PlaneSystem(TransverseMercator(lon0, east, north, k, lat0, match[6]))
