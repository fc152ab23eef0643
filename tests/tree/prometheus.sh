#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# packaging/prometheus: promtool accepts it, each alert is raised by what it is for and by
# nothing else, no metric in it is made up; and a real Prometheus scrapes serve once, with these
# files, and has the values that serve has.
set -eu

files=$VMMIO_SOURCE/packaging/prometheus
work=$(mktemp -d)
serve='' prometheus=''
trap 'kill $serve $prometheus 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail()
{
	echo "FAILED: $*"
	tail -n 5 "$work/log" 2>/dev/null || true
	exit 1
}

for need in promtool prometheus; do
	command -v $need >/dev/null ||
		"$VMMIO_SOURCE/cmake/fetch-deb.sh" --out "$VMMIO_BUILD/packages/prometheus" prometheus || {
		echo "no $need (package prometheus)"
		exit 77
	}
done
PATH=$PATH:$VMMIO_BUILD/packages/prometheus/usr/bin
for need in curl promtool prometheus; do
	command -v $need >/dev/null || {
		echo "no $need"
		exit 77
	}
done

promtool check config "$files/prometheus.yml" >"$work/log" 2>&1 || fail 'the configuration'
promtool test rules "$files/vmmio.rules.test.yml" >"$work/log" 2>&1 || {
	cat "$work/log"
	fail 'the rules'
}
# each alert is tested, and raised at least once
sed -n 's/^ *- alert: //p' "$files/vmmio.rules.yml" >"$work/alerts"
[ -s "$work/alerts" ] || fail 'there are no alerts'
while read -r alert; do
	grep -A 1 -x " *alertname: $alert" "$files/vmmio.rules.test.yml" | grep -q exp_alerts ||
		fail "$alert is never raised by the test"
done <"$work/alerts"
grep -v '^ *#' "$files/vmmio.rules.yml" | grep -o '\bvmmio_[a-z0-9_]*' |
	sed 's/_\(bucket\|sum\|count\)$//' | sort -u >"$work/names"
[ -s "$work/names" ] || fail 'there are no metrics'
while read -r name; do
	grep -q "^| \`$name\` |" "$VMMIO_SOURCE/docs/metrics.md" || fail "no metric is named $name"
done <"$work/names"

# a recording, whose last sums stay
"$VMMIO_BUILD/vmmio-stat" serve --source "file:$VMMIO_SOURCE/tests/data/guest.jsonl" --emulated-time \
	--listen 127.0.0.1:0 0.01 2>"$work/err" &
serve=$!
: >>"$work/err"
tries=300
until at=$(sed -n 's,.*listening at http://\(.*\)/,\1,p' "$work/err") && [ -n "$at" ] &&
	curl -s "$at/metrics" | grep -q '^vmmio_kicks_total'; do
	tries=$((tries - 1))
	[ "$tries" != 0 ] || fail "no server: $(cat "$work/err")"
	sleep 0.1
done
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cp "$files/vmmio.rules.yml" "$work"
sed -e "s/127.0.0.1:9847/$at/" -e 's/_interval: 15s/_interval: 1s/' "$files/prometheus.yml" >"$work/prometheus.yml"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
	--web.listen-address="127.0.0.1:$port" >"$work/log" 2>&1 &
prometheus=$!

# ask EXPRESSION: the answer's values, one a line with the device
ask()
{
	curl -s --get --data-urlencode "query=$1" "http://127.0.0.1:$port/api/v1/query" >"$work/answer"
	/usr/bin/python3 -c '
import json, sys
for r in json.load(open(sys.argv[1]))["data"]["result"]:
    print(r["metric"].get("device", "-"), r["metric"].get("queue", "-"), float(r["value"][1]))
' "$work/answer" 2>/dev/null | sort
}

tries=300
until [ "$(ask 'up{job="vmmio"}')" = '- - 1.0' ] && [ -n "$(ask vmmio_kicks_total)" ]; do
	kill -0 "$prometheus" 2>/dev/null || fail 'Prometheus ends'
	tries=$((tries - 1))
	[ "$tries" != 0 ] || fail 'Prometheus does not scrape it'
	sleep 0.2
done
curl -s "$at/metrics" >"$work/metrics"
sed -n 's/^vmmio_kicks_total{device="\([^"]*\)",queue="\([^"]*\)".*} \(.*\)/\1 \2 \3.0/p' "$work/metrics" | sort >"$work/want"
[ -s "$work/want" ] || fail 'serve has no kicks'
ask vmmio_kicks_total | cmp - "$work/want" || fail 'not the kicks that serve has'
# all of them: what a scrape has and what it took in
want=$(grep -vc '^#' "$work/metrics")
[ "$(ask scrape_samples_scraped)" = "- - $want.0" ] || fail "$(ask scrape_samples_scraped) of $want samples"
[ -n "$(ask 'vmmio_kick_duration_seconds_bucket{le="+Inf"}')" ] || fail 'no histogram'
[ -n "$(ask 'vmmio_build_info{source="file"}')" ] || fail 'no build_info'
# each query of the dashboard is one that it takes, and asks for metrics that there are
dashboard=$VMMIO_SOURCE/packaging/grafana/vmmio.json
/usr/bin/python3 - "$dashboard" >"$work/queries" <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
ids, cells = set(), set()
for p in d["panels"]:
    g = p["gridPos"]
    here = {(x, y) for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])}
    assert p["id"] not in ids and not here & cells and g["x"] + g["w"] <= 24, p["title"]
    ids.add(p["id"])
    cells |= here
    for t in p["targets"]:
        e = t["expr"]
        for name, value in ("$__rate_interval", "1m"), ("$instance", ".*"), ("$device", ".*"):
            e = e.replace(name, value)
        assert "$" not in e, e
        print(e)
END
[ "$(wc -l <"$work/queries")" -ge 15 ] || fail 'the dashboard asks for nothing'
while read -r query; do
	ask "$query" >/dev/null
	grep -q '"status":"success"' "$work/answer" || fail "$query: $(cat "$work/answer")"
done <"$work/queries"
grep -o '\bvmmio_[a-z0-9_]*' "$work/queries" | sed 's/_\(bucket\|sum\|count\)$//' | sort -u >"$work/names"
while read -r name; do
	grep -q "^| \`$name\` |" "$VMMIO_SOURCE/docs/metrics.md" || fail "no metric is named $name"
done <"$work/names"
[ -n "$(ask "$(sed -n '/vmmio_kicks_total.*opportunities/d; s/rate(\(vmmio_kicks_total{[^}]*}\)[^)]*)/\1/p' "$work/queries")")" ] ||
	fail 'the panel of kicks finds none'
# the rules are evaluated without an error
tries=100
until curl -s "http://127.0.0.1:$port/api/v1/rules" >"$work/rules" && ! grep -q '"health":"unknown"' "$work/rules"; do
	tries=$((tries - 1))
	[ "$tries" != 0 ] || fail 'the rules are not evaluated'
	sleep 0.2
done
[ "$(grep -o '"health":"ok"' "$work/rules" | wc -l)" = "$(grep -c '^ *- \(alert\|record\): ' "$files/vmmio.rules.yml")" ] ||
	fail "rules: $(cat "$work/rules")"
