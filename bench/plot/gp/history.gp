# SPDX-License-Identifier: GPL-2.0-only
#
# One series over results: a point each, the level between changes as a line, which is broken
# where the series changed. The title is the verdict.
# <data>: number of the result, value, date, level (blank lines part the levels)
set label 1 sprintf("{/:Bold %s}", title) at screen 0.5,0.955 center
set label 2 sprintf("{/*0.8 %s}", subtitle) at screen 0.5,0.91 center
set tmargin at screen 0.86
set bmargin at screen 0.2
set lmargin at screen 0.12
set rmargin at screen 0.97
set xrange [0.5:results + 0.5]
stats data using 2 nooutput
far = STATS_max > STATS_min ? 0.15 * (STATS_max - STATS_min) : (STATS_max == 0 ? 1 : 0.1 * abs(STATS_max))
set yrange [STATS_min - far:STATS_max + far]
set ylabel unit
step = ceil(results / 8.0)
set xtics scale 0.5 rotate by 20 right font ",10"
unset key
plot data using 1:4 with lines lc rgb (worse ? "#D55E00" : "#009E73") lw 3, \
     "" using 1:2:xtic(int($1 - 1) % int(step) == 0 ? strcol(3) : "") with points pt 7 ps 0.8 lc rgb "#0072B2"
