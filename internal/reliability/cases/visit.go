package cases

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"luatrace/internal/reliability/trial"
)

// errMissed is that the command has ended before luatrace was there.
var errMissed = errors.New("the command ended before luatrace could attach")

// visited starts the command, and attaches to it and leaves it again while it runs. The trace
// is what all visits wrote.
func (c *Cell) visited(cmd trial.Command, luatrace []string) (o trial.Outcome, err error) {
	for range 5 { // a busy machine may let the command end first
		if o, err = c.visitsOnce(cmd, luatrace); !errors.Is(err, errMissed) {
			break
		}
	}
	return o, err
}

func (c *Cell) visitsOnce(cmd trial.Command, luatrace []string) (trial.Outcome, error) {
	p, err := trial.Start(cmd)
	if err != nil {
		return trial.Outcome{}, err
	}
	var trace []byte
	file := luatrace[2] // luatrace -o FILE
	// the process is waited for at the end only: until then its id is not another's
	visits := 0
	for n := 0; n < c.Visits && err == nil && running(p.PID()); n++ {
		if err = c.visit(p.PID(), time.Duration(n*7%20)*time.Millisecond, luatrace); err == nil && running(p.PID()) {
			text, _ := os.ReadFile(file)
			trace = append(trace, text...)
			visits++
		}
	}
	o, e := p.Wait()
	if visits == 0 && err == nil {
		err = errMissed
	}
	if err = errors.Join(err, e); err != nil {
		return o, err
	}
	return o, os.WriteFile(file, trace, 0o600)
}

// running tells whether a process that nobody has waited for has not ended.
func running(pid int) bool {
	state := trial.Field(pid, "State")
	return state != "" && !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

// visit attaches once, and leaves after a while.
func (c *Cell) visit(pid int, stay time.Duration, luatrace []string) error {
	tracer, err := trial.Start(trial.Command{Argv: append(append([]string{}, luatrace...), "-p", fmt.Sprint(pid)), Dir: "/", User: c.User})
	if err != nil {
		return err
	}
	there := trial.Until(func() bool { return trial.Field(pid, "TracerPid") != "0" || !running(pid) || !running(tracer.PID()) })
	time.Sleep(stay)
	tracer.Signal(syscall.SIGINT)
	o, err := tracer.Wait()
	if err != nil || !running(pid) {
		return err // it may have ended before luatrace was there
	}
	if !there || o.Signal != syscall.SIGINT || o.Stdout+o.Stderr != "" || len(o.Left) > 0 {
		return fmt.Errorf("luatrace -p, interrupted, ended with %s and said %s", o.Ended(), trial.Short(o.Stdout+o.Stderr))
	}
	if t := trial.Field(pid, "TracerPid"); t != "0" {
		return fmt.Errorf("after luatrace's end the process is traced by %s", t)
	}
	return nil
}
