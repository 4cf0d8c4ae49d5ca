"""What an uneven book costs: convex pieces around each advisor's share, and around their share of a tier.

An advisor's share of all expected seconds goes by target, so that half a position has half the share. The price of
one more second at load L is `spread_weight · (L ÷ share − 1)`, the same that an activation's price grows by, in
steps: fine near the share, where books end, coarse far from it. For a tier there is no price until somebody has
well more than their share of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.book_classes import Flags, Floats, Ints, Matter, Places

NEAR = np.arange(0.90, 1.1001, 0.01)
GRID = np.concatenate(([0.0, 0.4, 0.6, 0.7, 0.8, 0.85], NEAR, [1.13, 1.17, 1.22, 1.3, 1.4, 1.6, 2.0, 3.0]))
"""Edges in shares; above the last the price stays what it was."""
ONE = int(np.argmin(np.abs(GRID - 1)))
TIER_EDGES = np.array((0.0, 1.5, 2.0, 3.0))
TIER_STEPS = np.array((0.0, 0.5, 1.0, 2.0))
"""Up to half above the share a tier costs nothing, above three times the share twice the weight."""
ENDLESS = 2**40  # seconds


@dataclass(frozen=True, slots=True)
class Curve:
    """Convex pieces for r rows: piece p goes from `edge[r, p]` to the next edge, the last to `ENDLESS`."""

    edge: Ints
    """r × p, in seconds, each row ascending from 0"""
    slope: Floats
    """p, ascending"""
    at_zero: Floats
    """r: cost of an empty row"""

    def between(self, low_s: Ints, high_s: Ints) -> Ints:
        """r × p: how many seconds of each piece lie between these loads."""
        ends = np.concatenate((self.edge[:, 1:], np.full((len(self.edge), 1), ENDLESS)), axis=1)
        inside: Ints = np.minimum(ends, high_s[:, None]) - np.maximum(self.edge, low_s[:, None])
        return inside.clip(min=0)

    def cost(self, load_s: Ints) -> Floats:
        """r: cost of these loads in misfit · seconds; 0 at the share."""
        total: Floats = self.at_zero + self.between(np.zeros_like(load_s), load_s) @ self.slope
        return total

    def rows(self, rows: Places | NDArray[np.int32]) -> Curve:
        return Curve(self.edge[rows], self.slope, self.at_zero[rows])


@dataclass(frozen=True, slots=True)
class Balance:
    """n advisors, and (advisor, tier) row by row, n · t of them or none where tiers don't matter."""

    base_s: Ints
    """n: what customers weigh who are not in the problem"""
    cap_s: Ints
    target_s: Ints
    share_s: Floats
    staying: Flags
    books: Curve
    tiers: Curve


def balance_of(matter: Matter) -> Balance:
    """Shares of all seconds, and what it costs to be away from them."""
    problem = matter.problem
    columns = [(a.load_s, a.cap_s, max(1, a.target_s), not a.leaving) for a in problem.advisors]
    base_s, cap_s, target_s, stays = np.array(columns, np.int64).reshape(-1, 4).T.copy()
    staying = stays == 1
    total = max(1, int(target_s[staying].sum()))
    part = target_s / total
    share_s = part * max(1, int(base_s[staying].sum()) + int(problem.expected_s.sum(dtype=np.int64)))
    matters = matter.tiers > 1 and problem.terms.tier_weight > 0
    by_tier = np.bincount(matter.tier, problem.expected_s, matter.tiers) if matters else np.zeros(0)
    books = _around(share_s, problem.terms.spread_weight)
    tiers = _above(part[:, None] * by_tier, problem.terms.tier_weight, int(problem.expected_s.max(initial=1)))
    return Balance(base_s, cap_s, target_s, share_s, staying, books, tiers)


def _around(share_s: Floats, weight: float) -> Curve:
    edge = np.round(share_s[:, None] * GRID).astype(np.int64)
    slope = weight * ((GRID + np.append(GRID[1:], GRID[-1])) / 2 - 1)
    return Curve(edge, slope, -(np.diff(edge[:, : ONE + 1], axis=1) @ slope[:ONE]))


def _above(share_s: Floats, weight: float, one_s: int) -> Curve:
    """A single customer is never too much of a tier, and two or three are not at once the worst."""
    edge = np.maximum(share_s.reshape(-1, 1) * TIER_EDGES, one_s * np.arange(len(TIER_EDGES)))
    return Curve(np.ceil(edge).astype(np.int64), weight * TIER_STEPS, np.zeros(edge.shape[0]))
