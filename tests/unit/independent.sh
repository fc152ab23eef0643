#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The bench's statistics against SciPy: rank tests (exact; with ties over all splits), events
# (binomial, Student), Holm's correction, quantiles of the normal distribution; change points against
# NumPy.
set -eu

python=/usr/bin/python3
"$python" -c 'import scipy' 2>/dev/null || {
	echo "independent: package python3-scipy is needed"
	exit 77
}
"$VMMIO_BUILD/benchstats" | "$python" -c '
import itertools, json, math, sys
import numpy as np
from scipy import stats

def close(a, b, what):
    if not math.isclose(a, b, rel_tol=1e-8, abs_tol=1e-12):
        sys.exit("%s: %r by the bench, %r by SciPy" % (what, a, b))

def all_splits(x, y):
    ranks = stats.rankdata(x + y)
    mean = sum(ranks) * len(x) / len(ranks)
    seen = abs(sum(ranks[:len(x)]) - mean)
    sums = [abs(sum(c) - mean) for c in itertools.combinations(ranks, len(x))]
    return sum(s >= seen - 1e-9 for s in sums) / len(sums)

def rank(j):
    x, y = j["x"], j["y"]
    ties = len(set(x + y)) < len(x + y)
    if not ties:
        r = stats.mannwhitneyu(x, y, alternative="two-sided", method="exact")
        close(j["u"], r.statistic, "U")
        close(j["p"], r.pvalue, "p of ranks")
    if len(x) + len(y) <= 12:
        close(j["p"], all_splits(x, y), "p over all splits")
    d = sorted(a - b for a in x for b in y)
    close(j["shift"], (d[(len(d) - 1) // 2] + d[len(d) // 2]) / 2, "shift")
    close(j["floor"], min(1, 2 / math.comb(len(x) + len(y), len(x))), "least p")

def events(j):
    m, num, den = j["m"], j["num"], j["den"]
    base = min(a / b for a, b in zip(num, den))
    if not j["singly"] or m < 3:
        base = math.floor(base)
    e = [a - base * b for a, b in zip(num, den)]
    ea, eb, oa, ob = sum(e[:m]), sum(e[m:]), sum(den[:m]), sum(den[m:])
    n, k, share = round(ea + eb), round(eb), ob / (oa + ob)
    if not n:
        return close(j["p"], 1, "p of no events")
    p = min(1, 2 * min(stats.binom.cdf(k, n, share), stats.binom.sf(k - 1, n, share)))
    df = len(num) - 2
    if p < 1 and not (j["singly"] and m > 1):
        phi = 1
        if df >= 1 and not j["singly"]:
            chi = 0
            for side, over, of in ((e[:m], den[:m], ea / oa), (e[m:], den[m:], eb / ob)):
                chi += sum((a - of * b) ** 2 / (of * b) for a, b in zip(side, over) if of)
            phi = max(1, chi / df)
        if m < 2:
            phi = max(phi, 10)
        z = abs(eb / ob - ea / oa) / math.sqrt(phi * n / (oa + ob) * (1 / oa + 1 / ob))
        if phi > 1:
            p = max(p, 2 * (stats.t.sf(z, df) if df >= 1 else stats.norm.sf(z)))
    close(j["p"], p, "p of events")

def holm(j):
    p, most, out = j["p"], 0, [0] * len(j["p"])
    for i, k in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        most = max(most, (len(p) - i) * p[k])
        out[k] = min(1, most)
    for a, b in zip(j["adjusted"], out):
        close(a, b, "Holm")

def greatest(ranks):
    # all rearrangements at once, one a row
    n = ranks.shape[1]
    k = np.arange(1, n)
    apart = np.abs(np.cumsum(ranks, axis=1)[:, :-1] - k * (n + 1) / 2)
    spread = np.sqrt(k * (n - k) / n * ranks[0].var(ddof=1))
    return apart / spread

def changes(j):
    ranks, n = stats.rankdata(j["x"]), len(j["x"])
    z = greatest(ranks[None, :])[0]
    close(j["z"], z.max(), "greatest split")
    close(j["at"], int(np.flatnonzero(z > z.max() - 1e-9)[0]) + 1, "place of a change")
    if n <= 8:
        rows = np.array(list(itertools.permutations(ranks)))
    else:
        rows = np.random.default_rng(3).permuted(np.tile(ranks, (40000, 1)), axis=1)
    p = (greatest(rows).max(axis=1) >= z.max() - 1e-9).mean()
    # theirs is of 999 draws, ours of all rearrangements or of 40,000
    error = 5 * math.sqrt(p * (1 - p) / 999) + 2e-3
    if not j["p"] or abs(j["p"][0] - p) > error:
        sys.exit("p of a change: %r by the bench, %r by permutations of NumPy" % (j["p"], p))

n = 0
for line in sys.stdin:
    j = json.loads(line)
    if j["what"] == "normal":
        close(j["z"], stats.norm.ppf(1 - (1 - j["level"]) / 2), "normal")
    else:
        {"rank": rank, "events": events, "holm": holm, "changes": changes}[j["what"]](j)
    n += 1
print("%d statistics of the bench are those of SciPy" % n)
sys.exit(n < 100)
'
