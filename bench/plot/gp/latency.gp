# SPDX-License-Identifier: GPL-2.0-only
#
# Median latency of an I/O by transport and depth: every boot as a dot, the
# median with its interval. Times of real hardware only: never drawn of an
# emulated run.
# latency.tsv: position, column, depth, median, low, high
# latency-boots.tsv: position, value
set title sprintf("{/:Bold %s}\n{/*0.85 %s}", title, subtitle)
set ylabel "median latency of an I/O, us"
set xrange [-0.6:cells - 0.4]
set yrange [0:*]
set bmargin 4
set key bottom right samplen 1.5
plot "latency-boots.tsv" using 1:2 skip 1 with points pt 7 ps 0.6 lc rgb "#999999" title "one boot", \
     "latency.tsv" using 1:4:5:6:xtic(sprintf("%s\ndepth %s", strcol(2), strcol(3))) skip 1 \
	with yerrorbars ls 1 ps 1.2 title sprintf("median and interval (%s)", level)
