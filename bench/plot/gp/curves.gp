# SPDX-License-Identifier: GPL-2.0-only
#
# Numbers of a sweep against one factor: a column of panels per transport,
# kicks per I/O above and used buffers per interrupt below, one line per
# setting. Both axes are logarithmic: what is served in batches of k falls by k.
# <data>: transport, line, x, kicks per I/O with range, used per interrupt with range
set multiplot title sprintf("{/:Bold %s}\n{/*0.8 %s}", title, subtitle) offset 0,-0.3
set logscale x 2
set logscale y 2
set style data yerrorlines
set offsets graph 0.04, graph 0.04, 0, 0
set xtics rotate by 0 font ",11"
set ytics font ",11"
set bars 0.6
left = 0.098; width = (0.985 - left - 0.035 * (panels - 1)) / panels
stats data using 3 skip 1 nooutput
xmin = STATS_min; xmax = STATS_max
set xrange [xmin / 1.25:xmax * 1.25]
stats data using 5 skip 1 nooutput
kmin = STATS_min; stats data using 6 skip 1 nooutput; kmax = STATS_max
stats data using 8 skip 1 nooutput
umin = STATS_min; stats data using 9 skip 1 nooutput; umax = STATS_max
set mxtics 1
# lines that lie on each other are drawn a little apart, so that each is seen
apart(i) = 2 ** (0.03 * (i - (lines - 1) / 2.0))
shown(p, i, c) = strcol(1) eq panel[p] && int(column(2)) == i ? column(c) : NaN
do for [p = 1:panels] {
	set lmargin at screen left + (p - 1) * (width + 0.035)
	set rmargin at screen left + (p - 1) * (width + 0.035) + width
	do for [row = 0:1] {
		set tmargin at screen row ? 0.52 : 0.85
		set bmargin at screen row ? 0.26 : 0.565
		set yrange [(row ? umin : kmin) / 1.3:(row ? umax : kmax) * 1.3]
		set format y p == 1 ? "%.2g" : ""
		unset label 3
		if (p == 1) {
			set label 3 mark . (row ? "buffers per interrupt" : "kicks per I/O") \
				at screen 0.014,(row ? 0.39 : 0.71) center rotate by 90 font ",13"
		}
		set xtics ("" xmin)
		do for [v in values] { set xtics add ((row ? v : "") v + 0) }
		if (row) { set xlabel xname font ",12" offset 0,0.4; unset title } \
		else { unset xlabel; set title sprintf("{/:Bold %s}", panel[p]) offset 0,-0.6 }
		if (p == 1 && row) {
			set key at screen 0.06,0.155 left top Left reverse vertical maxrows 3 samplen 3 spacing 1.15 width 2 font ",12"
		} else {
			unset key
		}
		c = row ? 7 : 4
		plot for [i = 0:lines - 1] data using ($3 * apart(i)):(shown(p, i, c)):(shown(p, i, c + 1)):(shown(p, i, c + 2)) skip 1 \
			lc rgb word(colours, colour[i + 1]) dt dash[i + 1] lw 2 \
			pt (dash[i + 1] == 1 ? word("7 5 9 13 11 3", colour[i + 1]) + 0 : word("6 4 8 12 10 2", colour[i + 1]) + 0) \
			ps 0.9 title name_of[i + 1]
	}
}
unset multiplot
