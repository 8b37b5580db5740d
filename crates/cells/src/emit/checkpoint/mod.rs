//! Checkpoints: a module whose `save` writes what live instances hold, and whose `load` reads it back.
//!
//! ```text
//! save: live instance ─ its values ─▶ references ─▶ new objects get the next number and wait ─▶ their contents, one after the other
//!                 ▲                                                   │
//!                 └──── a closure among them makes its instance live ─┘
//! ```
//!
//! Arrays, structs, boxes and closures are objects with a mark; each is written once and referred to by its number, so sharing and
//! cycles stay. Texts and tuples never change and are written where they are. Objects wait in a list, so chains of any length need no
//! stack. Loading goes the same way: a number that is the next one makes an empty object, whose contents follow later.
//!
//! The data: for each live instance its number as a word of 32 bits, its values, and the contents of all objects that are new with
//! them; then [`END`]; then the numbers of the instances again, and how many there are. Integers are in seven bits for each byte.
//! A reference is 0 for null, otherwise the object's number, which counts from 1; behind that of a new closure stand the numbers of its
//! instance and of its code. Loading believes nothing: numbers are checked against what is known, and lengths by reading.

pub(crate) mod load;
pub(crate) mod save;

use std::rc::Rc;

use wasm_encoder::{BlockType, StorageType, ValType};

use crate::artifact::Lambda;
use crate::check::program::{FunctionId, Program};
use crate::emit::code::{Code, Label, Symbol};
use crate::emit::emitter::{Emitter, Names, Place, finish_helpers};
use crate::emit::layout::{ANY_STRUCT, closure, reference};
use crate::emit::module::Module;
use crate::emit::runtime::Runtime;
use crate::emit::{function_type, global_type};
use crate::environment::{InstanceId, SymbolKind};
use crate::types::{TypeId, Types};

/// Stands in the data where another instance could.
pub const END: u32 = u32::MAX;

/// An instance, as a checkpoint sees it.
#[derive(Clone, Debug)]
pub struct Saved<'a> {
    /// What stands for it in the data. Numbers ascend in a list, and none is [`END`].
    pub number: u32,
    /// The number that its closures have. These ascend as well.
    pub instance: InstanceId,
    /// Whether it is live by itself.
    pub root: bool,
    /// Its values: exports without `$`, and their types.
    pub values: Vec<(Rc<str>, TypeId)>,
    /// Its closures.
    pub lambdas: &'a [Lambda],
    /// The instances that are live with it, by their places in the list.
    pub needs: Vec<u32>,
}

/// Which objects there are: those of a type, or boxes with a value of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kind {
    pub ty: TypeId,
    pub boxed: bool,
}

/// A form of closures: their type, and what they capture.
type Shape = (TypeId, Vec<(TypeId, bool)>);

/// What the functions of a checkpoint's module share.
pub(crate) struct Graph {
    /// All objects met, by number; which [`Kind`] each is; how many.
    objects: Symbol,
    kinds_of: Symbol,
    count: Symbol,
    /// The mark of the object before the first.
    base: Symbol,
    /// By place in the list: 1 live, 2 written.
    live: Symbol,
    /// By place in the list.
    numbers: Symbol,
    instances: Symbol,
    /// By place in the list, with one more at the end: the number of its first closure among all.
    first_lambda: Symbol,
    first_need: Symbol,
    needs: Symbol,
    /// By number of the closure among all: its shape.
    shape_of: Symbol,
    /// `(array of numbers, number) -> place`, or -1.
    find: u32,
    /// `(object, kind)`: adds an object.
    add: u32,
    /// `(instance, lambda) -> closure`, by number among all.
    lambda_of: u32,
    /// The kinds of objects, as far as they are known.
    kinds: Vec<Kind>,
    /// The shapes of closures, those of one type together, and by number among all closures what they are and their code.
    shapes: Vec<Shape>,
    lambdas: Vec<MadeOf>,
    /// The arrays behind the tables.
    words: u32,
    structs: u32,
}

/// How a closure is made again.
struct MadeOf {
    instance: InstanceId,
    number: u32,
    shape: u32,
    code: Symbol,
}

