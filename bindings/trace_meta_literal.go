package bindings

import (
	"bytes"
	"io/fs"
	"strconv"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

	"luatrace/bindings/luart"
)

// LiteralMeta is what a script of a library says about itself, read from its
// text as far as its first statement, without an interpreter: for the collection, whose
// scripts the tests have run. ok is false if that statement is no meta of constants;
// then [Runtime.ReadMeta] knows. It may be called from any goroutine.
func LiteralMeta(lib luart.Library, name string) (m *Meta, ok bool) {
	text, err := fs.ReadFile(lib.FS, name)
	if err != nil {
		return nil, false
	}
	if bytes.HasPrefix(text, []byte("#")) {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	tokens := &tokens{scanner: parse.NewScanner(bytes.NewReader(text), name)}
	tokens.next()
	if tokens.Type != parse.TIdent || tokens.Str != "meta" {
		return nil, false
	}
	tokens.next()
	table, ok := tokens.table()
	if !ok {
		return nil, false
	}
	switch tokens.Type {
	case '.', ':', '[', '(', '{', parse.TString: // goes on with what meta returns
		return nil, false
	}
	m, err = readMeta(table)
	return m, err == nil
}

// tokens reads constants from a text, token by token.
type tokens struct {
	ast.Token // the one to look at
	scanner   *parse.Scanner
	lexer     parse.Lexer
	failed    bool
}

func (t *tokens) next() {
	token, err := t.scanner.Scan(&t.lexer)
	if err != nil {
		t.failed = true
		token = ast.Token{Type: parse.EOF}
	}
	t.Token, t.lexer.PrevTokenType = token, token.Type
}

// is says whether the present token is the one that is wanted, and goes on if so.
func (t *tokens) is(token int) bool {
	if t.Type != token {
		return false
	}
	t.next()
	return true
}

// table reads {...} of constants.
func (t *tokens) table() (*lua.LTable, bool) {
	table := &lua.LTable{Metatable: lua.LNil}
	if !t.is('{') {
		return nil, false
	}
	for !t.is('}') {
		if !t.field(table) || !t.is(',') && !t.is(';') && t.Type != '}' {
			return nil, false
		}
	}
	return table, !t.failed
}

// field reads value, name = value or [value] = value.
func (t *tokens) field(table *lua.LTable) bool {
	var key lua.LValue
	switch t.Type {
	case parse.TIdent:
		key = lua.LString(t.Str)
		t.next()
	case '[':
		t.next()
		var ok bool
		if key, ok = t.constant(); !ok || !t.is(']') {
			return false
		}
	default:
		v, ok := t.constant()
		if ok {
			table.Append(v)
		}
		return ok
	}
	if !t.is('=') {
		return false
	}
	v, ok := t.constant()
	if ok {
		table.RawSet(key, v)
	}
	return ok
}

// constant reads an expression of constants; of operators it knows "..".
func (t *tokens) constant() (lua.LValue, bool) {
	var v lua.LValue
	switch t.Type {
	case '{':
		return t.table()
	case parse.TTrue, parse.TFalse:
		v = lua.LBool(t.Type == parse.TTrue)
	case parse.TNumber:
		n, err := strconv.ParseUint(t.Str, 10, 52)
		if err != nil { // fractions and the like are left to the interpreter
			return nil, false
		}
		v = lua.LNumber(n)
	case parse.TString:
		v = lua.LString(t.Str)
	default:
		return nil, false
	}
	t.next()
	if s, ok := v.(lua.LString); ok && t.is(parse.T2Comma) {
		rest, ok := t.constant()
		more, isText := rest.(lua.LString)
		return s + more, ok && isText
	}
	return v, true
}
