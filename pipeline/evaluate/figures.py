"""Counts as figures: rates with their intervals, in an order that is always the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, TypeAlias

from pipeline.evaluate.comparing import KEY_FIELDS, NAME_FIELDS, Kind
from pipeline.evaluate.reliability import Histogram, bins_of, calibration_error, trade_off
from pipeline.evaluate.rows import Overlap
from pipeline.evaluate.tally import AcceptedTally, FieldTally, Share, Tally
from pipeline.intervals import clopper_pearson_upper, wilson

Figures: TypeAlias = dict[str, Any]

KINDS: tuple[Kind, ...] = ("money", "date", "number", "name", "text", "choice")
PLACES = 6


def figures_of(tally: Tally, *, curves: bool = False) -> Figures:
    """The figures of one slice; with `curves` the bins and the trade-off that are drawn."""
    header, lines = _together(tally.header_reliability.values()), _together(tally.line_reliability.values())
    everything = header.merged(lines)
    figures: Figures = {
        "papers": tally.papers,
        "read": tally.read,
        "type": share(tally.type_right),
        "pages": share(tally.pages_right),
        "key_fields": {name: _field(tally.keys[name]) for name in KEY_FIELDS if name in tally.keys},
        "lowest_key_field": lowest_key_field(tally),
        "all_key_fields": share(tally.all_keys),
        "fields": {name: _field(tally.fields[name]) for name in sorted(tally.fields)},
        "all_fields": _exact(_sum(tally.fields.values())),
        "character_error_rate": {
            name: _errors(tally.characters[name]) for name in NAME_FIELDS if name in tally.characters
        },
        "rows": {
            "exact": f1(tally.rows),
            "amount": f1(tally.row_amounts),
            "name": f1(tally.row_names),
            "category_totals": f1(tally.row_totals),
            "parts": {name: _field(tally.row_parts[name]) for name in sorted(tally.row_parts)},
        },
        "straight_through": share(tally.straight),
        "accepted_papers": share(tally.accepted_papers),
        "accepted_wrong": {
            "fields": accepted_wrong(tally.header),
            "rows": accepted_wrong(tally.lines),
            "together": accepted_wrong(tally.header.merged(tally.lines)),
        },
        "acceptance": {
            "fields": _acceptance(tally.header),
            "rows": _acceptance(tally.lines),
            "together": _acceptance(tally.header.merged(tally.lines)),
        },
        "values_read": {"fields": header.n, "rows": lines.n},
        "inconsistent_named": share(tally.named),
        "inconsistent_flagged": share(tally.flagged),
        "false_alarm": share(tally.false_alarm),
        "false_alarm_rules": dict(sorted(tally.false_rules.items())),
        "ece": {
            "fields": rounded(calibration_error(bins_of(header.counts))),
            "rows": rounded(calibration_error(bins_of(lines.counts))),
            "together": rounded(calibration_error(bins_of(everything.counts))),
        },
    }
    if curves:
        figures["reliability"] = {"all": reliability(everything)} | {
            kind: reliability(_together(h[kind] for h in _both(tally) if kind in h))
            for kind in KINDS
            if any(kind in h for h in _both(tally))
        }
        figures["trade_off"] = {
            "fields": _curve(header),
            "rows": _curve(lines),
        }
    return figures


def share(counted: Share) -> Figures:
    """A rate with its Wilson interval; `share` is None where nothing was counted."""
    low, high = wilson(counted.k, counted.n)
    rate = counted.k / counted.n if counted.n else None
    return {
        "k": counted.k,
        "n": counted.n,
        "share": rounded(rate),
        "low": rounded(low),
        "high": rounded(high),
    }


def f1(overlap: Overlap) -> Figures:
    """Precision, recall and their harmonic mean: 2 * right / (true + read)."""
    right, true, read = overlap.right, overlap.true, overlap.read
    return {
        "right": right,
        "true": true,
        "read": read,
        "precision": rounded(right / read if read else None),
        "recall": rounded(right / true if true else None),
        "f1": rounded(2 * right / (true + read) if true + read else None),
    }


def accepted_wrong(tally: AcceptedTally) -> Figures:
    """Wrong ones among a thousand accepted, with the bound that holds with 95 % (Clopper-Pearson)."""
    bound = clopper_pearson_upper(tally.wrong, tally.accepted) if tally.accepted else None
    rate = tally.wrong / tally.accepted if tally.accepted else None
    return {
        "wrong": tally.wrong,
        "accepted": tally.accepted,
        "per_1000": rounded(None if rate is None else 1000 * rate),
        "upper_per_1000": rounded(None if bound is None else 1000 * bound),
    }


def lowest_key_field(tally: Tally) -> Figures | None:
    """The key field that is right most seldom."""
    carried = {
        name: tally.keys[name] for name in KEY_FIELDS if name in tally.keys and tally.keys[name].carried
    }
    if not carried:
        return None
    name = min(carried, key=lambda name: carried[name].right / carried[name].carried)
    return {"name": name, **_exact(carried[name])}


def reliability(histogram: Histogram) -> Figures:
    """Bins and calibration error."""
    bins = bins_of(histogram.counts)
    return {
        "n": histogram.n,
        "ece": rounded(calibration_error(bins)),
        "bins": [
            {
                "low": one.low,
                "high": one.high,
                "n": one.n,
                "right": one.right,
                "confidence": rounded(one.confidence),
                "accuracy": rounded(one.accuracy),
            }
            for one in bins
        ],
    }


def rounded(value: float | None) -> float | None:
    """Six places: figures of two machines are then the same bytes."""
    return None if value is None else round(value, PLACES)


def _exact(tally: FieldTally) -> Figures:
    return share(Share(tally.right, tally.carried))


def _field(tally: FieldTally) -> Figures:
    return {
        **_exact(tally),
        "missed": tally.missed,
        "wrong": tally.wrong,
        "made_up": tally.made_up,
        "accepted": tally.accepted,
        "accepted_wrong": tally.accepted_wrong,
    }


def _sum(tallies: Iterable[FieldTally]) -> FieldTally:
    carried = right = 0
    for tally in tallies:
        carried, right = carried + tally.carried, right + tally.right
    return FieldTally(carried=carried, right=right)


def _errors(counted: Share) -> Figures:
    rate = counted.k / counted.n if counted.n else None
    return {"errors": counted.k, "characters": counted.n, "rate": rounded(rate)}


def _acceptance(tally: AcceptedTally) -> Figures:
    return share(Share(tally.carried_accepted, tally.carried))


def _both(tally: Tally) -> tuple[Mapping[Kind, Histogram], Mapping[Kind, Histogram]]:
    return tally.header_reliability, tally.line_reliability


def _together(histograms: Iterable[Histogram]) -> Histogram:
    return reduce(Histogram.merged, histograms, Histogram())


def _curve(histogram: Histogram) -> list[list[float]]:
    return [
        [one.confidence, round(one.accepted, PLACES), round(one.errors, PLACES)]
        for one in trade_off(histogram.counts)
    ]
