package tracer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// panics says what f panics with, "" if it does not.
func panics(f func()) (text string) {
	defer func() {
		if value := recover(); value != nil {
			text = fmt.Sprint(value)
		}
	}()
	f()
	return ""
}

// TestLife tries each step from each state: those of the table are taken, all others panic and
// change nothing.
func TestLife(t *testing.T) {
	t.Parallel()
	after := map[life][]life{
		lifeNew:      {lifeSeized, lifeBorn, lifeGated},
		lifeSeized:   {lifeRunning, lifeReaped, lifeReleased},
		lifeBorn:     {lifeRunning, lifeReaped, lifeReleased},
		lifeGated:    {lifeRunning, lifeReaped, lifeReleased},
		lifeRunning:  {lifeGated, lifeReaped, lifeReleased},
		lifeReleased: nil,
		lifeReaped:   {lifeDead},
		lifeDead:     nil,
	}
	for from := range life(len(lifeNames)) {
		for to := range life(len(lifeNames)) {
			var l lifetime
			l.now.Store(uint32(from))
			text := panics(func() { l.become(to) })
			if slices.Contains(after[from], to) {
				if text != "" || !l.is(to) {
					t.Errorf("from %v to %v: %q", from, to, text)
				}
			} else if !strings.Contains(text, fmt.Sprintf("%v can't become %v", from, to)) || !l.is(from) {
				t.Errorf("from %v to %v: %q", from, to, text)
			}
		}
	}
}

// TestLifeSays: what is asked of each state.
func TestLifeSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state               life
		reaped, over, ended bool
		begun               life // what a first stop makes of it
	}{
		{lifeNew, false, false, false, lifeNew},
		{lifeSeized, false, false, false, lifeRunning},
		{lifeBorn, false, false, false, lifeRunning},
		{lifeGated, false, false, false, lifeGated},
		{lifeRunning, false, false, false, lifeRunning},
		{lifeReleased, false, true, true, lifeReleased},
		{lifeReaped, true, false, true, lifeReaped},
		{lifeDead, true, true, true, lifeDead},
	} {
		var l lifetime
		l.now.Store(uint32(c.state))
		if l.reaped() != c.reaped || l.over() != c.over || l.ended() != c.ended {
			t.Errorf("%v: reaped %v, over %v, ended %v", c.state, l.reaped(), l.over(), l.ended())
		}
		if l.begun(); !l.is(c.begun) {
			t.Errorf("%v becomes %v at its first stop", c.state, life(l.now.Load()))
		}
	}
}
