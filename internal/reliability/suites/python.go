package suites

import (
	"encoding/xml"
	"os"
	"path/filepath"

	"luatrace/internal/reliability/trial"
)

// pythonSuites are the modules of Debian's package of python's own tests that lean most on the
// kernel.
func pythonSuites() []*Suite {
	// The VSOCK tests wait for ever, also untraced, in virtual machines whose host does not connect
	// them to themselves.
	sockets := Python("test_socket", "-i", "*VSOCK*")
	sockets.alone = true
	return []*Suite{Python("test_signal"), Python("test_subprocess"), Python("test_threading"), sockets}
}

// python is Debian's, whatever else is installed: the tests belong to it.
const python = "/usr/bin/python3"

// Python makes the suite of a module of python's own tests. More arguments are for their runner.
func Python(module string, arguments ...string) *Suite {
	const report = "report.xml"
	return &Suite{
		Name: "python " + module,
		argv: func(scratch string) []string {
			return append(append([]string{python, "-m", "test", "--junit-xml", filepath.Join(scratch, report)}, arguments...), module)
		},
		verdicts: func(_ trial.Outcome, scratch string) Verdicts {
			text, err := os.ReadFile(filepath.Join(scratch, report))
			if err != nil {
				return nil
			}
			return junitVerdicts(text)
		},
	}
}

// junitVerdicts reads a report of the form that JUnit has made common.
func junitVerdicts(text []byte) Verdicts {
	var report struct {
		Suites []struct {
			Cases []struct {
				Name    string    `xml:"name,attr"`
				Skipped *struct{} `xml:"skipped"`
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if xml.Unmarshal(text, &report) != nil {
		return nil
	}
	v := Verdicts{}
	for _, s := range report.Suites {
		for _, c := range s.Cases {
			verdict := "pass"
			switch {
			case c.Failure != nil || c.Error != nil:
				verdict = "fail"
			case c.Skipped != nil:
				verdict = "skip"
			}
			if v[c.Name] != "fail" { // one of several with the name
				v[c.Name] = verdict
			}
		}
	}
	return v
}
