package escape

import "crypto/rand"

// Nonce returns a new number, as text, that marks a page's own script and style elements.
func Nonce() string { return rand.Text() }

// Policy is the Content-Security-Policy of a page that loads nothing, sends
// nothing, and runs only the elements with this nonce: what it would do in
// spite of escaping fails too. It stands in a meta element at the head's beginning.
func Policy(nonce string) string {
	return "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce + "'; base-uri 'none'; form-action 'none'"
}
