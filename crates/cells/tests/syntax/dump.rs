//! A tree as text, all parentheses written, and a walk over all its spans.

use upshift_cells::source::Span;
use upshift_cells::syntax::ast::{
    Ast, Block, ExprId, ExprKind, Function, Pattern, PatternKind, Piece, Statement, TypeExpr, TypeExprKind,
};

/// The text of a tree.
pub(crate) fn dump(ast: &Ast) -> String {
    block(ast, &ast.block)
}

fn join<T>(items: &[T], separator: &str, f: impl Fn(&T) -> String) -> String {
    items.iter().map(f).collect::<Vec<_>>().join(separator)
}

fn block(ast: &Ast, block: &Block) -> String {
    let end = if !block.has_value && matches!(block.statements.last(), Some(Statement::Expr(_))) {
        ";"
    } else {
        ""
    };
    join(&block.statements, "; ", |item| statement(ast, item)) + end
}

fn statement(ast: &Ast, statement: &Statement) -> String {
    match statement {
        Statement::Let(item) => {
            let ty = item.ty.as_ref().map(|ty| format!(": {}", type_text(ty))).unwrap_or_default();
            format!("let {}{ty} = {}", pattern(&item.pattern), expr(ast, item.value))
        }
        Statement::Function(item) => format!("fun {}{}", item.name.text, function(ast, &item.function)),
        Statement::Struct(item) => {
            let fields = join(&item.fields, ", ", |(name, ty)| format!("{}: {}", name.text, type_text(ty)));
            format!("struct {} {{ {fields} }}", item.name.text)
        }
        Statement::Expr(id) => expr(ast, *id),
    }
}

fn function(ast: &Ast, function: &Function) -> String {
    let params = join(&function.params, ", ", |param| {
        let ty = param.ty.as_ref().map(|ty| format!(": {}", type_text(ty))).unwrap_or_default();
        pattern(&param.pattern) + &ty
    });
    let result = function.result.as_ref().map(|ty| format!(" -> {}", type_text(ty))).unwrap_or_default();
    format!("({params}){result} {}", expr(ast, function.body))
}

fn type_text(ty: &TypeExpr) -> String {
    match &ty.kind {
        TypeExprKind::Name(name) => name.to_string(),
        TypeExprKind::Array(element) => format!("[{}]", type_text(element)),
        TypeExprKind::Tuple(elements) => format!("({})", join(elements, ", ", type_text)),
        TypeExprKind::Function(params, result) => {
            let result = result.as_ref().map(|ty| format!(" -> {}", type_text(ty))).unwrap_or_default();
            format!("fun({}){result}", join(params, ", ", type_text))
        }
        TypeExprKind::Hole => "_".into(),
    }
}

fn pattern(of: &Pattern) -> String {
    match &of.kind {
        PatternKind::Wildcard => "_".into(),
        PatternKind::Bind { name, mutable } => format!("{}{}", if *mutable { "mut " } else { "" }, name.text),
        PatternKind::Int(value) => value.to_string(),
        PatternKind::Float(value) => format!("{value:?}"),
        PatternKind::Bool(value) => value.to_string(),
        PatternKind::String(text) => format!("{text:?}"),
        PatternKind::Range { start, end, inclusive } => {
            format!("{start}..{}{end}", if *inclusive { "=" } else { "" })
        }
        PatternKind::Tuple(elements) => format!("({})", join(elements, ", ", pattern)),
        PatternKind::Struct { name, fields, rest } => {
            let fields = join(fields, ", ", |(name, inner)| format!("{}: {}", name.text, pattern(inner)));
            format!("{} {{ {fields}{} }}", name.text, if *rest { ", .." } else { "" })
        }
        PatternKind::Or(alternatives) => join(alternatives, " | ", pattern),
    }
}

