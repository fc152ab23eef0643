# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the tests of join ask of its legs, for two queues. A backend that is awake already when it
# is asked is not woken: this leg alone may be missing, now and then.

# legs_seen FILE READS: in join --json, each leg of each queue as often as it was read from
legs_seen()
{
	woken=$(grep -o '"backend_wakeup":{"n":[0-9]*' "$1" | sed 's/.*://' | sort -n | head -n 1)
	[ "$woken" -ge $(($2 * 9 / 10)) ] &&
		[ "$(sed 's/"backend_wakeup":{"n":[0-9]*//g' "$1" | grep -o '"n":[0-9]*' | sort | uniq -c | tr -s ' ')" = " 18 \"n\":$2" ]
}

# legs_add_up CSV REQUESTS READS: of join --csv, request by request: the legs, the whole and
# what the load says are the same, to the nanosecond
legs_add_up()
{
	awk -F, -v want="$3" '
		NR == FNR { latency[NR] = $2; next }
		FNR == 1 { for (i = 8; i < NF; i++) if ($i == "backend_wakeup_ns") woken = i; next }
		{
			sum = 0
			for (i = 8; i < NF; i++) {
				if ($i == "" && i != woken) { print "a leg is missing: " $0; bad = 1 }
				sum += $i
			}
			if (sum != $7 || $7 != latency[FNR - 1]) {
				print "request " FNR - 1 ": legs " sum ", whole " $7 ", the load says " latency[FNR - 1]
				bad = 1
			}
			all += sum
			n++
		}
		END { print n " requests, " all " ns in all"; exit bad || n != 2 * want }' "$2" "$1"
}