/// The module with `save` and `load` for the instances of `list`; and what it imports from `"cells"`, in order: values as mutable
/// globals and the code of closures, each by the instance and the export's name without `$`. In the module the names of these imports
/// are their places in this order, `"0"`, `"1"`, …, as exports of different instances may have one name.
pub fn checkpoint(types: &Types, list: &[Saved<'_>]) -> (Vec<u8>, Vec<(InstanceId, Rc<str>)>) {
    let program = empty_program();
    let names = Names::default();
    let mut m = Module::new(types, &program);
    let mut imports = Vec::new();
    let mut values = Vec::new();
    let mut shapes: Vec<Shape> = Vec::new();
    for saved in list {
        let mut globals = Vec::new();
        for (name, ty) in &saved.values {
            let value = global_type(&mut m, *ty);
            globals.push((m.import_global(&imports.len().to_string(), value), *ty));
            imports.push((saved.instance, Rc::clone(name)));
        }
        values.push(globals);
        shapes.extend(saved.lambdas.iter().map(|lambda| (lambda.ty, lambda.captures.clone())));
    }
    // Sorted, so those of one type stand together.
    shapes.sort_unstable();
    shapes.dedup();
    let mut lambdas = Vec::new();
    for saved in list {
        for (number, lambda) in (0..).zip(saved.lambdas) {
            let ty = m.layout.code_type(types, lambda.ty);
            let code = m.import_function(&imports.len().to_string(), ty);
            imports.push((saved.instance, lambda.export.as_str().into()));
            let shape = shapes.binary_search_by(|shape| {
                shape.0.cmp(&lambda.ty).then_with(|| shape.1.as_slice().cmp(&lambda.captures))
            });
            let shape = shape.expect("the shapes of all closures are in the list") as u32;
            lambdas.push(MadeOf { instance: saved.instance, number, shape, code });
        }
    }
    let graph = Graph::new(&mut m, shapes, lambdas);
    m.graph = Some(graph);
    let open = tables(&mut m, list);
    let save = save::save(&mut m, &names, list.len() as u32, &values, &open);
    let load = load::load(&mut m, &names, &values, &open);
    finish_helpers(&mut m, &names);
    // Contents name kinds of objects that nothing named before, so these come when all are known.
    save::contents(&mut m, &names, save);
    load::contents(&mut m, &names, load);
    finish_helpers(&mut m, &names);
    (m.finish().wasm, imports)
}

/// A module without imports whose exports `$0`, `$1`, … stand in for those of cells that are not there any more: a value is a global
/// with the default of its type, a function is one that does not return.
pub fn stand_in(types: &Types, list: &[SymbolKind]) -> Vec<u8> {
    let program = empty_program();
    let mut m = Module::new(types, &program);
    for (k, &kind) in list.iter().enumerate() {
        let symbol = match kind {
            SymbolKind::Function(ty) => {
                let ty = function_type(&mut m, ty);
                let index = m.declare();
                let mut code = Code::new(0);
                code.i().unreachable().end();
                m.define(index, ty, code, crate::source::Span::default());
                Symbol::Function(index)
            }
            SymbolKind::Value { ty, .. } => {
                let ty = global_type(&mut m, ty);
                m.global(ty)
            }
            SymbolKind::Struct(_) => m.global(ValType::I32),
        };
        m.export(format!("${k}"), symbol);
    }
    m.finish().wasm
}

fn empty_program() -> Program {
    Program {
        exprs: Vec::new(),
        imports: Vec::new(),
        globals: Vec::new(),
        functions: Vec::new(),
        body: FunctionId(0),
        definitions: Vec::new(),
        uses: Vec::new(),
    }
}

impl Graph {
    fn new(m: &mut Module<'_>, shapes: Vec<Shape>, lambdas: Vec<MadeOf>) -> Self {
        let words = m.layout.array_type(StorageType::Val(ValType::I32));
        let structs = m.layout.array_type(StorageType::Val(ANY_STRUCT));
        let mut table = || m.global(reference(words));
        let (kinds_of, live, numbers, instances) = (table(), table(), table(), table());
        let (first_lambda, first_need, needs, shape_of) = (table(), table(), table(), table());
        let objects = m.global(reference(structs));
        let (count, base) = (m.global(ValType::I32), m.global(ValType::I32));
        let mut graph = Self {
            objects,
            kinds_of,
            count,
            base,
            live,
            numbers,
            instances,
            first_lambda,
            first_need,
            needs,
            shape_of,
            find: 0,
            add: 0,
            lambda_of: 0,
            kinds: Vec::new(),
            shapes,
            lambdas,
            words,
            structs,
        };
        graph.find = find(m, words);
        graph.add = add(m, &graph);
        graph.lambda_of = lambda_of(m, &graph);
        graph
    }

    /// The number of a kind of objects.
    fn kind(&mut self, kind: Kind) -> i32 {
        let known = self.kinds.iter().position(|&other| other == kind);
        known.unwrap_or_else(|| {
            self.kinds.push(kind);
            self.kinds.len() - 1
        }) as i32
    }
}

/// The code that makes all tables anew and forgets all objects: both `save` and `load` begin with it.
fn tables(m: &mut Module<'_>, list: &[Saved<'_>]) -> Code {
    let Some(graph) = m.graph.take() else { return Code::new(0) };
    let mut code = Code::new(0);
    let mut table = |symbol: Symbol, words: Vec<u32>| {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let at = m.text(&bytes);
        code.i().i32_const(at as i32).i32_const(words.len() as i32).array_new_data(graph.words, 0);
        code.global_set(symbol);
    };
    table(graph.live, list.iter().map(|saved| u32::from(saved.root)).collect());
    table(graph.numbers, list.iter().map(|saved| saved.number).collect());
    table(graph.instances, list.iter().map(|saved| saved.instance.0).collect());
    let starts = |counts: &mut dyn Iterator<Item = usize>| {
        let mut sum = 0;
        let mut starts = vec![0];
        for count in counts {
            sum += count as u32;
            starts.push(sum);
        }
        starts
    };
    table(graph.first_lambda, starts(&mut list.iter().map(|saved| saved.lambdas.len())));
    table(graph.first_need, starts(&mut list.iter().map(|saved| saved.needs.len())));
    table(graph.needs, list.iter().flat_map(|saved| saved.needs.iter().copied()).collect());
    table(graph.shape_of, graph.lambdas.iter().map(|lambda| lambda.shape).collect());
    code.i().i32_const(64).array_new_default(graph.structs);
    code.global_set(graph.objects);
    code.i().i32_const(64).array_new_default(graph.words);
    code.global_set(graph.kinds_of);
    code.i().i32_const(0);
    code.global_set(graph.count);
    code.call(Symbol::Runtime(Runtime::Start));
    m.graph = Some(graph);
    code
}

