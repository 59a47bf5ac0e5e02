# SPDX-License-Identifier: GPL-2.0-only
# One panel of lines over the size of a message.  The caller sets DATA, LINES,
# TITLE, TOP, BOTTOM, UNIT, SIZES with the LEAST and the MOST of them, and
# STYLES, one for each line.  DATA has a block for each line: its name, then
# sizes and values.
set tmargin at screen TOP
set bmargin at screen BOTTOM
set lmargin at screen 0.12
set rmargin at screen 0.68
set label 3 TITLE at screen 0.02, TOP offset 0, 1 font ',16'
set xlabel 'bytes in a message (K is 1,024)' offset 0, 0.4
set ylabel UNIT
unset logscale
set autoscale xy
stats DATA using 2 nooutput
set yrange [STATS_min / 1.3:STATS_max * 1.3]
set xrange [LEAST / 1.5:MOST * 1.5]
set logscale xy
set xtics nomirror out scale 0.4
set ytics nomirror out scale 0.4
set format y '%.0s%c'
set border 3
set grid xtics ytics lc rgb '#d8d8d8' lt 1
set key at screen 0.70, TOP left top reverse Left noenhanced spacing 1.15
eval 'set xtics ('.SIZES.')'
plot for [i = 0:LINES - 1] DATA index i using 1:2 with linespoints \
	ls word(STYLES, i + 1) + 0 title columnheader(1)
