package bindings

import (
	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine/agg"
)

// aggGlobals is the global agg: a table whose fields are made when first used.
func aggGlobals() luart.Module {
	return luart.Module{Values: []luart.Value{{
		Name: "agg", Type: "aggregations",
		Help: "agg.NAME is an aggregation: counts, sums, histograms or percentiles by key, printed when the trace ends, as text or with --json as JSON. " +
			"agg(\"title\", {key = {\"column\", ...}, top = n, unit = \"bytes\"}) names its columns, how many rows to print and the unit of the values; " +
			"min, max and step are the bounds of a linear histogram, max_keys is how many rows it keeps; units are bytes, count (1k = 1000), seconds, us and ns.",
		Example: `agg.calls:count(ev.name)
agg("bytes by file", {key = {"file"}, top = 10, unit = "bytes"})
agg["bytes by file"]:sum(ev.ret, ev.fdpath)
agg.seconds:quantile(ev.duration, ev.name)`,
		Get: luart.With(func(r *Runtime) lua.LValue {
			tb := r.L.NewTable()
			mt := r.L.NewTable()
			mt.RawSetString("__index", r.L.NewFunction(func(L *lua.LState) int {
				t := r.trace()
				name := L.CheckString(2)
				o := t.aggregation(name)
				tb.RawSetString(name, o) // the next use costs a table look-up
				L.Push(o)
				return 1
			}))
			mt.RawSetString("__newindex", r.L.NewFunction(func(L *lua.LState) int {
				L.RaiseError("agg.%s can't be assigned; use agg.%s:count(...) and the like", luart.EscapeName(L.Get(2).String()), luart.EscapeName(L.Get(2).String()))
				return 0
			}))
			mt.RawSetString("__call", r.L.NewFunction(func(L *lua.LState) int {
				t := r.trace()
				title := L.CheckString(2)
				a := t.aggs.Get(title)
				if L.GetTop() >= 3 {
					luart.RaiseIf(L, a.SetOptions(aggOptions(L, a.Options(), L.CheckTable(3))))
				}
				L.Push(t.aggregation(title))
				return 1
			}))
			mt.RawSetString("__metatable", lua.LFalse)
			tb.Metatable = mt
			return tb
		}),
	}}}
}

func (t *Trace) aggregation(title string) lua.LValue {
	return t.r.NewObject("aggregation", t.aggs.Get(title))
}

var aggUnits = map[string]agg.Unit{
	"": agg.UnitNone, "bytes": agg.UnitBytes, "count": agg.UnitCount,
	"seconds": agg.UnitSeconds, "us": agg.UnitMicros, "ns": agg.UnitNanos,
}

func aggOptions(L *lua.LState, o agg.Options, tb *lua.LTable) agg.Options {
	tb.ForEach(func(k, v lua.LValue) {
		switch k.String() {
		case "key", "keys":
			o.Keys = nil
			if s, ok := v.(lua.LString); ok {
				o.Keys = []string{string(s)}
			} else if list, ok := v.(*lua.LTable); ok {
				for i := 1; i <= list.Len(); i++ {
					o.Keys = append(o.Keys, list.RawGetInt(i).String())
				}
			} else {
				L.RaiseError("key must be a column title or a list of them")
			}
		case "top":
			o.Top = int(wholeNumber(L, v, "top"))
		case "max_keys":
			o.MaxKeys = int(wholeNumber(L, v, "max_keys"))
		case "unit":
			u, ok := aggUnits[v.String()]
			if !ok {
				L.RaiseError("unknown unit %q; there are bytes, count, seconds, us and ns", luart.EscapeName(v.String()))
			}
			o.Unit = u
		case "min":
			o.Min = float64(numberOption(L, v, "min"))
		case "max":
			o.Max = float64(numberOption(L, v, "max"))
		case "step":
			o.Step = float64(numberOption(L, v, "step"))
		default:
			L.RaiseError("unknown option '%s'; there are key, top, max_keys, unit, min, max, step", luart.EscapeName(k.String()))
		}
	})
	return o
}

func numberOption(L *lua.LState, v lua.LValue, what string) lua.LNumber {
	n, ok := v.(lua.LNumber)
	if !ok {
		L.RaiseError("%s must be a number, not a %s", what, luart.TypeName(v))
	}
	return n
}

