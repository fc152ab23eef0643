# SPDX-License-Identifier: GPL-2.0-only
#
# What all plots share: the terminal by `form` (svg or png) and `name`, colours
# that a colour-blind reader can tell apart, a title that says what was
# measured (`title`, `subtitle`: n, units, accelerator). Data come from files.
if (form eq "svg") {
	set terminal svg size 900,560 dynamic enhanced font "DejaVu Sans,13" background "white"
} else {
	set terminal pngcairo size 1350,840 enhanced font "DejaVu Sans,13" fontscale 1.25 background "white"
}
set output sprintf("%s.%s", name, form)
set encoding utf8
colours = "#0072B2 #E69F00 #D55E00 #009E73 #CC79A7 #666666"
set style line 1 lc rgb "#0072B2" lw 2 pt 7
set style line 2 lc rgb "#E69F00" lw 2 pt 5
set style line 3 lc rgb "#D55E00" lw 2 pt 9
set style line 4 lc rgb "#009E73" lw 2 pt 13
set style line 5 lc rgb "#CC79A7" lw 2 pt 11
set style line 6 lc rgb "#666666" lw 2 pt 3
# emulated times are never to be taken for real ones, wherever the picture ends up
if (exists("emulated")) {
	set label 99 "EMULATED TIME - NOT A MEASUREMENT" at screen 0.5,0.5 center rotate by 24 \
		font ",34" tc rgb "#e4b8b8" back
}
set border 3 lw 1 lc rgb "#444444"
set tics nomirror out
set grid ytics lc rgb "#cccccc" lw 1
set datafile separator tab
set datafile missing "-"
