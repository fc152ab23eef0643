# SPDX-License-Identifier: GPL-2.0-only
#
# What an I/O takes, one stack a transport, one segment a kind, which bears its
# name and number; the legend says what the fills are. What is too thin for a name
# is in the total above.
# <data>: position, column, from, to, colour, words
# <totals>: position, total, words
set multiplot
set label 1 sprintf("{/:Bold %s}", title) at screen 0.5,0.965 center
set label 2 sprintf("{/*0.8 %s}", subtitle) at screen 0.5,0.92 center
set tmargin at screen 0.86
set bmargin at screen 0.17
set lmargin at screen 0.09
set rmargin at screen 0.985
set style fill solid 0.95 border lc rgb "white"
set xrange [-0.5:last + 0.5]
stats totals using 2 skip 1 nooutput
most = STATS_max
set yrange [0:most * 1.12]
set ytics 1
if (most > 12) { set ytics autofreq }
set ylabel yname
set xtics scale 0 font ",15"
set key at screen 0.5,0.055 center center horizontal Left reverse samplen 1.5 width 2
colour(n) = int(sprintf("0x%s", substr(word(fills, int(n) + 1), 2, 7)))
plot data using 1:(0):($1 - 0.44):($1 + 0.44):3:4:(colour($5)) skip 1 with boxxyerror lc rgb variable notitle, \
     "" using 1:(($4 - $3) > 0.05 * most ? ($3 + $4) / 2.0 : NaN):6 skip 1 with labels tc rgb "white" font ",13" noenhanced notitle, \
     totals using 1:2:(sprintf("{/:Bold %s}", strcol(3))) skip 1 with labels offset 0,0.8 font ",15" notitle, \
     "" using 1:(0):xtic(strcol(4)) skip 1 with points pt -1 notitle, \
     for [i = 1:words(legend)] NaN with boxes lc rgb word(fills, i) title word(legend, i)
unset multiplot
