# SPDX-License-Identifier: GPL-2.0-only
#
# A against B: shift of B in per cent of A's median, with its interval, one row
# per series. What does not touch the line differs by more than nothing; what
# the test calls different is filled.
# intervals.tsv: row, shift, low, high, different, name
set label 1 sprintf("{/:Bold %s}", title) at screen 0.5,0.965 center
set label 2 sprintf("{/*0.85 %s}", subtitle) at screen 0.5,0.925 center
set tmargin at screen 0.89
set lmargin at screen 0.46
set rmargin at screen 0.96
set yrange [rows - 0.5:-0.5]
unset grid
set grid xtics lc rgb "#dddddd" lw 1
set xlabel "B minus A, per cent of A's median (interval of the shift)"
set ytics font ",10" noenhanced
set arrow from 0, graph 0 to 0, graph 1 nohead lc rgb "#444444" lw 1
set key bottom right samplen 1
plot "intervals.tsv" using 2:1:3:4:ytic(6) skip 1 with xerrorbars pt 6 ps 0.8 lc rgb "#0072B2" lw 1.5 title "no difference shown", \
     "" using ($5 == 1 ? $2 : 1/0):1:3:4 skip 1 with xerrorbars pt 7 ps 1.1 lc rgb "#D55E00" lw 2 title "different"
