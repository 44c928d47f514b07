package main

import (
	"fmt"
	"strings"

	"luatrace/tracer"
)

// featureTable is what --version -v adds: each feature of newer kernels with the version of Linux that
// brought it, whether it is there, and what luatrace does without it.
func featureTable(features []*tracer.Feature) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-38s  %-5s  %-7s  %s\n", "feature", "Linux", "here", "without it")
	for _, f := range features {
		here := "missing"
		switch state, _ := f.Look(); state {
		case tracer.There:
			here = "there"
		case tracer.Refused:
			here = "refused"
		}
		fmt.Fprintf(&b, "%-38s  %-5s  %-7s  %s\n", f.Name, f.Since, here, f.Without)
	}
	return b.String()
}