impl Emitter<'_, '_> {
    /// What the module's functions share. Only the module of a checkpoint asks.
    fn graph(&mut self) -> &mut Graph {
        self.m.graph.as_mut().expect("a checkpoint has it")
    }

    /// Calls a function of the module with the number of each object from that in the local `k` on, those too that it adds meanwhile.
    fn each_object(&mut self, k: u32, count: Symbol, function: u32) {
        let done = self.c.block(BlockType::Empty);
        let next = self.c.repeat();
        self.c.get(k);
        self.c.global_get(count);
        self.c.i().i32_ge_u();
        self.c.br_if(done);
        self.c.get(k);
        self.c.call(Symbol::Function(function));
        self.c.get(k).i().i32_const(1).i32_add().local_set(k);
        self.c.br(next);
        self.c.end();
        self.c.end();
    }

    /// The number of a kind of objects.
    fn kind_number(&mut self, kind: Kind) -> i32 {
        self.graph().kind(kind)
    }

    /// The type of the objects of a kind.
    fn kind_type(&mut self, kind: Kind) -> u32 {
        let types = self.m.types;
        if kind.boxed { self.m.layout.boxed(types, kind.ty) } else { self.m.layout.object(types, kind.ty) }
    }

    fn corrupt(&mut self) {
        self.c.call(Symbol::Runtime(Runtime::Corrupt));
        self.c.i().unreachable();
    }

    /// The checkpoint is damaged if the number on the stack is not zero.
    fn corrupt_if(&mut self) {
        self.c.if_(BlockType::Empty);
        self.corrupt();
        self.c.end();
    }

    /// `table[index]`.
    fn word(&mut self, table: impl Fn(&Graph) -> Symbol, index: u32) {
        let graph = self.graph();
        let (symbol, words) = (table(graph), graph.words);
        self.c.global_get(symbol);
        self.c.get(index).i().array_get(words);
    }

    /// Code for each of `cases`, chosen by the number in the local; another number is damage.
    fn choose<T>(&mut self, number: u32, cases: &[T], mut code: impl FnMut(&mut Self, &T)) {
        let done = self.c.block(BlockType::Empty);
        let other = self.c.block(BlockType::Empty);
        let labels: Vec<Label> = cases.iter().map(|_| self.c.block(BlockType::Empty)).collect();
        // The innermost block is the first case.
        let labels: Vec<Label> = labels.into_iter().rev().collect();
        self.c.get(number);
        self.c.br_table(&labels, other);
        for case in cases {
            self.c.end();
            code(self, case);
            self.c.br(done);
        }
        self.c.end();
        self.corrupt();
        self.c.end();
    }

    /// The shape of the closure in the local `object`, whose type is `ty`, into the local `shape`.
    fn shape(&mut self, object: u32, ty: TypeId, shape: u32) {
        let index = self.m.layout.object(self.m.types, ty);
        let lambda_of = self.graph().lambda_of;
        self.c
            .get(object)
            .i()
            .struct_get(index, closure::INSTANCE)
            .local_get(object)
            .struct_get(index, closure::LAMBDA);
        self.c.call(Symbol::Function(lambda_of));
        self.c.set(shape);
        self.word(|graph| graph.shape_of, shape);
        self.c.set(shape);
    }