func aggregationObject() luart.Object {
	valued := func(name string, kind agg.Kind, help string) luart.Function {
		return luart.Function{Name: name, Params: "value: number|word, ...: any", Help: help,
			Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
				a := luart.Receiver[*agg.Agg](L, 1, "aggregation")
				if L.GetTop() >= 2 && L.Get(2) == lua.LNil {
					return 0
				}
				k := r.trace().makeKey(L, 3)
				if err := a.Record(kind, aggNum(L, L.Get(2)), k); err != nil {
					L.RaiseError("%s: %s", a.Title(), err.Error())
				}
				return 0
			})}
	}
	return luart.Object{
		Name: "aggregation",
		Help: "A table of numbers by key. A key is any number of strings, numbers and booleans; without one there is a single row. " +
			"The first record decides the kind. A value that is nil is not recorded, such as ev.ret of exit_group.",
		Methods: []luart.Function{
			{Name: "count", Params: "...: any", Help: "Adds 1 to the row of the key.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					a := luart.Receiver[*agg.Agg](L, 1, "aggregation")
					if err := a.Count(r.trace().makeKey(L, 2)); err != nil {
						L.RaiseError("%s: %s", a.Title(), err.Error())
					}
					return 0
				})},
			valued("sum", agg.KindSum, "Adds value to the row of the key."),
			valued("avg", agg.KindAvg, "Keeps the mean of the values of the key."),
			valued("min", agg.KindMin, "Keeps the smallest value of the key."),
			valued("max", agg.KindMax, "Keeps the largest value of the key."),
			valued("stats", agg.KindStats, "Keeps count, mean, sum, smallest, largest and standard deviation of the values of the key."),
			valued("hist", agg.KindHist, "Keeps a histogram in powers of two for the key."),
			valued("lhist", agg.KindLhist, "Keeps a linear histogram for the key; set min, max and step first: agg(\"title\", {min = 0, max = 100, step = 10})."),
			valued("quantile", agg.KindQuantile, "Keeps the percentiles of the values of the key: exactly while there are few values, then within half a percent of the ranks, p99 and p99.9 within a tenth of that. The table shows p50, p90, p99 and p99.9."),
			{Name: "percentile", Params: "p: number, ...: any", Returns: "number|nil",
				Help: "Returns a percentile of what quantile has recorded for the key: agg.ms:percentile(99.9, \"read\"); nil without a record.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					a := luart.Receiver[*agg.Agg](L, 1, "aggregation")
					p := float64(numberOption(L, L.Get(2), "the percentile"))
					if !(p >= 0 && p <= 100) {
						L.ArgError(1, "a percentile is a number from 0 to 100, such as 99.9")
					}
					if k := a.Kind(); k != agg.KindQuantile && k != agg.KindNone {
						L.RaiseError("%s: percentile wants an aggregation of quantile, this one is a %s", a.Title(), k.String())
					}
					v, ok := a.Quantile(p/100, r.trace().makeKey(L, 3))
					if !ok {
						L.Push(lua.LNil)
						return 1
					}
					L.Push(lua.LNumber(v))
					return 1
				})},
			{Name: "get", Params: "...: any", Returns: "number|nil", Help: "Returns the key's value: count, sum, mean, smallest or largest, for quantile the median; nil without a record.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					a := luart.Receiver[*agg.Agg](L, 1, "aggregation")
					row, ok := a.Get(r.trace().makeKey(L, 2))
					if !ok {
						L.Push(lua.LNil)
						return 1
					}
					L.Push(lua.LNumber(row.Value().Float64()))
					return 1
				})},
			{Name: "rows", Returns: "table", Help: "Returns the rows, largest first, as tables {key = {...}, value = n, count = n}; those of quantile have p50, p90, p99 and p999 too, and their value is the median.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					a := luart.Receiver[*agg.Agg](L, 1, "aggregation")
					out := L.NewTable()
					for _, row := range a.Rows() {
						key := L.NewTable()
						for _, p := range row.Key {
							key.Append(partValue(p))
						}
						tb := L.NewTable()
						tb.RawSetString("key", key)
						tb.RawSetString("value", lua.LNumber(row.Value().Float64()))
						tb.RawSetString("count", lua.LNumber(row.Count))
						for i, p := range row.Percentiles {
							tb.RawSetString(agg.QuantileField(i), lua.LNumber(p))
						}
						out.Append(tb)
					}
					L.Push(out)
					return 1
				})},
			{Name: "total", Returns: "number", Help: "Returns the value of all rows together.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					row := luart.Receiver[*agg.Agg](L, 1, "aggregation").Total()
					L.Push(lua.LNumber(row.Value().Float64()))
					return 1
				})},
			{Name: "print", Help: "Prints the table now.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					a := luart.Receiver[*agg.Agg](L, 1, "aggregation")
					if r.trace().format.JSON {
						r.WriteOutput(append(a.AppendJSON(nil), '\n'))
					} else {
						r.WriteOutput(a.AppendText(nil))
					}
					return 0
				})},
			{Name: "clear", Help: "Drops all rows.",
				Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
					luart.Receiver[*agg.Agg](L, 1, "aggregation").Clear()
					return 0
				})},
		},
	}
}

// makeKey builds a key from the arguments from n on.
func (t *Trace) makeKey(L *lua.LState, n int) *agg.Key {
	k := &t.key
	k.Reset()
	for i := n; i <= L.GetTop(); i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			k.String(string(v))
		case lua.LNumber:
			if f := float64(v); f == float64(int64(f)) {
				k.Int(int64(f))
			} else {
				k.Float(f)
			}
		case lua.LBool:
			k.Bool(bool(v))
		case luart.Word:
			k.Uint(uint64(v))
		case luart.SignedWord:
			k.Int(int64(v))
		case *lua.LNilType:
			k.String("-")
		case *lua.LUserData:
			switch v.Value.(type) {
			case *flags, *taskRef, *procRef:
				k.String(luart.ToString(L, v))
			default:
				L.RaiseError("a key is made of strings, numbers and booleans, not of a %s", luart.TypeName(v))
			}
		default:
			L.RaiseError("a key is made of strings, numbers and booleans, not of a %s", luart.TypeName(v))
		}
	}
	return k
}

func aggNum(L *lua.LState, v lua.LValue) agg.Num {
	switch v := v.(type) {
	case lua.LNumber:
		return agg.Float(float64(v))
	case luart.Word:
		return agg.Uint(uint64(v))
	case luart.SignedWord:
		return agg.Int(int64(v))
	}
	L.RaiseError("the value must be a number, not a %s", luart.TypeName(v))
	return agg.Num{}
}

func partValue(p agg.Part) lua.LValue {
	switch p.Kind {
	case agg.PartInt:
		return rawWord(uint64(p.Int))
	case agg.PartUint:
		return luart.Word(p.Uint)
	case agg.PartFloat:
		return lua.LNumber(p.Float)
	case agg.PartBool:
		return lua.LBool(p.Int != 0)
	}
	return lua.LString(p.Str)
}
