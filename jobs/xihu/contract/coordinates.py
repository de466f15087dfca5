"""How a contract says where things are: fields that hold a position or a shape, and the reference system they are sent in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr

System = Literal["cgcs2000", "wgs84", "gcj02", "bd09", "local"]
Metres = float
Word = Annotated[StrictStr, Field(min_length=1)]


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SystemByField(_Options):
    """The system changes with a field's value: the vendor of the device, a column that says so."""

    field: Word
    map: Annotated[dict[StrictStr, System], Field(min_length=1, description="value as sent, or its code → system")]
    default: Annotated[System | None, Field(description="for values not in the map; none: they are quarantined")] = None


class Plane(_Options):
    """Four parameters from the projected plane to the local one: E' = dx + m(E cos θ - N sin θ), N' = dy + m(E sin θ + N cos θ)."""

    dx: Annotated[Metres, Field(description="east, metres")] = 0.0
    dy: Annotated[Metres, Field(description="north, metres")] = 0.0
    rotation: Annotated[float, Field(description="θ in seconds of arc, counter-clockwise")] = 0.0
    ppm: Annotated[float, Field(description="m = 1 + ppm · 1e-6")] = 0.0


class Datum(_Options):
    """Seven parameters from the local datum to CGCS2000 (Bursa-Wolf, position vector rotation)."""

    dx: Metres = 0.0
    dy: Metres = 0.0
    dz: Metres = 0.0
    rx: Annotated[float, Field(description="seconds of arc")] = 0.0
    ry: float = 0.0
    rz: float = 0.0
    ppm: float = 0.0


class Local(_Options):
    """A plane system by its parameters: transverse Mercator, then `plane`, then `datum`."""

    central_meridian: Annotated[float, Field(ge=-180, le=180, description="degrees")]
    false_easting: Annotated[Metres, Field(description="with the zone's number in front where it is sent so: 40500000")] = 500_000.0
    false_northing: Metres = 0.0
    scale: Annotated[float, Field(gt=0.9, lt=1.1)] = 1.0
    latitude_of_origin: Annotated[float, Field(ge=-90, le=90)] = 0.0
    ellipsoid: Literal["cgcs2000", "wgs84", "krassovsky", "iag75"] = "cgcs2000"
    plane: Plane = Plane()
    datum: Datum | None = None


class StatedArea(_Options):
    """A field in which the sender states the area of the shape; one that is off by more is `inconsistent`."""

    field: Word
    unit: Literal["m2", "mu", "ha", "km2"] = "m2"
    tolerance: Annotated[float, Field(gt=0, le=1, description="share of the stated area")] = 0.05


class Coordinates(_Options):
    """A position in two fields, or a shape in one. Silver keeps degrees of CGCS2000 (EPSG:4490), bronze what was sent."""

    lon: Annotated[Word | None, Field(description="field of the longitude; of the easting (Y of surveyors) in a local system")] = None
    lat: Annotated[Word | None, Field(description="field of the latitude; of the northing (X of surveyors) in a local system")] = None
    geometry: Annotated[Word | None, Field(description="field of type geometry")] = None
    crs: Annotated[
        System | Literal["file"] | SystemByField,
        Field(description="system as sent; file: what the file says of itself (crs member, .prj); or by a field's value"),
    ]
    local: Annotated[Local | None, Field(description="parameters of crs: local")] = None
    bounds: Annotated[
        tuple[float, float, float, float] | None,
        Field(description="west, south, east, north in degrees of CGCS2000; beyond is out_of_range (as beyond min and max of lon and lat)"),
    ] = None
    zero: Annotated[Literal["quarantine", "empty"], Field(description="0,0 (no fix): out_of_range, or as if empty")] = "quarantine"
    area: StatedArea | None = None

    @property
    def fields(self) -> list[str]:
        """The fields that hold the place itself."""
        return [f for f in (self.lon, self.lat, self.geometry) if f]
