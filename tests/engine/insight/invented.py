"""Samples of invented classes for tests."""

import numpy as np

from lulc_engine.insight.samples import Samples, Unit
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import make_legend
from lulc_engine.rasters.reflectance import Radiometry


def make_samples(parts, bands=None, names=None):
    """Return samples of units, each a class index with its values (n, C)."""
    count = parts[0][1].shape[1]
    values = np.concatenate([part for _, part in parts])
    targets = np.concatenate([np.full(len(part), k) for k, part in parts])
    unit_of = np.concatenate([np.full(len(part), n) for n, (_, part) in enumerate(parts)])
    names = names or [f"class {k}" for k in range(max(k for k, _ in parts) + 1)]
    return Samples(
        values=values,
        targets=targets,
        unit_of=unit_of,
        units=[Unit(f"feature {n}", k) for n, (k, _) in enumerate(parts)],
        unit_word="polygon",
        legend=make_legend(range(1, len(names) + 1), names),
        bands=bands or tuple(Band(n, f"band {n}", None) for n in range(1, count + 1)),
        radiometry=Radiometry((1.0,) * count, (0.0,) * count, "option", "as given"),
        totals=np.bincount(targets, minlength=len(names)),
        unit_totals=np.bincount([k for k, _ in parts], minlength=len(names)),
    )


def fields(seed=0, each=6, pixels=30, bands=3, apart=4.0, unlike=0.3):
    """Return units of three classes whose means are so many standard deviations apart."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(3, bands, bands)) * unlike + np.eye(bands)
    centres = rng.permutation(np.eye(3, bands)) * apart
    return [
        (k, rng.normal(size=(pixels, bands)) @ mixing[k] + centres[k])
        for k in range(3)
        for _ in range(each)
    ]
