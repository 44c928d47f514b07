package main

import (
	"os"

	"luatrace/bindings"
)

func main() { bindings.NewReference().WriteMarkdown(os.Stdout) }
