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

// Find returns the case of that name, nil if there is none.
func Find(name string) *Case {
	for i := range Table {
		if Table[i].Name == name {
			return &Table[i]
		}
	}
	return nil
}
