# SPDX-License-Identifier: GPL-2.0-only
#
# Register accesses of each transport at depth 1: per I/O, stacked by what the
# register is for, and per event. Structural: the same in every boot.
# accesses.tsv: column, doorbell, reason, acknowledge, other, total, per kick, per interrupt
set multiplot title sprintf("{/:Bold %s}\n{/*0.85 %s}", title, subtitle) offset 0,-0.5
set style data histograms
set style fill solid 0.95 border lc rgb "white"
set boxwidth 0.62
set key off
set yrange [0:*]
set ytics 1
set offsets 0,0,0.7,0
set xrange [-0.6:2.6]

set lmargin at screen 0.075
set rmargin at screen 0.60
set bmargin at screen 0.30
set tmargin at screen 0.82
set style histogram rowstacked
set ylabel "accesses per I/O"
set title "{/*0.95 per I/O}" offset 0,-0.6
set key at screen 0.02,0.165 left top Left reverse horizontal maxrows 2 width 1 samplen 1.5 spacing 1.3
plot "accesses.tsv" using 2:xtic(1) skip 1 ls 1 title "doorbell: QueueNotify, notify", \
     "" using 3 skip 1 ls 2 title "reason: InterruptStatus, isr\\_status", \
     "" using 4 skip 1 ls 3 title "acknowledge: InterruptACK", \
     "" using 5 skip 1 ls 6 title (others > 0 ? "other registers" : ""), \
     "" using 0:($6 + 0.18):(sprintf("{/:Bold %g}", $6)) skip 1 with labels font ",16" notitle

set lmargin at screen 0.68
set rmargin at screen 0.985
set style histogram clustered gap 1
set boxwidth 0.9
set ylabel "accesses per event"
set title "{/*0.95 per kick, per interrupt}" offset 0,-0.6
set key at screen 0.68,0.165 left top Left reverse vertical maxrows 2 samplen 1.5 spacing 1.3
plot "accesses.tsv" using 7:xtic(1) skip 1 ls 4 title "per kick", \
     "" using 8 skip 1 ls 5 title "per interrupt (EOIs not visible)", \
     "" using ($0 - 0.17):($7 + 0.14):(sprintf("%g", $7)) skip 1 with labels notitle, \
     "" using ($0 + 0.17):($8 + 0.14):(sprintf("%g", $8)) skip 1 with labels notitle
unset multiplot
