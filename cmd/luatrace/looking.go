package main

import (
	"fmt"
	"strings"
	"time"

	"luatrace/bindings"
	"luatrace/bindings/luart"
)

// looks bounds how long scripts are looked at by who lists them: one may do anything before
// its meta, or instead of it.
type looks struct {
	each, left time.Duration // for a script, and for those to come
	all        time.Duration // for all of them
}

// How long list, and the completion of words, look at scripts.
func newLooks() *looks           { return &looks{2 * time.Second, 10 * time.Second, 10 * time.Second} }
func newCompletionLooks() *looks { return &looks{time.Second, 2 * time.Second, 2 * time.Second} }

// metaTimeout is how long one script may take to be compiled and come to its meta, where
// it is the only one.
const metaTimeout = 5 * time.Second

// metaMemory is how much memory it may take.
const metaMemory = 128 << 20

// lookOptions are for an interpreter that only looks at a script.
func lookOptions(limit time.Duration) luart.Options {
	memory := uint64(metaMemory)
	if m := defaultMemory(); m > 0 {
		memory = min(memory, m)
	}
	return luart.Options{Libraries: []luart.Library{collection()}, Timeout: limit, MaxMemory: memory}
}

// about finds out what a script says about itself. Those of the collection are only
// read: the tests have run them.
func (l *looks) about(sc *script) (*bindings.Meta, error) {
	if sc.path == "" {
		if m, ok := bindings.LiteralMeta(collection(), sc.name+".lua"); ok {
			return m.Shown(), nil
		}
	}
	if l.left <= 0 {
		return nil, fmt.Errorf("it was not looked at: the scripts before it took %v", l.all)
	}
	begun := time.Now()
	m, err := aboutRun(sc, min(l.each, max(l.left, time.Millisecond)))
	l.left -= time.Since(begun)
	return m, err
}

// about is the same for the only script that is looked at.
func about(sc *script) (*bindings.Meta, error) {
	return (&looks{metaTimeout, metaTimeout, metaTimeout}).about(sc)
}

// aboutRun runs a script as far as its meta, without a trace.
func aboutRun(sc *script, limit time.Duration) (*bindings.Meta, error) {
	r := bindings.New(lookOptions(limit))
	defer r.Close()
	var fn bindings.Function
	err := r.Limited(func() (err error) {
		fn, err = sc.compile(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	m, err := r.ReadMeta(fn)
	if err != nil {
		return nil, err
	}
	return m.Shown(), nil
}

// broken stands for a script that can't be described: with the first thing that is
// wrong with it, on one line.
func broken(err error) *bindings.Meta {
	why, _, _ := strings.Cut(err.Error(), "\n")
	return &bindings.Meta{Summary: "broken: " + luart.Escape(why), Categories: []string{"broken"}}
}
