package cases

import "slices"

// Table is all cases, subject by subject.
var Table = slices.Concat(
	execCases,
	signalCases,
	attachCases,
	callCases,
	memoryCases,
	rightsCases,
	sizeCases,
	seccompCases,
	tracerCases,
	outputCases,
	limitCases,
	endCases,
)
