$legs << END
0 0.0000 11.7980 1 "11.8"
0 11.7980 14.9583 2 "3.2"
0 14.9583 18.0786 3 "3.1"
0 18.0786 23.6023 4 "5.5"
0 23.6023 46.3807 5 "22.8"
0 46.3807 59.2040 6 "12.8"
0 59.2040 61.5083 7 "2.3"
0 61.5083 64.9633 8 "3.5"
0 64.9633 71.8253 9 "6.9"
1 0.0000 11.8452 1 "11.8"
1 11.8452 13.5113 2 "1.7"
1 13.5113 16.6051 3 "3.1"
1 16.6051 22.1667 4 "5.6"
1 22.1667 57.0676 5 "34.9"
1 57.0676 72.7686 6 "15.7"
1 72.7686 75.6169 7 "2.8"
1 75.6169 104.0891 8 "28.5"
1 104.0891 126.5911 9 "22.5"
END
$totals << END
0 71.8253 "71.8 us" "pci, n 500\nvirtio1 0:req.0"
1 126.5911 "126.6 us" "mmio, n 500\nvirtio0 0:req.0"
END
fills = "#56B4E9 #0072B2 #E69F00 #D55E00 #CC79A7 #F0C36D #B8860B #009E73 #66C2A5"
array names[9] = ["request to kick", "kick to exit", "exit to eventfd or VMM", "backend's wake-up", "backend's work", "sent to injected", "injected to handler", "handler", "handler to answer"]
if (!exists("form")) { form = "svg" }
if (form eq "svg") { set terminal svg size 1000,400 dynamic enhanced font "DejaVu Sans,13" background "white" } else { set terminal pngcairo size 1500,599 enhanced font "DejaVu Sans,13" fontscale 1.3 background "white" }
set encoding utf8
set title "{/:Bold One request, from end to end}\n{/*0.85 kvm-svm on tcg, means; on an emulated clock: in a bench host 1 us is a thousand instructions of guest, KVM and QEMU}"
set tmargin 4
set border 1 lc rgb "#444444"
set ytics scale 0 nomirror
set xtics nomirror out
set grid xtics lc rgb "#cccccc"
set xlabel "us" offset 0,0.4
set style fill solid 0.95 border lc rgb "white"
stats $totals using 2 nooutput
most = STATS_max
set yrange [-0.6:2 - 0.4]
set xrange [0:most * 1.14]
set key below center Left reverse maxrows 3 samplen 1.5 width 2
colour(n) = int(sprintf("0x%s", substr(word(fills, int(n)), 2, 7)))
plot $legs using 2:1:2:3:($1 - 0.36):($1 + 0.36):(colour($4)) with boxxyerror lc rgb variable notitle, \
     "" using ($3 - $2 > 0.035 * most ? ($2 + $3) / 2.0 : NaN):1:5 with labels tc rgb "white" font ",12" notitle, \
     $totals using 2:1:(sprintf(" {/:Bold %s}", strcol(3))) with labels left notitle, \
     "" using (0):1:ytic(4) with points pt -1 notitle, \
     for [i = 1:9] NaN with boxes fc rgb word(fills, i) title names[i]