fn expr(ast: &Ast, id: ExprId) -> String {
    let of = |id: &ExprId| expr(ast, *id);
    match &ast.exprs[id.0 as usize].kind {
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Float(value) => format!("{value:?}"),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::String(pieces) => {
            let pieces = join(pieces, " ", |piece| match piece {
                Piece::Text(text) => format!("{text:?}"),
                Piece::Expr(id) => of(id),
            });
            format!("text({pieces})")
        }
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Unary(operator, a) => format!("({operator:?} {})", of(a)),
        ExprKind::Binary(operator, _, a, b) => format!("({operator:?} {} {})", of(a), of(b)),
        ExprKind::Call(f, arguments) => format!("{}({})", of(f), join(arguments, ", ", of)),
        ExprKind::Method(a, name, arguments) => {
            format!("{}.{}({})", of(a), name.text, join(arguments, ", ", of))
        }
        ExprKind::Field(a, name) => format!("{}.{}", of(a), name.text),
        ExprKind::TupleField(a, number, _) => format!("{}.{number}", of(a)),
        ExprKind::Index(a, b) => format!("{}[{}]", of(a), of(b)),
        ExprKind::Array(elements) => format!("[{}]", join(elements, ", ", of)),
        ExprKind::Repeat(a, b) => format!("[{}; {}]", of(a), of(b)),
        ExprKind::Tuple(elements) => format!("({})", join(elements, ", ", of)),
        ExprKind::Struct(name, fields) => {
            format!(
                "{} {{ {} }}",
                name.text,
                join(fields, ", ", |(name, id)| format!("{}: {}", name.text, of(id)))
            )
        }
        ExprKind::Lambda(inner) => format!("lambda{}", function(ast, inner)),
        ExprKind::Block(inner) => format!("{{ {} }}", block(ast, inner)),
        ExprKind::If(a, b, None) => format!("if {} {}", of(a), of(b)),
        ExprKind::If(a, b, Some(c)) => format!("if {} {} else {}", of(a), of(b), of(c)),
        ExprKind::Match(a, arms) => {
            let arms = join(arms, ", ", |arm| {
                let guard = arm.guard.as_ref().map(|id| format!(" if {}", of(id))).unwrap_or_default();
                format!("{}{guard} => {}", pattern(&arm.pattern), of(&arm.body))
            });
            format!("match {} {{ {arms} }}", of(a))
        }
        ExprKind::While(a, b) => format!("while {} {}", of(a), of(b)),
        ExprKind::Loop(a) => format!("loop {}", of(a)),
        ExprKind::For(inner, a, b) => format!("for {} in {} {}", pattern(inner), of(a), of(b)),
        ExprKind::Range(a, b, inclusive) => {
            format!("({}..{}{})", of(a), if *inclusive { "=" } else { "" }, of(b))
        }
        ExprKind::Break => "break".into(),
        ExprKind::Continue => "continue".into(),
        ExprKind::Return(value) => {
            format!("return{}", value.as_ref().map(|id| format!(" {}", of(id))).unwrap_or_default())
        }
        ExprKind::Assign(a, operator, b) => {
            let operator = operator.map(|(operator, _)| format!("{operator:?} ")).unwrap_or_default();
            format!("({} {operator}= {})", of(a), of(b))
        }
        ExprKind::Error => "ERROR".into(),
    }
}

/// Tells `f` all spans of the tree that it does not reach by way of expressions, and those of all expressions.
pub(crate) fn spans(ast: &Ast, f: &mut impl FnMut(Span)) {
    block_spans(&ast.block, f);
    for expr in &ast.exprs {
        f(expr.span);
        match &expr.kind {
            ExprKind::Block(inner) => block_spans(inner, f),
            ExprKind::Binary(_, span, ..)
            | ExprKind::TupleField(_, _, span)
            | ExprKind::Assign(_, Some((_, span)), _) => {
                f(*span);
            }
            ExprKind::Method(_, name, _) | ExprKind::Field(_, name) => f(name.span),
            ExprKind::Struct(name, fields) => {
                f(name.span);
                fields.iter().for_each(|(name, _)| f(name.span));
            }
            ExprKind::Lambda(inner) => function_spans(inner, f),
            ExprKind::Match(_, arms) => arms.iter().for_each(|arm| pattern_spans(&arm.pattern, f)),
            ExprKind::For(inner, ..) => pattern_spans(inner, f),
            _ => {}
        }
    }
}

fn block_spans(block: &Block, f: &mut impl FnMut(Span)) {
    f(block.span);
    for statement in &block.statements {
        match statement {
            Statement::Let(item) => {
                f(item.span);
                pattern_spans(&item.pattern, f);
                item.ty.iter().for_each(|ty| type_spans(ty, f));
            }
            Statement::Function(item) => {
                f(item.span);
                f(item.name.span);
                function_spans(&item.function, f);
            }
            Statement::Struct(item) => {
                f(item.span);
                f(item.name.span);
                for (name, ty) in &item.fields {
                    f(name.span);
                    type_spans(ty, f);
                }
            }
            Statement::Expr(_) => {}
        }
    }
}

fn function_spans(function: &Function, f: &mut impl FnMut(Span)) {
    for param in &function.params {
        pattern_spans(&param.pattern, f);
        param.ty.iter().for_each(|ty| type_spans(ty, f));
    }
    function.result.iter().for_each(|ty| type_spans(ty, f));
}

fn type_spans(ty: &TypeExpr, f: &mut impl FnMut(Span)) {
    f(ty.span);
    match &ty.kind {
        TypeExprKind::Array(element) => type_spans(element, f),
        TypeExprKind::Tuple(elements) => elements.iter().for_each(|ty| type_spans(ty, f)),
        TypeExprKind::Function(params, result) => {
            params.iter().for_each(|ty| type_spans(ty, f));
            result.iter().for_each(|ty| type_spans(ty, f));
        }
        TypeExprKind::Name(_) | TypeExprKind::Hole => {}
    }
}

fn pattern_spans(pattern: &Pattern, f: &mut impl FnMut(Span)) {
    f(pattern.span);
    match &pattern.kind {
        PatternKind::Bind { name, .. } => f(name.span),
        PatternKind::Tuple(inner) | PatternKind::Or(inner) => {
            inner.iter().for_each(|pattern| pattern_spans(pattern, f))
        }
        PatternKind::Struct { name, fields, .. } => {
            f(name.span);
            for (name, pattern) in fields {
                f(name.span);
                pattern_spans(pattern, f);
            }
        }
        _ => {}
    }
}
