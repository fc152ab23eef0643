# SPDX-License-Identifier: GPL-2.0-only
#
# Register accesses at depth 1: per I/O, stacked by what the register is for,
# and per event. Structural: the same in every boot. Each segment bears its
# number, so that it can be read without colour.
# <data>: position, group, column, doorbell, reason, acknowledge, other, total, per kick, per interrupt
set multiplot title sprintf("{/:Bold %s}\n{/*0.8 %s}", title, subtitle) offset 0,-0.4
set style fill solid 0.95 border lc rgb "white"
set boxwidth 0.7
set xrange [-0.6:last + 0.6]
set yrange [0:*]
set offsets 0,0,0.7,0
set ytics 1
wide = last > 3
stats data using 8 skip 1 nooutput
if (STATS_max > 12) { set ytics autofreq }

set lmargin at screen 0.075
set rmargin at screen panels > 1 ? 0.60 : 0.985
set bmargin at screen wide ? 0.33 : 0.30
set tmargin at screen 0.83
set ylabel "accesses per " . unit
if (panels > 1) { set title "{/*0.95 per " . unit . "}" offset 0,-0.6 }
small = last > 15 ? ",9" : last > 6 ? ",11" : ",14"
set xtics scale 0 font small
set key at screen 0.03,0.165 left top Left reverse vertical maxrows 3 width 1 samplen 1.5 spacing 1.25
# the number of a segment, where there is room for it
segment(from, v) = v > 0.05 * STATS_max ? from + v / 2.0 : NaN
# "_" is markup, and names of many columns take two lines
plain(s) = strstrt(s, "_") ? s[1:strstrt(s, "_") - 1] . '\\_' . s[strstrt(s, "_") + 1:*] : s
cut(s, at) = wide && strstrt(s, at) ? s[1:strstrt(s, at) - 1] . "\n" . s[strstrt(s, at) + strlen(at):*] : s
broken(s) = cut(cut(s, "-"), ", ")
num(v) = v == int(v) ? sprintf("%d", int(v)) : sprintf("%.2g", v)
plot data using 1:($4 + $5 + $6 + $7):xtic(broken(strcol(3))) skip 1 with boxes ls 6 title (others > 0 ? "other registers" : ""), \
     "" using 1:($4 + $5 + $6) skip 1 with boxes ls 3 title "acknowledge: InterruptACK", \
     "" using 1:($4 + $5) skip 1 with boxes ls 2 title "reason: InterruptStatus, isr\\_status", \
     "" using 1:4 skip 1 with boxes ls 1 title "doorbell: QueueNotify, notify", \
     "" using 1:(segment(0, $4)):(num($4)) skip 1 with labels tc rgb "white" notitle, \
     "" using 1:(segment($4, $5)):(num($5)) skip 1 with labels tc rgb "black" notitle, \
     "" using 1:(segment($4 + $5, $6)):(num($6)) skip 1 with labels tc rgb "white" notitle, \
     "" using 1:(segment($4 + $5 + $6, $7)):(num($7)) skip 1 with labels tc rgb "white" notitle, \
     "" using 1:8:(sprintf("{/:Bold %s}", num($8))) skip 1 with labels offset 0,0.8 font ",16" notitle, \
     "" using 1:(0):(plain(strcol(2))) skip 1 with labels offset 0,-3.3 font ",13" notitle

if (panels > 1) {
	set lmargin at screen 0.68
	set rmargin at screen 0.985
	set boxwidth 0.3
	set ylabel "accesses per event"
	set title "{/*0.95 per kick, per interrupt}" offset 0,-0.6
	set xtics font ",11"
	set key at screen 0.68,0.165
	plot data using ($1 - 0.17):9 skip 1 with boxes ls 4 title "per kick", \
	     "" using ($1 + 0.17):10 skip 1 with boxes ls 5 title "per interrupt (EOIs not visible)", \
	     "" using 1:(0):xtic(broken(strcol(3))) skip 1 with points pt -1 notitle, \
	     "" using ($1 - 0.17):9:(num($9)) skip 1 with labels offset 0,0.6 notitle, \
	     "" using ($1 + 0.17):10:(num($10)) skip 1 with labels offset 0,0.6 notitle
}
unset multiplot
