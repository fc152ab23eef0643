#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# serve in a guest with devices of both transports under load, and its page in a headless
# Chromium on this side: what the page shows is what is so, a stalled queue is seen without
# scrolling, on a desk and on a phone, and the browser's console stays empty. Pictures are left
# in build/serve.
set -eu

work=$(mktemp -d)
boot='' server=''
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; [ -z "$boot" ] || kill "$boot" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail()
{
	echo "FAILED: $*"
	cat "$work/guest" "$work/page" 2>/dev/null || true
	exit 1
}

command -v chromium >/dev/null || {
	echo 'package chromium is needed'
	exit 77
}
# two ports that are free now
ports=$(/usr/bin/python3 -c '
import socket
s = [socket.socket() for i in range(2)]
for x in s: x.bind(("127.0.0.1", 0))
print(*(x.getsockname()[1] for x in s))')
page=${ports% *} done=${ports#* }

# a fast disk over MMIO and over PCI, and one of which after 64 KiB a byte a second can be read
"$VMMIO_BUILD/vmmio-boot" --script "$VMMIO_SOURCE/tests/guest/serve.guest" --timeout 100 -- \
	-blockdev null-co,node-name=mmio,size=2097152,read-zeroes=on \
	-blockdev null-co,node-name=pci,size=2097152,read-zeroes=on \
	-object throttle-group,id=snail,x-bps-read=1,x-bps-read-max=65536 \
	-blockdev null-co,node-name=empty,size=4194304,read-zeroes=on \
	-blockdev throttle,node-name=slow,throttle-group=snail,file=empty \
	-device virtio-blk-device,drive=mmio \
	-device virtio-blk-pci,drive=pci \
	-device virtio-blk-pci,drive=slow \
	-netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$page-10.0.2.15:9847,hostfwd=tcp:127.0.0.1:$done-10.0.2.15:9848" \
	-device virtio-net-pci,netdev=net >"$work/guest" 2>&1 &
boot=$!

# the guest's own checks are over when the disk is known to be stalled
tries=1200
until curl -s --max-time 5 "http://127.0.0.1:$page/metrics" >"$work/metrics" &&
	grep -q '^vmmio_virtqueue_stall_cause{.*cause="device-stuck"} 1$' "$work/metrics"; do
	kill -0 "$boot" 2>/dev/null || fail 'the guest does not get that far'
	tries=$((tries - 1))
	[ "$tries" != 0 ] || fail 'no disk is stalled'
	sleep 0.1
done
slow=$(sed -n 's/^vmmio_virtqueue_stall_cause{device="\([^"]*\)".*/\1/p' "$work/metrics")

pictures=$VMMIO_BUILD/serve
mkdir -p "$pictures"
# a thing is seen if all of it is within the window
in_view='(e => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight && r.left >= 0 && r.right <= innerWidth; })'
row='(d => [...document.querySelectorAll(".device")].find(x => x.querySelector("h2").firstChild.data === d).querySelector("tbody tr"))'
status=0
"$VMMIO_BUILD/browse" size 1280x1000 scheme light open "http://127.0.0.1:$page/" \
	until 'document.querySelector("#state").className === "live"' \
	until 'document.querySelector("#stalls").className === "stalled"' \
	until "[...queues.values()].some(q => q.series.kicks.length > ${VMMIO_PAGE_INTERVALS:-6})" \
	print 'document.title' \
	print "'stall ' + document.querySelector('#stalls').innerText.replace(/\\n+/g, ' / ')" \
	print "'stall in view ' + $in_view(document.querySelector('#stalls'))" \
	print "'rows ' + [...document.querySelectorAll('.device')].map(d => d.querySelector('h2').firstChild.data + ':' + d.querySelectorAll('tbody tr').length).join(' ')" \
	print "'marked ' + $row('$slow').classList.contains('stalled')" \
	print "'chosen ' + document.querySelector('#which').textContent" \
	print "'columns ' + [...document.querySelectorAll('thead')[0].rows[0].cells].map(c => c.textContent).join(', ')" \
	print "'empty ' + [...document.querySelectorAll('thead')[0].rows[0].cells].filter((h, i) => i > 1 && [...document.querySelectorAll('tbody tr')].every(r => r.cells[i].textContent === '–')).map(h => h.textContent).join(', ')" \
	shot "$pictures/desk.png" \
	print "(document.querySelectorAll('tbody button')[0].click(), 'chosen then ' + document.querySelector('#which').textContent)" \
	print "'heat ' + (() => { const c = document.querySelector('#heat'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; return d.some((v, i) => i % 4 === 3 && v > 0); })()" \
	shot "$pictures/busy.png" \
	size 390x844 until 'innerWidth === 390' \
	print "'phone ' + (document.documentElement.scrollWidth <= 390) + ' ' + $in_view(document.querySelector('#stalls'))" \
	shot "$pictures/phone.png" \
	scheme dark size 1280x1000 until 'matchMedia("(prefers-color-scheme: dark)").matches && innerWidth === 1280' \
	print "'dark ' + getComputedStyle(document.body).backgroundColor" \
	shot "$pictures/dark.png" >"$work/page" || status=$?
curl -s --max-time 5 "http://127.0.0.1:$done/" >/dev/null || true
wait "$boot" || fail "the guest's script ended with $?"
boot=''
[ "$status" = 0 ] || fail "the page, status $status"

# says WORDS: a whole line of what the page answered
says()
{
	grep -qxE -e "$1" "$work/page" || fail "the page does not say '$1'"
}
says 'vmmio-stat'
says "stall 1 virtqueue is stalled / $slow 0:req.0 device-stuck, for .* 1 in flight / .*"
says 'stall in view true'
says 'rows virtio0:1 virtio1:1 virtio2:1 virtio3:[23]'
says 'marked true'
says "chosen $slow 0:req.0, ring of 256"
says 'chosen then virtio0 0:req.0.*'
# no times under emulation; a column has its place once it is counted, though nothing happened yet
says 'columns virtqueue, recent, ~buffers, ~in flight, ~oldest, ~kicks, ~suppr %, ~buf/kick, ~irqs, ~buf/irq, ~spur %'
says 'empty (~spur %)?'
says 'heat true'
says 'phone true true'
says 'dark rgb\(17, 20, 24\)'
cat "$work/guest" "$work/page"

# A name that wants to be HTML stays text, and a connection that is lost is said to be. What is
# in the console is seen: an empty one above was not just not looked at.
sed 's/"device":"virtio3"/"device":"<b id=bold>virtio3"/g' "$VMMIO_SOURCE/tests/data/guest.jsonl" >"$work/html.jsonl"
"$VMMIO_BUILD/vmmio-stat" serve --source "file:$work/html.jsonl" --emulated-time --listen 127.0.0.1:0 3 2>"$work/err" &
server=$!
: >"$work/err"
tries=300
until at=$(sed -n 's/.*listening at //p' "$work/err") && [ -n "$at" ]; do
	tries=$((tries - 1))
	[ "$tries" != 0 ] || fail "no server: $(cat "$work/err")"
	sleep 0.1
done
status=0
"$VMMIO_BUILD/browse" open "$at" until 'document.querySelector("#state").className === "live"' \
	print "'html ' + (document.querySelector('#bold') === null) + ' ' + document.body.innerText.includes('<b id=bold>virtio3')" \
	print "'unwatched ' + document.querySelector('#stalls').innerText" \
	print "'times ' + [...document.querySelectorAll('thead')[0].rows[0].cells].map(c => c.textContent).join(', ')" \
	run "kill $server" until 'document.querySelector("#state").className === "lost"' \
	print "document.querySelector('#state').textContent" \
	print "(console.log('seen'), 'said')" >"$work/page" || status=$?
kill "$server" 2>/dev/null && fail 'the page of a recording'
wait "$server" || fail "the server of a recording ended with $?"
server=''
says 'html true true'
says 'unwatched Stalls: – not watched: a recording has no rings to look at'
says 'times virtqueue, recent, ~buffers/s, ~kicks/s, ~buf/kick, ~irqs/s, ~buf/irq, ~k→i p99, ~spur %, ~k→i p50'
says 'connection lost; this is of [0-9:]+'
[ "$status" = 1 ] || fail 'the console is not looked at'
grep -q '^browse: console: .*seen' "$work/page" || fail 'the console is not looked at'
grep -qx serve-done "$work/guest" || fail 'the script did not come to its end'
