# SPDX-License-Identifier: GPL-2.0-only
#
# Numbers of a sweep against one factor, one transport: up to two panels, one
# line per setting. Bars are the range over boots.
# <data>: blocks (one per line of the plot) of x, median, min, max
set multiplot layout 1,panels title sprintf("{/:Bold %s}\n{/*0.85 %s}", title, subtitle) \
	margins 0.09,0.98,0.32,0.84 spacing 0.11
set logscale x 2
set xlabel xname
set ylabel yname1
set xtics rotate by 0
set yrange [0:*]
set key outside
set key at screen 0.06,0.17 left top Left reverse vertical maxrows 3 samplen 2 spacing 1.1 width 2
plot for [i = 0:lines1 - 1] data1 index i using 1:2:3:4 with yerrorlines ls (i % 6) + 1 title columnheader(1)
if (panels > 1) {
	unset key
	set ylabel yname2
	plot for [i = 0:lines2 - 1] data2 index i using 1:2:3:4 with yerrorlines ls (i % 6) + 1 notitle
}
unset multiplot
