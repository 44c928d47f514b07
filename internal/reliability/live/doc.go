// Package live holds tests that attach luatrace to servers at work, with several scripts at once,
// compare what it counts with what the load generator counts, and interrupt it again and again.
//
//	go test ./internal/reliability/live -live 1m
//
// keeps each server busy for that long; without the flag each is visited twice.
package live
