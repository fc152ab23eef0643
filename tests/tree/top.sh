#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# "vmmio-stat top" in a terminal of tmux: what the keys do, that it follows
# the size, and that whatever ends it leaves the terminal as it was.
set -eu

stat=$VMMIO_BUILD/vmmio-stat
recording=file:$VMMIO_SOURCE/tests/data/guest.jsonl
command -v tmux >/dev/null || {
	echo "no tmux"
	exit 77
}
work=$(mktemp -d)
n=0 # servers so far; one that ends may still hold its socket
tmux_()
{
	TMUX='' tmux -f /dev/null -S "$work/socket$n" "$@"
}
trap 'tmux_ kill-server 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail()
{
	echo "FAILED: $*"
	tmux_ capture-pane -p 2>/dev/null || true
	exit 1
}

cat >"$work/run" <<'END'
#!/bin/sh
stty -g >before
sh -c 'echo $$ >pid; exec "$@"' - "$@" 2>err
echo $? >status
stty -g >after
echo back-in-the-shell
sleep 60
END
chmod +x "$work/run"

# start COLUMNSxLINES TERM: top in a new terminal
start()
{
	rm -f "$work/pid" "$work/status" "$work/err" "$work/before" "$work/after"
	tmux_ kill-server 2>/dev/null || true
	n=$((n + 1))
	tmux_ new-session -d -x "${1%x*}" -y "${1#*x}" -c "$work" \
		"cd '$work'; TERM=$2 LC_ALL=C.UTF-8 ./run '$stat' top --source '$recording' -i 0.05"
	shows 'q quit'
	shows END
}

# shows TEXT: the screen does within 10 s
shows()
{
	tries=600
	until tmux_ capture-pane -p | grep -qF -e "$1"; do
		tries=$((tries - 1))
		[ "$tries" != 0 ] || fail "the screen does not show '$1'"
		sleep 0.1
	done
}

# ended STATUS HOW: back in the shell, with the terminal as it was
ended()
{
	shows back-in-the-shell
	[ "$(cat "$work/status")" = "$1" ] || fail "$2: status $(cat "$work/status") instead of $1"
	[ "$(cat "$work/before")" = "$(cat "$work/after")" ] || fail "$2: the terminal's modes changed"
	[ "$(tmux_ display-message -p '#{alternate_on} #{cursor_flag}')" = '0 1' ] ||
		fail "$2: the alternate screen or a hidden cursor is left"
}

# the table and the keys
start 80x24 screen-256color
shows 'vmmio-stat top  file  tcg ~ '
shows 'DEVICE    VQ         ~buf  ~kick ~buf/kick   ~irq ~buf/irq'
shows '6 of 10 rows' # those of whole devices are hidden
shows 'virtio3   0:req.0'
tmux_ send-keys /
shows 'filter:'
tmux_ send-keys virtio3 Enter
shows "filter 'virtio3'"
shows '1 of '
! tmux_ capture-pane -p | grep -q '^virtio2' || fail 'the filter hides nothing'
shows '~batch, buffers'
tmux_ send-keys Tab
shows '~coalesce, buffers'
tmux_ send-keys e
shows '~kick/s'
tmux_ send-keys / C-u Enter
shows 'virtio2 '
tmux_ send-keys d
shows 'virtio3   *'
tmux_ send-keys d
tmux_ send-keys h
shows 'Keys (any key goes back)'
tmux_ send-keys x
tmux_ send-keys p
shows PAUSED
tmux_ send-keys p
tmux_ resize-window -x 120 -y 40
tries=600
until [ "$(tmux_ capture-pane -p | sed -n 1p | tr -d '\n' | wc -m)" -gt 100 ]; do
	tries=$((tries - 1))
	[ "$tries" != 0 ] || fail 'it does not follow the size'
	sleep 0.1
done
[ "$(tmux_ capture-pane -p | sed -n 40p | cut -c 1-6)" = 'q quit' ] || fail 'the keys are not in line 40'
tmux_ resize-window -x 30 -y 5
shows 'too small'
tmux_ resize-window -x 80 -y 24
shows 'q quit'
tmux_ send-keys q
ended 0 'q'

# whatever ends it; 128 + signal is what the shell reports of a death
for how in INT:0 TERM:0 HUP:0 QUIT:131 SEGV:139 ABRT:134 KILL:137; do
	start 80x24 screen-256color
	kill -s "${how%:*}" "$(cat "$work/pid")"
	if [ "${how%:*}" = KILL ]; then
		# somebody else cleans up then, before or after the shell goes on: what it
		# wrote to the alternate screen is gone with it
		tries=600
		until [ -s "$work/after" ]; do
			tries=$((tries - 1))
			[ "$tries" != 0 ] || fail 'KILL: the shell does not go on'
			sleep 0.1
		done
		tries=600
		until [ "$(tmux_ display-message -p '#{alternate_on}')" = 0 ]; do
			tries=$((tries - 1))
			[ "$tries" != 0 ] || fail 'KILL: the alternate screen is left'
			sleep 0.1
		done
		[ "$(cat "$work/status")" = 137 ] || fail "KILL: status $(cat "$work/status")"
		sleep 0.2
		[ "$(tmux_ display-message -p '#{cursor_flag}')" = 1 ] || fail 'KILL: no cursor'
		tty=$(tmux_ display-message -p '#{pane_tty}')
		[ "$(stty -g <"$tty")" = "$(cat "$work/before")" ] || fail 'KILL: the modes changed'
	else
		ended "${how#*:}" "${how%:*}"
	fi
done

# a terminal that nobody knows is taken for a VT100; no colours, no UTF-8 needed
start 80x24 no-such-terminal
shows 'virtio3   0:req.0'
tmux_ send-keys q
ended 0 'an unknown terminal'

# the terminal closes: the process is gone soon after
start 80x24 screen-256color
pid=$(cat "$work/pid")
tmux_ kill-server
tries=600
while kill -0 "$pid" 2>/dev/null; do
	tries=$((tries - 1))
	[ "$tries" != 0 ] || fail 'it outlives its terminal'
	sleep 0.1
done

# no terminal at all
status=0
"$stat" top --source "$recording" </dev/null >"$work/out" 2>"$work/err" || status=$?
[ "$status" = 1 ] || fail "without a terminal: exit $status"
[ "$(cat "$work/err")" = 'vmmio-stat: top: no terminal on standard input and output' ] ||
	fail "without a terminal: $(cat "$work/err")"
status=0
"$stat" top --json 2>"$work/err" || status=$?
[ "$status" = 2 ] || fail "--json: exit $status"
