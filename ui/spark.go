package ui

import "math"

// sparks are eight heights of a column.
var sparks = []rune("▁▂▃▄▅▆▇█")

// spark draws values as columns one cell wide, the greatest as high as a line. A
// value of 0 is blank, so that it differs from a small one.
func spark(values []float64) Safe {
	top := 0.0
	for _, v := range values {
		top = max(top, v)
	}
	out := make([]rune, len(values))
	for i, v := range values {
		out[i] = ' '
		if v > 0 {
			out[i] = sparks[min(int(v/top*float64(len(sparks))), len(sparks)-1)]
		}
	}
	return Safe(out)
}

// eighths are the parts of a cell from the left.
var eighths = []rune(" ▏▎▍▌▋▊▉")

// bar draws a part of 1 as a bar of at most w cells.
func bar(part float64, w int) Safe {
	n := int(math.Round(min(max(part, 0), 1) * float64(w) * 8))
	var out []rune
	for ; n >= 8; n -= 8 {
		out = append(out, '█')
	}
	if n > 0 {
		out = append(out, eighths[n])
	}
	return Safe(out)
}
