# SPDX-License-Identifier: GPL-2.0-only
# One panel of horizontal bars.  The caller sets DATA, ROWS, MOST, TITLE,
# TOP, BOTTOM and UNIT.  Columns of DATA: place, name, value, the value as
# text, 1 for ours.
set tmargin at screen TOP
set bmargin at screen BOTTOM
set lmargin at screen 0.27
set rmargin at screen 0.97
set label 3 TITLE at screen 0.02, TOP offset 0, 1 font ',16'
set xlabel UNIT offset 0, 0.4
set xrange [0:MOST * 1.16]
set yrange [ROWS - 0.4:-0.6]
set border 2
set datafile separator tab
set xtics nomirror out scale 0.4
set ytics nomirror scale 0
set grid xtics lc rgb '#d8d8d8' lt 1
set style fill solid noborder
plot DATA using (0):1:(0):($5 == 1 ? $3 : 0):($1 - 0.36):($1 + 0.36):ytic(2) \
		with boxxy lc rgb OURS title 'ipcx', \
	'' using (0):1:(0):($5 == 1 ? 0 : $3):($1 - 0.36):($1 + 0.36) \
		with boxxy lc rgb PEERS title 'the others', \
	'' using 3:1:4 with labels left offset 0.5, 0 notitle
unset key
