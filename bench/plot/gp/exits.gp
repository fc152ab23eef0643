# SPDX-License-Identifier: GPL-2.0-only
#
# Exits per I/O, one stack a transport, one segment a kind of exit, which bears its
# name and number; the colour says how far it goes. What is too thin for a name
# is in the total above.
# <data>: position, column, from, to, userspace, words
# <totals>: position, total, words
set multiplot
set label 1 sprintf("{/:Bold %s}", title) at screen 0.5,0.965 center
set label 2 sprintf("{/*0.8 %s}", subtitle) at screen 0.5,0.92 center
set tmargin at screen 0.86
set bmargin at screen 0.17
set lmargin at screen 0.075
set rmargin at screen 0.985
set style fill solid 0.95 border lc rgb "white"
set xrange [-0.5:last + 0.5]
stats totals using 2 skip 1 nooutput
most = STATS_max
set yrange [0:most * 1.12]
set ytics 1
if (most > 12) { set ytics autofreq }
set ylabel "exits per I/O"
set xtics scale 0 font ",15"
set key at screen 0.5,0.055 center center horizontal Left reverse samplen 1.5 width 2
colour(user) = user > 0 ? 13983232 : 29362
plot data using 1:(0):($1 - 0.44):($1 + 0.44):3:4:(colour($5)) skip 1 with boxxyerror lc rgb variable notitle, \
     "" using 1:(($4 - $3) > 0.05 * most ? ($3 + $4) / 2.0 : NaN):6 skip 1 with labels tc rgb "white" font ",13" noenhanced notitle, \
     totals using 1:2:(sprintf("{/:Bold %s}", strcol(3))) skip 1 with labels offset 0,0.8 font ",15" notitle, \
     "" using 1:(0):xtic(strcol(4)) skip 1 with points pt -1 notitle, \
     NaN with boxes lc rgb "#0072B2" title "handled in KVM", \
     NaN with boxes lc rgb "#D55E00" title "goes on to userspace (QEMU)"
unset multiplot
