//! Statements and blocks.

use super::Parser;
use super::mistakes::Ended;
use crate::source::Span;
use crate::syntax::ast::{
    Block, ExprId, ExprKind, Function, FunctionItem, Let, Name, Param, Pattern, PatternKind, Statement,
    StructItem,
};
use crate::syntax::token::TokenKind as T;

impl Parser<'_> {
    /// The whole cell.
    pub(super) fn cell(&mut self) -> Block {
        let mut block = self.statements();
        block.span = Span::new(0, self.source.len() as u32);
        block
    }

    /// Statements up to the brace that ends the block, or the end of the cell.
    fn statements(&mut self) -> Block {
        let mut block = Block::default();
        loop {
            while self.eat(T::Semicolon) {
                block.has_value = false;
            }
            match self.kind() {
                T::End => break,
                T::BraceClose if self.blocks > 0 => break,
                T::BraceClose | T::ParenClose | T::BracketClose => {
                    self.stray_close();
                    continue;
                }
                _ => {}
            }
            let begin = self.at;
            let statement = self.statement();
            block.has_value = matches!(statement, Statement::Expr(_));
            let braced = self.ends_with_block(&statement);
            block.statements.push(statement);
            if !self.lost {
                match self.kind() {
                    T::Semicolon | T::End => {}
                    T::BraceClose if self.blocks > 0 => {}
                    _ if self.token().newline || braced => {}
                    _ => {
                        if let Ended::Here = self.not_ended() {
                            continue;
                        }
                    }
                }
            }
            if self.lost {
                block.has_value = true;
                self.find_statement(begin);
            }
            if self.at == begin {
                self.skip();
            }
        }
        block
    }

    /// A closing bracket that nothing opened.
    pub(super) fn stray_close(&mut self) {
        let token = self.bump();
        self.tell(token.span, &format!("unexpected {}: nothing is open here", token.kind.said()), "");
    }

    /// Whether the statement ends with a brace, so that another may follow on its line.
    fn ends_with_block(&self, statement: &Statement) -> bool {
        match statement {
            Statement::Function(_) | Statement::Struct(_) => true,
            Statement::Let(_) => false,
            Statement::Expr(id) => matches!(
                self.expr_kind(*id),
                ExprKind::Block(_)
                    | ExprKind::If(..)
                    | ExprKind::Match(..)
                    | ExprKind::While(..)
                    | ExprKind::Loop(_)
                    | ExprKind::For(..)
            ),
        }
    }

    pub(super) fn statement(&mut self) -> Statement {
        match self.kind() {
            T::Let => self.let_statement(),
            T::Fun if self.ahead(1).kind != T::ParenOpen => self.function(),
            T::Struct => self.structure(),
            T::Mut => self.habit_of_mut(),
            T::Ident => match self.habit_of_statement() {
                Some(statement) => statement,
                None => Statement::Expr(self.expr()),
            },
            T::If | T::Match | T::While | T::Loop | T::For | T::BraceOpen => {
                self.block_start = self.at;
                Statement::Expr(self.expr())
            }
            _ => Statement::Expr(self.expr()),
        }
    }

    /// `let pattern: type = value`; the next token stands for `let`, whatever it is.
    pub(super) fn let_statement(&mut self) -> Statement {
        let start = self.bump().span.start;
        let pattern = self.let_pattern();
        let ty = (!self.lost && self.eat(T::Colon)).then(|| self.ty());
        let value = if self.lost {
            self.error_expr()
        } else if self.eat(T::Eq) {
            self.expr()
        } else {
            self.habit_of_let(&pattern)
        };
        Statement::Let(Let { pattern, ty, value, span: self.since(start) })
    }

    /// `fun name(params) -> result { … }`; the next token stands for `fun`, whatever it is.
    pub(super) fn function(&mut self) -> Statement {
        let start = self.bump().span.start;
        let name = self.name("the name of the function");
        if self.kind() == T::Less && !self.lost {
            self.habit_of_generics();
        }
        let function = self.signature_and_body();
        Statement::Function(FunctionItem { name, function, span: self.since(start) })
    }

    /// `(params) -> result { … }`.
    pub(super) fn signature_and_body(&mut self) -> Function {
        let mut params = Vec::new();
        if !self.lost {
            if self.kind() == T::ParenOpen {
                params = self.list(T::ParenClose, Self::param);
            } else {
                self.expected("`(` and the parameters");
            }
        }
        let result = (!self.lost && self.arrow()).then(|| self.ty());
        let body = if self.lost || self.kind() != T::Eq && self.kind() != T::FatArrow {
            self.block("the function's body")
        } else {
            self.habit_of_body()
        };
        Function { params, result, body }
    }

    /// A parameter of a function.
    fn param(&mut self) -> Param {
        let pattern = self.param_pattern();
        let ty = (!self.lost && self.eat(T::Colon)).then(|| self.ty());
        if self.kind() == T::Eq && !self.lost {
            let span = self.token().span;
            self.tell(span, "parameters have no default values", "");
            self.bump();
            self.operand();
        }
        Param { pattern, ty }
    }

    /// `struct Name { field: type }`; the next token stands for `struct`, whatever it is.
    pub(super) fn structure(&mut self) -> Statement {
        let keyword = self.bump().span;
        let name = self.name("the name of the struct");
        if self.blocks > 0 {
            self.tell(keyword, "a struct is defined at the top level of a cell", "move it out of the braces");
        }
        let mut fields = Vec::new();
        if self.kind() == T::BraceOpen && !self.lost {
            let open = self.bump();
            self.within(false, false, |parser| {
                while !parser.lost && !matches!(parser.kind(), T::BraceClose | T::End) {
                    fields.push(parser.field());
                    if !parser.lost {
                        parser.end_of_item(open.span, "field");
                    }
                }
            });
            self.close(T::BraceClose);
        } else {
            self.habit_of_struct();
        }
        Statement::Struct(StructItem { name, fields, span: self.since(keyword.start) })
    }

    fn field(&mut self) -> (Name, crate::syntax::ast::TypeExpr) {
        let name = self.name("the name of a field, or `}`");
        if !self.lost && !self.eat(T::Colon) {
            self.habit_of_typed_name(&name);
        }
        (name, self.ty())
    }

    /// The end of a field or arm in braces: a comma, a new line or the brace.
    pub(super) fn end_of_item(&mut self, open: Span, what: &str) {
        match self.kind() {
            T::Comma => {
                self.bump();
            }
            T::BraceClose => {}
            T::Semicolon => {
                let span = self.bump().span;
                self.tell(span, &format!("a {what} does not end with `;`"), "write `,` or nothing");
            }
            T::End => self.unclosed(T::BraceClose, open),
            _ if self.token().newline => {}
            _ => {
                self.expected("`,`, a new line or `}`");
            }
        }
    }

    /// A block: the body of something, `what`.
    pub(super) fn block(&mut self, what: &str) -> ExprId {
        if self.lost && !self.find_block() {
            return self.error_expr();
        }
        if self.kind() == T::BraceOpen {
            return self.braces();
        }
        self.habit_of_block(what)
    }

    /// A block, at its brace.
    pub(super) fn braces(&mut self) -> ExprId {
        if !self.enter() {
            return self.error_expr();
        }
        let open = self.bump().span;
        self.blocks += 1;
        let mut block = self.within(false, false, Self::statements);
        self.blocks -= 1;
        if self.kind() == T::BraceClose {
            let close = self.bump();
            if close.newline && self.indentation(close.span) < self.indentation(open) {
                self.suspect.get_or_insert(open);
            }
        } else {
            self.unclosed(T::BraceClose, open);
        }
        self.leave();
        block.span = self.since(open.start);
        let span = block.span;
        self.add(ExprKind::Block(Box::new(block)), span)
    }

    /// Something that was opened has no end.
    pub(super) fn unclosed(&mut self, close: T, open: Span) {
        let suspect = self.suspect.filter(|_| close == T::BraceClose);
        if let Some(error) = self.expected(close.said()) {
            error.related = Some(match suspect {
                Some(brace) => (brace, "as lines are indented, this one is not closed".into()),
                None => (open, "it would close this".into()),
            });
        }
    }

    /// How many bytes of white space the line of `span` begins with.
    fn indentation(&self, span: Span) -> usize {
        let before = &self.source[..span.start as usize];
        let line = &self.source[before.rfind('\n').map_or(0, |at| at + 1)..];
        line.len() - line.trim_start_matches([' ', '\t']).len()
    }

    /// A pattern of `let`.
    fn let_pattern(&mut self) -> Pattern {
        let pattern = self.single_pattern();
        if self.kind() == T::Comma && !self.lost && matches!(pattern.kind, PatternKind::Bind { .. }) {
            return self.habit_of_comma(pattern);
        }
        pattern
    }
}
