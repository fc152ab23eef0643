# SPDX-License-Identifier: GPL-2.0-only
set terminal svg size 900,900 dynamic enhanced font 'sans,12'
set output 'micro.svg'
set title 'vmmio-bench micro on kvm-soft: '.'AMD EPYC'.', 2026-11-25' noenhanced
set logscale x 10
set xlabel 'nanoseconds (median; bar: quartiles)'
set yrange [:] reverse
set grid x
set key off
set lmargin 32
plot 'micro.dat' using 2:0:3:4:ytic(1) with xerrorbars pt 7 ps 0.6
