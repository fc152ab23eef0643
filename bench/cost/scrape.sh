#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What a scrape takes: a real Prometheus with packaging/prometheus' rules, which scrapes GUESTS simulated
# guests every 15 s, and vmmio-stat serve with 64 virtqueues, whose every distribution has samples,
# every 5 s. A simulated guest is an address of the loopback network at which one program answers
# with what serve said of a guest of six virtqueues, its counters growing with time. Each
# scrape of serve is of a new interval, whose text nobody has asked for. It judges nothing. Needs
# prometheus, curl and python3.
# usage: VMMIO_BUILD=build scrape.sh DIR [GUESTS [SECONDS]]   (a folder of results/)
set -eu
LC_ALL=C
export LC_ALL

if [ $# -lt 1 ] || [ $# -gt 3 ]; then
	echo "usage: scrape.sh DIR [GUESTS [SECONDS]]" >&2
	exit 2
fi
out=$1/scrape guests=${2:-2000} seconds=${3:-240}
source=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${VMMIO_BUILD:-$source/build}" && pwd)
commit=$(git -C "$source" describe --always --dirty 2>/dev/null || echo unknown)
for tool in prometheus curl python3; do
	command -v $tool >/dev/null || {
		echo "scrape: no $tool" >&2
		exit 1
	}
done
mkdir -p "$out"
dir=$(mktemp -d)
pids=
trap 'kill $pids 2>/dev/null || :; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

# Of a recording's virtqueues as many as make 64, and as many intervals as it takes.
/usr/bin/python3 - "$source/tests/data/guest.jsonl" "$dir/many.jsonl" $((seconds + 120)) <<'END'
import copy, json, sys
lines = [json.loads(l) for l in open(sys.argv[1])]
for l in lines:
    l["interval_s"] = 1
queues = [r for l in lines for r in l["rows"] if r["queue"] is not None and r["hist"].get("irq", {}).get("buckets")]
hists = {}
for q in queues:
    for k, h in q["hist"].items():
        if len(h["buckets"]) > len(hists.get(k, {"buckets": []})["buckets"]):
            hists[k] = h
with open(sys.argv[2], "w") as out:
    for i in range(int(sys.argv[3])):
        l = dict(lines[0], rows=[])
        for n in range(64):
            r = copy.copy(queues[n % len(queues)])
            r.update(device="virtio%d" % n, slot=n + 1, queue=0, hist=hists)
            l["rows"].append(r)
        out.write(json.dumps(l, separators=(",", ":")) + "\n")
END

# serve NAME FILE INTERVAL: its address into $dir/NAME
serve()
{
	"$build/vmmio-stat" serve --source "file:$2" --emulated-time --listen 127.0.0.1:0 "$3" 2>"$dir/$1.err" &
	pids="$pids $!"
	tries=100
	until at=$(sed -n 's|.*listening at http://\([^/]*\)/.*|\1|p' "$dir/$1.err") && [ -n "$at" ]; do
		tries=$((tries - 1))
		[ "$tries" != 0 ] || {
			cat "$dir/$1.err" >&2
			exit 1
		}
		sleep 0.1
	done
	echo "$at" >"$dir/$1"
}
serve guest "$source/tests/data/guest.jsonl" 0.2
sleep 3
curl -sf "http://$(cat "$dir/guest")/metrics" >"$dir/guest.txt"
grep -q '^vmmio_kicks_total' "$dir/guest.txt"
serve many "$dir/many.jsonl" 1

cat >"$dir/guests.py" <<'END'
# What a guest of @text says, at all addresses: counters, told by their names, grow with time.
import asyncio, re, sys, time
parts, begin = [], time.time()
for line in open(sys.argv[1]):
    m = re.match(r"(\w+(?:_total|_bucket|_count|_sum)(?:\{.*\})?) ([0-9.e+-]+)$", line)
    parts.append((m.group(1) + " ", float(m.group(2))) if m else (line, None))
class Guest(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.got = transport, b""
    def data_received(self, data):
        self.got += data
        while b"\r\n\r\n" in self.got:
            self.got = self.got.split(b"\r\n\r\n", 1)[1]
            by = 1 + int((time.time() - begin) / 15)
            body = "".join(a if v is None else a + "%.9g\n" % (v * by) for a, v in parts).encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
async def main():
    server = await asyncio.get_running_loop().create_server(Guest, "0.0.0.0", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
END
prlimit --pid $$ --nofile=16384:16384 # a connection for each guest, at both ends
/usr/bin/python3 "$dir/guests.py" "$dir/guest.txt" >"$dir/port" &
pids="$pids $!"
sleep 2
port=$(cat "$dir/port")
cp "$source/packaging/prometheus/vmmio.rules.yml" "$dir"
{
	echo 'global: {scrape_interval: 15s, evaluation_interval: 15s}'
	echo 'rule_files: [vmmio.rules.yml]'
	echo 'scrape_configs:'
	echo '  - job_name: guests'
	echo '    sample_limit: 50000'
	echo '    static_configs:'
	echo '      - targets:'
	seq 0 $((guests - 1)) | awk -v port="$port" '{ printf "          - 127.%d.%d.%d:%d\n", 1 + int($1 / 50000), 1 + int($1 / 200) % 250, 1 + $1 % 200, port }'
	echo '  - job_name: many'
	echo '    scrape_interval: 5s'
	echo '    sample_limit: 50000'
	echo '    static_configs:'
	echo "      - targets: ['$(cat "$dir/many")']"
} >"$dir/prometheus.yml"
at=127.0.0.1:$((port > 40000 ? port - 1000 : port + 1000))
prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" --web.listen-address="$at" \
	--log.level=warn >"$dir/prometheus.out" 2>&1 &
prometheus=$!
pids="$pids $prometheus"
sleep "$seconds"
kill -0 $prometheus || {
	tail -n 5 "$dir/prometheus.out" >&2
	exit 1
}

# ask QUERY: one number; - where there is none
ask()
{
	curl -sf -G --data-urlencode "query=$1" "http://$at/api/v1/query" >"$dir/answer"
	/usr/bin/python3 -c 'import json, sys
r = json.load(sys.stdin)["data"]["result"]
print("%.6g" % float(r[0]["value"][1]) if r else "-")' <"$dir/answer"
}
window=$((seconds - 60))s # the first minute is the start
{
	printf 'what\tvalue\n'
	printf 'guests that answer\t%s\n' "$(ask 'sum(up{job="guests"})')"
	printf 'samples of a guest\t%s\n' "$(ask 'max(scrape_samples_scraped{job="guests"})')"
	printf 'samples of 64 virtqueues\t%s\n' "$(ask 'scrape_samples_scraped{job="many"}')"
	printf 'scrapes of 64 virtqueues\t%s\n' "$(ask "count_over_time(scrape_duration_seconds{job=\"many\"}[$window])")"
	printf 'scrape of 64 virtqueues, median, ms\t%s\n' "$(ask "1000 * quantile_over_time(0.5, scrape_duration_seconds{job=\"many\"}[$window])")"
	printf 'scrape of 64 virtqueues, p95, ms\t%s\n' "$(ask "1000 * quantile_over_time(0.95, scrape_duration_seconds{job=\"many\"}[$window])")"
	printf 'scrape of 64 virtqueues, longest, ms\t%s\n' "$(ask "1000 * max_over_time(scrape_duration_seconds{job=\"many\"}[$window])")"
	printf 'scrape of a guest, median of medians, ms\t%s\n' "$(ask "1000 * quantile(0.5, quantile_over_time(0.5, scrape_duration_seconds{job=\"guests\"}[$window]))")"
	printf 'series\t%s\n' "$(curl -sf "http://$at/metrics" | sed -n 's/^prometheus_tsdb_head_series //p' | awk '{ printf "%d", $1 }')"
	printf 'series with a name of vmmio\t%s\n' "$(ask 'count({__name__=~"vmmio_.*"})')"
	printf 'failed scrapes\t%s\n' "$(ask "sum(count_over_time(up[$window])) - sum(sum_over_time(up[$window]))")"
	printf 'memory of Prometheus, MiB\t%s\n' "$(awk '/^VmHWM/ { printf "%d", $2 / 1024 }' /proc/$prometheus/status)"
	printf 'CPU of Prometheus, s\t%s\n' "$(awk -v hz="$(getconf CLK_TCK)" '{ printf "%.0f", ($14 + $15) / hz }' /proc/$prometheus/stat)"
} >"$out/scrape.tsv"
# and without Prometheus: what one client waits for, new interval by new interval
i=0
while [ $i -lt 30 ]; do
	sleep 1.1
	curl -sf -o "$dir/many.txt" -w '%{time_total}\n' "http://$(cat "$dir/many")/metrics"
	i=$((i + 1))
done | sort -n | awk '{ t[NR] = 1000 * $1 } END {
	printf "answer alone, median, ms\t%.2f\nanswer alone, longest of %d, ms\t%.2f\n", (t[int((NR + 1) / 2)] + t[int(NR / 2) + 1]) / 2, NR, t[NR] }' >>"$out/scrape.tsv"
printf 'bytes of an answer\t%s\n' "$(wc -c <"$dir/many.txt")" >>"$out/scrape.tsv"
{
	echo "CPU: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs"
	echo "$(prometheus --version 2>&1 | head -n 1 | sed 's/ (.*//'); $seconds s, $guests guests"
	echo "made by: bench/cost/scrape.sh, $(date -u +%Y-%m-%d), commit $commit"
	echo "load at the end: $(cut -d' ' -f1-3 /proc/loadavg)"
	echo "all of it scheduled as: $(chrt -p $$ | sed -n 's/.*policy: //p')"
} >"$out/machine.txt"
cat "$out/scrape.tsv"
