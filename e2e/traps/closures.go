package traps

import (
	"go/ast"
	"go/token"
	"go/types"
)

var _ = trap(&Trap{
	Name:    "closure-capture",
	Does:    "lets every such closure see the last turn's value, also of a copy made inside the loop, once the closure is converted or goes to compiled code",
	Instead: "make the closure in a function of its own, with the value as its argument",
	InTests: true,
	check:   closureCapture,
})

// closureCapture finds closures made in a loop that outlive their turn: they
// capture the loop's own variables, or any variable of the turn on their way
// through a conversion or to compiled code that keeps them.
func closureCapture(f *file) {
	each(f, func(lit *ast.FuncLit) {
		loop := f.loop(lit)
		if loop == nil {
			return
		}
		way := f.wayOf(lit)
		if way == wayNow {
			return
		}
		for _, v := range f.captures(lit) {
			if !inside(v.Pos(), loop) {
				continue
			}
			if way == wayConverted {
				f.found(lit, "%s belongs to one turn of the loop, and the closure outlives it", v.Name())
				return
			}
			if !inside(v.Pos(), loopBody(loop)) {
				f.found(lit, "%s is the loop's own variable, and the closure outlives its turn", v.Name())
				return
			}
		}
	})
	each(f, func(s *ast.SelectorExpr) {
		loop, kept := f.loop(s), f.methodValue(s)
		if loop == nil || !kept {
			return
		}
		v := f.rootOf(s.X)
		if v != nil && f.own(v.Type()) && inside(v.Pos(), loop) {
			f.found(s, "a method of %s is kept beyond its turn of the loop", v.Name())
		}
	})
}

// way is what becomes of a function literal.
type way int

const (
	wayNow       way = iota // it runs before the statement ends
	wayKept                 // it may run later
	wayConverted            // it may run later, by way of a conversion or compiled code
)

func (f *file) wayOf(lit *ast.FuncLit) way {
	var child ast.Node = lit
	parent := f.parents[child]
	for {
		paren, ok := parent.(*ast.ParenExpr)
		if !ok {
			break
		}
		child, parent = paren, f.parents[paren]
	}
	call, ok := parent.(*ast.CallExpr)
	if !ok {
		return wayKept
	}
	if child == ast.Node(call.Fun) {
		switch f.parents[call].(type) {
		case *ast.GoStmt, *ast.DeferStmt:
			return wayKept
		}
		return wayNow
	}
	if f.converts(call) {
		return wayConverted
	}
	fn := f.called(call)
	if fn != nil && runsNow(fn) {
		return wayNow
	}
	if fn != nil && standard(fn.Pkg()) {
		return wayConverted
	}
	return wayKept
}

// runsNow reports whether a function of the standard library calls a function
// it is given only while it runs itself.
func runsNow(fn *types.Func) bool {
	switch fn.Pkg().Path() {
	case "sort", "slices", "strings", "bytes", "maps":
		return true
	case "sync":
		return fn.Name() == "Do" || fn.Name() == "Range"
	case "testing":
		return fn.Name() == "Run" || fn.Name() == "AllocsPerRun"
	case "path/filepath", "io/fs":
		return true
	}
	return false
}

// captures are the local variables of outer functions that a literal uses.
func (f *file) captures(lit *ast.FuncLit) []*types.Var {
	var all []*types.Var
	seen := map[*types.Var]bool{}
	within(lit.Body, func(id *ast.Ident) {
		v, ok := f.TypesInfo.Uses[id].(*types.Var)
		if ok && local(v) && !inside(v.Pos(), lit) && !seen[v] {
			seen[v] = true
			all = append(all, v)
		}
	})
	return all
}

func loopBody(loop ast.Node) *ast.BlockStmt {
	switch l := loop.(type) {
	case *ast.ForStmt:
		return l.Body
	case *ast.RangeStmt:
		return l.Body
	}
	return nil
}

var _ = trap(&Trap{
	Name:    "loop-address",
	Does:    "gives every turn the same variable: all the pointers end up at the last value",
	Instead: "take the address of an element, or make the value in a function of its own",
	check:   loopAddress,
})

// loopAddress finds addresses of loop variables, and addresses and slices of
// arrays declared in a loop. Other variables declared inside are fresh each
// turn.
func loopAddress(f *file) {
	shared := func(at ast.Node, e ast.Expr, what string) {
		loop := f.loop(at)
		v := f.variable(e)
		if loop == nil || v == nil || !inside(v.Pos(), loop) {
			return
		}
		_, array := v.Type().Underlying().(*types.Array)
		if array || !inside(v.Pos(), loopBody(loop)) {
			f.found(at, "%s of %s is taken in a loop", what, v.Name())
		}
	}
	each(f, func(u *ast.UnaryExpr) {
		if u.Op == token.AND {
			shared(u, u.X, "the address")
		}
	})
	each(f, func(s *ast.SliceExpr) {
		if _, array := f.TypesInfo.TypeOf(s.X).Underlying().(*types.Array); array {
			shared(s, s.X, "a slice")
		}
	})
}

var _ = trap(&Trap{
	Name:    "defer-argument",
	Does:    "reads the arguments and the receiver when the function ends, not at the defer",
	Instead: "defer func() { … }() over variables that nothing changes any more",
	check:   deferArgument,
})

// deferArgument finds deferred calls whose arguments or receiver change
// afterwards, or with each turn of a loop.
func deferArgument(f *file) {
	each(f, func(d *ast.DeferStmt) {
		f.lateReads(d, f.operands(d.Call), "the deferred call")
	})
}

var _ = trap(&Trap{
	Name:    "go-receiver",
	Does:    "reads the receiver when the goroutine runs, not at the go statement",
	Instead: "never assign that variable again, or pass it to a function as an argument",
	check: func(f *file) {
		each(f, func(g *ast.GoStmt) {
			s, ok := ast.Unparen(g.Call.Fun).(*ast.SelectorExpr)
			if !ok || f.TypesInfo.Selections[s] == nil {
				return
			}
			f.lateReads(g, []ast.Expr{s.X}, "the goroutine")
		})
	},
})

// operands are a call's arguments and its receiver.
func (f *file) operands(call *ast.CallExpr) []ast.Expr {
	all := append([]ast.Expr(nil), call.Args...)
	if s, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && f.TypesInfo.Selections[s] != nil {
		all = append(all, s.X)
	}
	return all
}

// lateReads reports operands of a statement that hold a variable which changes
// after it.
func (f *file) lateReads(s ast.Stmt, operands []ast.Expr, who string) {
	fn, _ := f.function(s)
	if fn == nil {
		return
	}
	loop := f.loop(s)
	for _, e := range operands {
		changing := map[*types.Var]bool{}
		f.assignments(body(fn), func(v *types.Var, at ast.Node) {
			if at.Pos() > s.End() || loop != nil && inside(at.Pos(), loop) {
				changing[v] = true
			}
		})
		var late *types.Var
		ast.Inspect(e, func(n ast.Node) bool {
			if _, ok := n.(*ast.FuncLit); ok {
				return false // a closure reads late in Go too
			}
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			v, ok := f.TypesInfo.Uses[id].(*types.Var)
			if ok && local(v) && (changing[v] || loop != nil && inside(v.Pos(), loop)) {
				late = v
			}
			return true
		})
		if late != nil {
			f.found(e, "%s reads %s, which changes afterwards", who, late.Name())
			return
		}
	}
}
