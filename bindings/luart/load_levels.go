package luart

import (
	"bytes"
	"io"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// Limits of a chunk. gopher-lua's compiler, and what looks at the syntax tree
// here, call themselves for each level of it: a tree that is deep enough would
// take all stack that Go allows, which ends the process. They are therefore
// checked on the tokens, before there is a tree.
const (
	// maxLevels is how many brackets, blocks, functions and operators that wait for
	// their right side may stand inside one another: LUAI_MAXCCALLS of Lua 5.1.
	maxLevels = 200
	// maxHeight bounds what makes the tree high without being nested for the
	// reader: operators from left to right, f()()(), a.b.c, elseif.
	maxHeight = 10_000
	// maxGenerated bounds the length of what load and loadstring compile.
	maxGenerated = 1 << 20
	// maxWork bounds the steps that the compiler is going to take for text that a
	// script has made, some nanoseconds each; it can't be interrupted. For files it is
	// ten times that.
	maxWork = 250_000_000
	// shortSource is the length up to which constants are few enough not to count.
	shortSource = 32 << 10
	// bytesOfTree is about what the syntax tree and the code of a byte take, and
	// bytesOfFunction what the compiler sets aside for a function.
	bytesOfTree, bytesOfFunction = 64, 16 << 10
)

// source that is read while the call that asked for it is still wanted: the end of
// what an interrupted call reads comes at once.
type askedSource struct {
	in        io.Reader
	done      <-chan struct{}
	cancelled bool
}

func (s *askedSource) Read(p []byte) (int, error) {
	select {
	case <-s.done:
		s.cancelled = true
		return 0, io.EOF // the scanner would wait for ever after another error
	default:
		return s.in.Read(p)
	}
}

// parse makes the syntax tree of a text whose limits are kept.
func (r *Runtime) parse(text []byte, src *source) ([]ast.Stmt, error) {
	work := uint64(maxWork)
	if src.kind != FromScript {
		work *= 10
	}
	in := &askedSource{in: bytes.NewReader(text), done: r.intr.done}
	funcs, err := checkTokens(in, text, src.name, work)
	if err != nil {
		return nil, err
	}
	if n := uint64(len(text))*bytesOfTree + funcs*bytesOfFunction; n >= largeResult {
		if r.memory.allows(n) != nil {
			return nil, ErrorAt(src.name, 0, "compiling %d KiB with %d functions would take more memory than scripts may, %s%s",
				len(text)>>10, funcs, mebibytes(r.memory.limit), r.memory.hint())
		}
	}
	if !in.cancelled {
		in.in = bytes.NewReader(text)
		chunk, err := parse.Parse(in, src.name)
		if !in.cancelled {
			if err != nil {
				return nil, syntaxError(src.name, countLines(text), err)
			}
			return chunk, nil
		}
	}
	return nil, ErrorAt(src.name, 0, "%s", r.intr.Err().Error())
}

func countLines(text []byte) int {
	return 1 + bytes.Count(bytes.TrimRight(text, "\n"), []byte("\n"))
}

// checkTokens finds what would make the syntax tree too high or its compilation too
// long, and integer literals that a double can't hold: gopher-lua rounds them, and
// makes NaN of hexadecimal ones beyond 2^63. Other errors are the parser's. It counts
// the functions.
func checkTokens(in io.Reader, text []byte, name string, work uint64) (functions uint64, err error) {
	literals := hasLongDigits(text)
	if !literals && len(text) < maxLevels {
		return 0, nil
	}
	sc := parse.NewScanner(in, name)
	lexer := &parse.Lexer{}
	t := &treeSize{}
	t.enter(0)
	t.open[0].constants = newConstants(text)
	for {
		tok, err := sc.Scan(lexer)
		if err != nil || tok.Type < 0 {
			return t.funcs, nil
		}
		if literals && tok.Type == parse.TNumber && !holdable(tok) {
			return 0, ErrorAt(name, tok.Pos.Line, "the number %s can't be held exactly; write u64\"%s\"", tok.Str, tok.Str)
		}
		if !t.token(tok, lexer.PrevTokenType) {
			return t.funcs, nil
		}
		lexer.PrevTokenType = tok.Type
		switch {
		case len(t.open)+len(t.waiting) > maxLevels:
			return 0, ErrorAt(name, tok.Pos.Line, "chunk has too many syntax levels: more than %d brackets, blocks, functions and operators inside one another", maxLevels)
		case t.height > maxHeight:
			return 0, ErrorAt(name, tok.Pos.Line, "chunk has too many syntax levels: more than %d operators, calls or elseifs in a row", maxHeight)
		case t.work+t.jumps*t.tokens > work:
			return 0, ErrorAt(name, tok.Pos.Line, "the chunk up to here takes too long to compile: give data in smaller pieces, a function each")
		}
	}
}

// treeSize follows a text token by token, as far as it is right, and counts how
// high its syntax tree is and what the compiler does with it.
type treeSize struct {
	open    []treeLevel
	waiting []uint8 // how strongly the operators that wait for their right side hold it
	height  int     // the most that a level has come to with the last token
	work    uint64
	tokens  uint64
	jumps   uint64 // labels and what leads to them: each is looked for in lists of all
	funcs   uint64
	locals  uint64 // variables that may be in scope
	naming  bool   // names that come are variables
}

// treeLevel is an open bracket, block or function.
type treeLevel struct {
	end       int            // type of the token that ends it
	waiting   int            // len(waiting) outside
	height    int            // of the highest of what has ended in it
	now       int            // of the expression or statement that has not ended
	branches  int            // else and elseif that the tree nests
	size      uint64         // operators in the expression that has not ended
	ended     uint64         // and in those before
	tokens    uint64         // before it
	locals    uint64         // outside
	constants map[string]int // of the function, shared by what is in it; nil where they don't count
}

func newConstants(text []byte) map[string]int {
	if len(text) < shortSource {
		return nil
	}
	return map[string]int{}
}

func (t *treeSize) top() *treeLevel { return &t.open[len(t.open)-1] }

func (t *treeSize) enter(end int) {
	l := treeLevel{end: end, waiting: len(t.waiting), tokens: t.tokens, locals: t.locals}
	if len(t.open) > 0 {
		if l.constants = t.top().constants; l.constants != nil && end == endOfFunction {
			l.constants = map[string]int{}
		}
	}
	t.open = append(t.open, l)
}

// endOfFunction stands for the end that ends a function, not a block.
const endOfFunction = -2

// leave ends a level that ends with the given token. It reports whether one does.
func (t *treeSize) leave(end int) bool {
	t.endExpr()
	l := *t.top()
	if l.end != end && (end != parse.TEnd || l.end != endOfFunction) {
		return false
	}
	if l.end == endOfFunction {
		t.work += 32 * (t.tokens - l.tokens) // looked through for the names of functions
	}
	t.open = t.open[:len(t.open)-1]
	if end == parse.TEnd || end == parse.TUntil {
		t.locals = l.locals
	}
	out := t.top()
	out.now = max(out.now, l.height+1)
	out.size += l.ended
	t.reached(out)
	return true
}

// endExpr ends the expression or statement at the innermost level.
func (t *treeSize) endExpr() {
	l := t.top()
	t.waiting = t.waiting[:l.waiting]
	l.height = max(l.height, l.branches+l.now)
	l.ended += l.size
	l.now, l.size = 0, 0
}

// higher counts one more node above those of the expression.
func (t *treeSize) higher() {
	l := t.top()
	l.now++
	l.size++
	t.reached(l)
}

func (t *treeSize) reached(l *treeLevel) { t.height = max(t.height, l.branches+l.now) }

// holds is how strongly binary operators hold what is left and right of them.
var holds = map[int][2]uint8{
	parse.TOr: {1, 1}, parse.TAnd: {2, 2},
	'<': {3, 3}, '>': {3, 3}, parse.TLte: {3, 3}, parse.TGte: {3, 3}, parse.TEqeq: {3, 3}, parse.TNeq: {3, 3},
	parse.T2Comma: {5, 4}, '+': {6, 6}, '-': {6, 6}, '*': {7, 7}, '/': {7, 7}, '%': {7, 7}, '^': {10, 9},
}

const unary = 8

// endsOperand says whether a token can be the last of an operand that a call or an
// index can follow; a function's end is none.
func endsOperand(token int) bool {
	switch token {
	case parse.TIdent, parse.TNumber, parse.TString, parse.TNil, parse.TFalse, parse.TTrue, parse.T3Comma, ')', ']', '}':
		return true
	}
	return false
}

// token takes the next token. It reports whether the text can still be right.
func (t *treeSize) token(tok ast.Token, before int) bool {
	t.tokens++
	t.work += 8
	switch tok.Type {
	case parse.TIdent, ',', '(', '.', ':':
	default:
		t.naming = false
	}
	switch tok.Type {
	case parse.TIdent, parse.TNumber, parse.TNil, parse.TFalse, parse.TTrue, parse.T3Comma, parse.TFunction:
		if endsOperand(before) || before == parse.TEnd {
			t.endExpr() // the next statement
		}
		t.name(tok, before)
	case parse.TString:
		t.constant(tok.Str)
		if endsOperand(before) {
			t.higher()
		}
	case '(', '{', '[':
		if endsOperand(before) {
			t.higher()
		} else if before == parse.TEnd {
			t.endExpr()
		}
		t.enter(closing[tok.Type])
	case ')', '}', ']', parse.TEnd:
		return t.leave(tok.Type)
	case parse.TUntil:
		return t.leave(parse.TUntil)
	case '.', ':':
		t.higher()
	case parse.TNot, '#':
		t.operator(tok.Type, unary)
	case '-':
		if !endsOperand(before) && before != parse.TEnd {
			t.operator(tok.Type, unary)
			break
		}
		t.binary(tok.Type)
	default:
		if _, ok := holds[tok.Type]; ok {
			t.binary(tok.Type)
			break
		}
		t.endExpr()
		t.keyword(tok.Type)
	}
	return true
}

var closing = map[int]int{'(': ')', '{': '}', '[': ']'}

// name takes a token that begins an operand, or is the name of a field.
func (t *treeSize) name(tok ast.Token, before int) {
	switch {
	case tok.Type == parse.TFunction:
		t.enter(endOfFunction)
		t.funcs++
		t.naming = true // the name of a function that has one is counted too
	case tok.Type == parse.TNumber || tok.Type == parse.TIdent && (before == '.' || before == ':'):
		t.constant(tok.Str)
	case tok.Type == parse.TIdent:
		if t.naming {
			t.locals++
		}
		t.work += 3 * t.locals
		t.constant(tok.Str)
	}
}

// constant takes a constant, which the compiler looks for among those it has.
func (t *treeSize) constant(s string) {
	if all := t.top().constants; all != nil {
		n, old := all[s]
		if !old {
			n = len(all)
			all[s] = n
		}
		t.work += uint64(n)
	}
}

func (t *treeSize) binary(op int) {
	hold := holds[op]
	for l := t.top(); len(t.waiting) > l.waiting && t.waiting[len(t.waiting)-1] >= hold[0]; {
		t.waiting = t.waiting[:len(t.waiting)-1]
	}
	t.operator(op, hold[1])
}

// operator takes one that waits for its right side. Of arithmetic the compiler looks
// at all of the left side, whether it is constant.
func (t *treeSize) operator(op int, hold uint8) {
	t.waiting = append(t.waiting, hold)
	t.higher()
	switch op {
	case '+', '-', '*', '/', '%', '^':
		t.work += 4 * t.top().size
	}
}

// keyword takes what ends an expression, or begins a statement.
func (t *treeSize) keyword(token int) {
	l := t.top()
	switch token {
	case parse.TDo, parse.TIf:
		t.enter(parse.TEnd)
	case parse.TRepeat:
		t.enter(parse.TUntil)
	case parse.TElse, parse.TElseIf:
		l.branches++
		t.locals++ // a block more to look for variables in
		t.reached(l)
	case parse.TLocal, parse.TFor:
		t.naming = true
	case parse.TGoto, parse.TBreak, parse.T2Colon:
		t.jumps++
	}
}
