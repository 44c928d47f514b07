package privsep

import (
	"fmt"
	"io"
)

// Job reads a file and answers a request. It runs in the helper, one at a time,
// with a file of known size, or an empty one if Do was given none. The file may
// change while it is read.
type Job func(file *io.SectionReader, request []byte) (answer []byte, err error)

var jobs = map[string]Job{}

// Register makes a job known under a name. It is called before Main, from
// init, by whoever is asked to do the job in both processes.
func Register(name string, job Job) {
	if name == "" || len(name) > mostName || jobs[name] != nil {
		panic(fmt.Sprintf("privsep: %q can't be the name of a job, or is that of another", name))
	}
	jobs[name] = job
}