    /// The shapes of closures of a type, and the number of the first.
    fn shapes_of(&mut self, ty: TypeId) -> (u32, Vec<Shape>) {
        let shapes = &self.graph().shapes;
        let first = shapes.iter().position(|shape| shape.0 == ty).unwrap_or(shapes.len());
        (first as u32, shapes[first..].iter().take_while(|shape| shape.0 == ty).cloned().collect())
    }
}

/// Binary search.
fn find(m: &mut Module<'_>, words: u32) -> u32 {
    let index = m.declare();
    let names = Names::default();
    let mut e = Emitter::new(m, &names, 2, Place::At(0));
    let [low, high, middle, x] = std::array::from_fn(|_| e.c.local(ValType::I32));
    e.c.get(0).i().array_len().local_set(high);
    let none = e.c.block(BlockType::Empty);
    let next = e.c.repeat();
    e.c.get(low).get(high).i().i32_ge_u();
    e.c.br_if(none);
    e.c.get(low).get(high).i().i32_add().i32_const(1).i32_shr_u().local_set(middle);
    e.c.get(0).get(middle).i().array_get(words).local_tee(x).local_get(1).i32_eq();
    e.c.if_(BlockType::Empty);
    e.c.get(middle).i().return_();
    e.c.end();
    e.c.get(x).get(1).i().i32_lt_u();
    e.c.if_(BlockType::Empty);
    e.c.get(middle).i().i32_const(1).i32_add().local_set(low);
    e.c.else_();
    e.c.get(middle).set(high);
    e.c.end();
    e.c.br(next);
    e.c.end();
    e.c.end();
    e.c.i().i32_const(-1);
    e.define(index, &[reference(words), ValType::I32], &[ValType::I32]);
    index
}

/// Adds an object at the end of the list, which grows by doubling.
fn add(m: &mut Module<'_>, graph: &Graph) -> u32 {
    let index = m.declare();
    let names = Names::default();
    let mut e = Emitter::new(m, &names, 2, Place::At(0));
    let n = e.c.local(ValType::I32);
    e.c.global_get(graph.count);
    e.c.i().local_tee(n);
    e.c.global_get(graph.objects);
    e.c.i().array_len().i32_eq();
    e.c.if_(BlockType::Empty);
    for (symbol, ty) in [(graph.objects, graph.structs), (graph.kinds_of, graph.words)] {
        let new = e.c.local(reference(ty));
        e.c.get(n).i().i32_const(1).i32_shl().array_new_default(ty).local_tee(new);
        e.c.i().i32_const(0);
        e.c.global_get(symbol);
        e.c.i().i32_const(0).local_get(n).array_copy(ty, ty).local_get(new);
        e.c.global_set(symbol);
    }
    e.c.end();
    e.c.global_get(graph.objects);
    e.c.get(n).get(0).i().array_set(graph.structs);
    e.c.global_get(graph.kinds_of);
    e.c.get(n).get(1).i().array_set(graph.words);
    e.c.get(n).i().i32_const(1).i32_add();
    e.c.global_set(graph.count);
    e.define(index, &[ANY_STRUCT, ValType::I32], &[]);
    index
}

/// From instance and number of a closure's code to its number among all; damage if there is none.
fn lambda_of(m: &mut Module<'_>, graph: &Graph) -> u32 {
    let index = m.declare();
    let names = Names::default();
    let mut e = Emitter::new(m, &names, 2, Place::At(0));
    let place = e.c.local(ValType::I32);
    e.c.global_get(graph.instances);
    e.c.get(0);
    e.c.call(Symbol::Function(graph.find));
    e.c.i().local_tee(place).i32_const(0).i32_lt_s();
    e.corrupt_if();
    // Behind the first closure of the instance, and before that of the next.
    e.c.global_get(graph.first_lambda);
    e.c.get(place).i().array_get(graph.words).local_get(1).i32_add().local_tee(1);
    e.c.global_get(graph.first_lambda);
    e.c.get(place).i().i32_const(1).i32_add().array_get(graph.words).i32_ge_u().local_get(1);
    e.c.global_get(graph.first_lambda);
    e.c.get(place).i().array_get(graph.words).i32_lt_u().i32_or();
    e.corrupt_if();
    e.c.get(1);
    e.define(index, &[ValType::I32, ValType::I32], &[ValType::I32]);
    index
}
