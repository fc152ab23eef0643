# SPDX-License-Identifier: GPL-2.0-only
#
# One number per row as a bar from 0, with the range over boots where there is
# one: lengths of paths, predicted costs. Rows of one group share a colour.
# <data>: row, name, value, low, high, group (from 1), words
stats data using 5 skip 1 nooutput
most = STATS_max
set label 1 sprintf("{/:Bold %s}", title) at screen 0.5,0.965 center
set label 2 sprintf("{/*0.8 %s}", subtitle) at screen 0.5,0.92 center
set tmargin at screen 0.87
set lmargin at screen 0.30
set rmargin at screen 0.95
set bmargin at screen 0.16
set yrange [rows - 0.5:-0.5]
unset grid
set grid xtics lc rgb "#cccccc" lw 1 back
set border 1 lc rgb "#444444"
set ytics scale 0 font ",13" noenhanced
set xlabel xname
set format x "%.10g"
set xrange [0:most * 1.5]
set style fill solid 0.9 noborder
set key off
plot data using (0):1:(0):3:($1 - 0.3):($1 + 0.3):(int(word("29362 15114752 13983232 40563 13400487 6710886", int($6)))) skip 1 with boxxyerror lc rgb variable, \
     "" using ($4 < $5 ? $3 : NaN):1:4:5 skip 1 with xerrorbars pt -1 lw 2 lc rgb "#222222", \
     "" using 5:1:7:ytic(2) skip 1 with labels left offset 1,0 font ",13" noenhanced
