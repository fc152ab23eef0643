# SPDX-License-Identifier: GPL-2.0-only
#
# Distribution of a duration by transport, from histograms whose buckets are at
# most an eighth wide: what share took less. Two panels: the doorbell write, and
# from there to the interrupt.
# <data>: blocks "<what> <column>", each of upper bound in us, share in per cent
set multiplot layout 1,2 title sprintf("{/:Bold %s}\n{/*0.8 %s}", title, subtitle) \
	margins 0.085,0.965,0.26,0.83 spacing 0.09 offset 0,-0.3
set logscale x
set format x "%g"
set xtics font ",12"
set yrange [0:100]
set ytics 0,25,100 font ",12"
set grid xtics ytics lc rgb "#cccccc" lw 1
do for [p = 1:2] {
	set xlabel (p == 1 ? "kick cost, us" : "kick to interrupt, us")
	set ylabel p == 1 ? "share of the samples below, %" : ""
	set title p == 1 ? "{/:Bold the doorbell write, vCPU blocked}" : "{/:Bold doorbell to handler}" offset 0,-0.6
	set key at screen (p == 1 ? 0.06 : 0.55),0.13 left top Left reverse vertical maxrows 3 samplen 3 spacing 1.2
	if (p == 2) { unset label 99 }
	which = p == 1 ? which1 : which2
	plot for [i = 1:words(which)] data index ((p == 1 ? 0 : lines1) + i - 1) using 1:2 with steps \
		lc rgb word(colours, int(word(which, i))) lw 2.5 dt int(word(which, i)) title columnheader(1)
}
unset multiplot
