# SPDX-License-Identifier: GPL-2.0-only
#
# A against B: shift of B in per cent of A's median, with its interval, one row
# per series, the least p first. An interval that does not touch the line of 0 is
# no finding by itself: what the test calls different, corrected for all series,
# is filled.
# intervals.tsv: row, shift, low, high, different, name
stats "intervals.tsv" using 5 skip 1 nooutput
found = STATS_sum
stats "intervals.tsv" using (abs($2)) skip 1 nooutput
far = STATS_max > 5 ? 2 * STATS_max : 10
stats "intervals.tsv" using ($3 < -far || $4 > far ? 1 : 0) skip 1 nooutput
cut = STATS_sum > 0
set xrange [-far:far]
set label 1 sprintf("{/:Bold %s}", title) at screen 0.5,0.965 center
set label 2 sprintf("{/*0.8 %s}", subtitle) at screen 0.5,0.925 center
set tmargin at screen 0.89
set bmargin at screen 0.175
set lmargin at screen 0.47
set rmargin at screen 0.97
set yrange [rows - 0.5:-0.5]
unset grid
set grid xtics lc rgb "#cccccc" lw 1
set xlabel "B minus A, per cent of A's median" . (cut ? " (what has no end mark goes on)" : "")
small = rows > 16 ? ",9" : ",11"
set ytics scale 0 font small noenhanced
set arrow from 0, graph 0 to 0, graph 1 nohead lc rgb "#444444" lw 1.5
set key at screen 0.02,0.07 left bottom Left reverse horizontal samplen 1.5 width 2
plot "intervals.tsv" using ($5 == 1 ? NaN : $2):1:3:4:ytic(6) skip 1 with xerrorbars pt 6 ps 1 lc rgb "#0072B2" lw 1.5 title "no difference shown", \
     "" using ($5 == 1 ? $2 : NaN):1:3:4:ytic(6) skip 1 with xerrorbars pt 7 ps 1.3 lc rgb "#D55E00" lw 2.5 title (found > 0 ? "different, and a regression if it is worse by the threshold" : "")
