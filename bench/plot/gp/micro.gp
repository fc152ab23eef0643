# SPDX-License-Identifier: GPL-2.0-only
#
# What one access or interrupt costs, one row each: the median, and from quartile
# to quartile a bar.
# micro.tsv: row, name, median, p25, p75
set label 1 sprintf("{/:Bold %s}", title) at screen 0.5,0.965 center
set tmargin at screen 0.92
set bmargin at screen 0.12
set lmargin at screen 0.33
set rmargin at screen 0.97
set logscale x 10
set xlabel "nanoseconds (median; bar: quartiles)"
set yrange [rows - 0.5:-0.5]
unset grid
set grid xtics ytics lc rgb "#cccccc" lw 1
small = rows > 16 ? ",9" : ",11"
set ytics scale 0 font small noenhanced
set key off
plot "micro.tsv" using 3:1:4:5:ytic(2) skip 1 with xerrorbars ls 1 ps 0.6
