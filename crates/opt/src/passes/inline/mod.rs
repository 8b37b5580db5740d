//! Puts code of functions in the place of their calls.
//!
//! ```text
//! calls, those of innermost loops first ─▶ callee: SSA of its own, simplified ─┬▶ all of it, if it is small: there is no call
//!                                                                              ├▶ its guard, if it has one: tests in front of the call
//!                                                                              └▶ nothing, with a reason
//! ```
//!
//! Requires SSA. Preserves it, and the order of effects. Of each callee there is SSA once for all functions that call it ([`Callees`]). A *guard* (`guard`) is
//! how a callee begins that often returns at once: tests that change nothing and what they return. They are copied in front of the call,
//! which is then done only if none of them returns.
//!
//! Of calls that find their function at run time it may be *expected* what they call ([`Expected`]). A test of that stands in front of the
//! callee's code then, and the call is done if it fails: so it does not matter whether it always calls that, nor whether there is anything
//! to call.
//!
//! Code that was copied may contain calls whose function is known now, and loops around calls: those are looked at as well, a few times.
//!
//! Callees that call others are copied as well, once code of those stands in them (`MOST_NESTED`): but not where exceptions are caught
//! that they may throw, nor if they catch any. A function stands in itself once, and a small one a few times more if it calls itself in one
//! place only: a recursion takes fewer calls then.
//!
//! What is copied keeps its places in the program, behind which the place of the call stands ([`Func::chain`]): so traps have the same
//! backtraces as if the call had been done.
//!
//! **Size.** Callees whose bodies have more than [`MOST_BYTES`] are not looked at, nor is any once those of one function have more bytes
//! together than `Budget` says. What is put into a function is bounded by its own size. To look at larger callees gains little: four
//! times as many bytes cost a fifth of the time of compiling a program.

mod callees;
mod copy;
mod devirtualize;
mod guard;
mod splice;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use upshift_core::index::{FuncIndex, TableIndex, TypeIndex};

pub use self::callees::Callees;
use self::guard::Guard;
use super::{recursion, simplify};
use crate::ssa::dom::Dominators;
use crate::ssa::loops::Loops;
use crate::ssa::{Block, Callee, Func, Op, Pos, Terminator, Ty, Value};

/// The largest body of a callee, in bytes.
pub const MOST_BYTES: usize = 128;

/// Where SSA of callees comes from. It is simplified already.
pub trait Source {
    /// How many bytes the body of a function has; nothing if it is not of this module.
    fn bytes(&self, func: FuncIndex) -> Option<usize>;
    /// Its SSA, if it can be made.
    fn func(&mut self, func: FuncIndex) -> Option<Func>;
    /// The function of the module that is an element of a table for good, if that is known and it has just this type.
    fn element(&self, table: TableIndex, ty: TypeIndex, index: u64) -> Option<FuncIndex>;
    /// What a call that finds its function at run time most likely calls, a function of the module.
    fn expected(&self, callee: Callee) -> Option<Expected>;
}

/// What a call most likely calls, and how that is seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expected {
    /// The function.
    pub func: FuncIndex,
    /// What is true only if it is called.
    pub test: Test,
}

/// What is true only if a call calls what is expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Test {
    /// The index is this one, where the table has the function for good.
    Index(u64),
    /// The element of the table is the function.
    Element(TableIndex),
    /// The reference is one to the function.
    Reference,
}

/// Makes direct calls, and tail calls, of indirect ones whose function is known.
pub fn devirtualize(func: &mut Func, source: &dyn Source) {
    devirtualize::run(func, source);
}

/// The most instructions of a callee that is copied as a whole: where no loop is around the call, and within one.
const MOST_WHOLE: [u32; 2] = [16, 60];
/// The same for one that calls others: what is saved is less beside what is executed.
const MOST_CALLING: [u32; 2] = [10, 24];
/// The same for the function itself.
const MOST_RECURSIVE: u32 = 32;
/// The same for all copies of a function in itself that form a chain, and how many more than one there are of them.
const MOST_CHAINED: u32 = 96;
const MOST_COPIES: u32 = 4;
/// No code of others is put into a function with so many instructions: what it takes to compile it grows with them.
const LARGEST: usize = 1 << 14;
/// How often calls are looked at because of what was copied before.
const MOST_ROUNDS: u32 = 3;
/// How deep callees stand in callees.
const MOST_NESTED: u32 = 1;
/// How many bytes of its own callees are looked at for a callee.
const MOST_NESTED_BYTES: usize = 8 * MOST_BYTES;

/// What has become of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The callee's code stands in its place, which has so many instructions.
    Inlined(u32),
    /// Code of the callee stands in front of it, which has so many instructions: the callee's guard, or what is done if a test says that
    /// it is the one that is expected.
    Guarded(u32),
    /// It is as it was.
    Kept(Reason),
}

/// Why a call is as it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// The callee belongs to another module or the host.
    Imported,
    /// The body of the callee is too large to be looked at.
    LargeBody,
    /// So many other callees were looked at that there is no time for this one.
    ManyCallees,
    /// There is no SSA of the callee.
    NoSsa,
    /// The callee catches exceptions, or those that it may throw are caught. It does not begin with a test behind which it returns.
    Catches,
    /// The callee is replaced by a function that it finds at run time. It does not begin with a test behind which it returns.
    Replaces,
    /// The callee is too large for where it is called, and does not begin with a test behind which it returns.
    LargeCallee,
    /// The function would become too large.
    NoRoom,
    /// A trap follows: the call is hardly ever executed.
    Cold,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self {
            Verdict::Inlined(size) => return write!(f, "inlined, {size} instructions"),
            Verdict::Guarded(size) => return write!(f, "guarded, {size} instructions"),
            Verdict::Kept(reason) => reason,
        };
        f.write_str("kept, ")?;
        f.write_str(match reason {
            Reason::Imported => "the callee is imported",
            Reason::LargeBody => "the callee's body is too large",
            Reason::ManyCallees => "there are many other callees",
            Reason::NoSsa => "there is no SSA of the callee",
            Reason::Catches => "exceptions of the callee are caught, and it has no guard",
            Reason::Replaces => "the callee ends in an indirect tail call, and it has no guard",
            Reason::LargeCallee => "the callee is too large and has no guard",
            Reason::NoRoom => "the function would become too large",
            Reason::Cold => "a trap follows",
        })
    }
}

/// A call whose function is known or expected, and what has become of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Site {
    /// The call.
    pub call: Value,
    /// What is called.
    pub callee: FuncIndex,
    /// What is true only if that is called, where it is expected and not certain.
    pub test: Option<Test>,
    /// How many loops are around it.
    pub depth: u32,
    /// What has become of it.
    pub verdict: Verdict,
}

impl Site {
    /// A call that is as it was.
    fn kept((block, call, callee): (Block, Value, FuncIndex)) -> (Block, Site) {
        (block, Site { call, callee, test: None, depth: 0, verdict: Verdict::Kept(Reason::NoRoom) })
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Site { call, callee, depth, verdict, .. } = self;
        write!(f, "{call} calls {callee}, {depth} loops around it: {verdict}")
    }
}

/// What is spent on a function at most.
#[derive(Debug)]
struct Budget {
    /// How many more bytes of callees are looked at.
    bytes: usize,
    /// How many more instructions the function may have.
    room: u32,
}

impl Budget {
    fn new(func: &Func) -> Budget {
        let insts: usize = func.layout.iter().map(|&block| func.block(block).insts.len()).sum();
        let room = if insts < LARGEST { 64 + insts as u32 / 2 } else { 0 };
        Budget { bytes: 2048 + 4 * insts, room }
    }
}

/// What is known of a callee.
#[derive(Debug)]
struct Known {
    func: Func,
    guard: Option<Guard>,
    /// How many instructions it has, constants aside.
    size: u32,
    kind: Kind,
    /// Whether it finds functions at run time that it calls.
    finds: bool,
    /// Whether it has loops.
    loops: bool,
    /// How many bytes of its own callees were looked at for it.
    looked_at: usize,
}

/// What a function may do besides its instructions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    /// It calls nothing and throws nothing.
    Leaf,
    /// It calls or throws.
    Calls,
    /// It catches exceptions.
    Catches,
    /// It is replaced by a function that it has to find first.
    Replaces,
}

/// Puts code of callees into a function. Returns all its direct calls as they were, with what has become of them.
pub fn run(func: &mut Func, source: &mut dyn Source, callees: &Callees) -> Vec<Site> {
    let Budget { bytes, room } = Budget::new(func);
    if room == 0 {
        return direct_calls(func).into_iter().map(|(_, site)| site).collect();
    }
    let root = func.index;
    Inliner { source, callees, root, level: 0, bytes, known: FxHashMap::default() }.run(func, room)
}

/// The direct calls that come back, in the order of the program.
fn direct_calls(func: &Func) -> Vec<(Block, Site)> {
    let mut sites = Vec::new();
    for &block in &func.layout {
        for &call in &func.block(block).insts {
            if let Op::Call(Callee::Direct { func: callee, .. }) = func.op(call) {
                sites.push(Site::kept((block, call, callee)));
            }
        }
    }
    sites
}

fn find_depths(func: &Func, sites: &mut [(Block, Site)]) {
    if sites.is_empty() {
        return;
    }
    let loops = Loops::new(func, &Dominators::new(func), &func.predecessors());
    for (block, site) in sites {
        site.depth = loops.depth(*block);
    }
}

/// What is put in the place of a call.
#[derive(Clone, Debug)]
struct Choice {
    known: Arc<Known>,
    /// Whether it is all of the callee, or its guard in front of the call.
    is_whole: bool,
    /// What has to be tested first, if anything: otherwise the call is done.
    test: Option<Expected>,
}

impl Choice {
    /// The types of the results.
    fn results(&self) -> &[Ty] {
        &self.known.func.results
    }
}

/// How many instructions a function has, constants aside, and what it may do.
fn measure(func: &Func) -> (u32, Kind) {
    let (mut size, mut kind) = (0, Kind::Leaf);
    for &block in &func.layout {
        let data = func.block(block);
        for &inst in &data.insts {
            match func.op(inst) {
                Op::Arg(_) | Op::Const(_) | Op::ConstV128(_) | Op::Result(_) => {}
                Op::Call(_) => (size, kind) = (size + 1, kind.max(Kind::Calls)),
                _ => size += 1,
            }
        }
        size += u32::from(!matches!(data.term, Terminator::Jump(_) | Terminator::Return(_)));
        kind = kind.max(match &data.term {
            // It has no landings if none of the handlers around it fits.
            Terminator::Invoke { .. } => Kind::Catches,
            term if !term.landings().is_empty() => Kind::Catches,
            // If there is nothing to call it traps itself, but what it calls is called by its caller: no place is right for both.
            Terminator::TailCall { callee, .. } if callee.has_operand() => Kind::Replaces,
            Terminator::TailCall { .. } | Terminator::Throw { .. } | Terminator::ThrowRef { .. } => {
                Kind::Calls
            }
            _ => Kind::Leaf,
        });
    }
    (size, kind)
}

/// Whether a function finds functions at run time that it calls.
fn finds(func: &Func) -> bool {
    let finds = |&inst: &Value| matches!(func.op(inst), Op::Call(callee) if callee.has_operand());
    func.layout.iter().map(|&block| func.block(block)).any(|data| {
        matches!(data.term, Terminator::TailCall { callee, .. } if callee.has_operand())
            || data.insts.iter().any(finds)
    })
}

/// What was put in the place of calls.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Copied {
    /// Whether there are calls in it that find their function at run time.
    finds: bool,
    /// Whether there are calls in it, and loops.
    loops: bool,
}

/// Decides what becomes of the calls of a function.
struct Inliner<'a> {
    source: &'a mut dyn Source,
    callees: &'a Callees,
    /// The function.
    root: FuncIndex,
    /// How deep it stands in others: 0 if it is the one that is compiled.
    level: u32,
    /// How many more bytes of callees are looked at.
    bytes: usize,
    known: FxHashMap<FuncIndex, Result<Arc<Known>, Reason>>,
}

impl Inliner<'_> {
    /// Puts code of callees into the function, as far as there is room for so many instructions.
    fn run(&mut self, func: &mut Func, mut room: u32) -> Vec<Site> {
        let mut old = func.values.len();
        let mut sites = self.calls(func);
        find_depths(func, &mut sites);
        let mut copied = self.replace(func, &mut sites, &mut room);
        for _ in 0..MOST_ROUNDS {
            // Most often there is nothing to look for.
            if !(copied.finds || copied.loops && self.level == 0) {
                break;
            }
            let from = std::mem::replace(&mut old, func.values.len());
            let mut next = self.made_possible(func, &sites, from);
            copied = self.replace(func, &mut next, &mut room);
            sites.extend(next);
        }
        if self.level == 0 {
            self.lengthen(func, &mut room);
        }
        // The others are no direct calls.
        let is_told = |site: &Site| site.test.is_none() || !matches!(site.verdict, Verdict::Kept(_));
        sites.into_iter().map(|(_, site)| site).filter(is_told).collect()
    }

    /// The calls that come back whose callee is known or expected, in the order of the program.
    fn calls(&self, func: &Func) -> Vec<(Block, Site)> {
        let mut sites = Vec::new();
        for &block in &func.layout {
            for &call in &func.block(block).insts {
                match func.op(call) {
                    Op::Call(Callee::Direct { func: callee, .. }) => {
                        sites.push(Site::kept((block, call, callee)));
                    }
                    // What is known of a callee depends on it alone, so nothing is expected there.
                    Op::Call(callee) if self.level == 0 => {
                        let Some(expected) = self.source.expected(callee) else { continue };
                        let (block, site) = Site::kept((block, call, expected.func));
                        sites.push((block, Site { test: Some(expected.test), ..site }));
                    }
                    _ => {}
                }
            }
        }
        sites
    }

    /// Calls that are worth a look because of what was copied, whose values have the numbers from `copied` on: those which are direct
    /// ones now, for what was copied has constants for some of its parameters; and those in loops that were copied, which are executed
    /// more often than the call that was there.
    fn made_possible(&self, func: &mut Func, sites: &[(Block, Site)], copied: usize) -> Vec<(Block, Site)> {
        let mut is_made = vec![false; func.values.len()];
        devirtualize::run(func, self.source).into_iter().for_each(|call| is_made[call.index()] = true);
        let mut next = self.calls(func);
        next.retain(|(_, site)| {
            // What stands in itself already does not once more.
            let is_within = |site: &Site| {
                func.chain(func.value(site.call).pos).any(|position| position.func == site.callee)
            };
            (site.call.index() >= copied && self.level == 0 || is_made[site.call.index()]) && !is_within(site)
        });
        if next.is_empty() {
            return next;
        }
        find_depths(func, &mut next);
        // The place of the call in the function itself.
        let outermost = |site: &Site| {
            let mut pos = func.value(site.call).pos;
            while let Some(position) = func.position(pos).filter(|position| position.parent != Pos::NONE) {
                pos = position.parent;
            }
            pos.0 as usize
        };
        let mut before = vec![u32::MAX; func.positions.len()];
        for (_, site) in sites {
            if let Some(depth) = before.get_mut(outermost(site)) {
                *depth = site.depth;
            }
        }
        next.retain(|(_, site)| {
            let is_deeper = || before.get(outermost(site)).is_some_and(|&depth| site.depth > depth);
            is_made[site.call.index()] || is_deeper()
        });
        next
    }

    /// Puts code of callees in the place of calls, as far as there is room.
    fn replace(&mut self, func: &mut Func, sites: &mut [(Block, Site)], room: &mut u32) -> Copied {
        let mut copied = Copied::default();
        // In the order of the program where they are equal.
        sites.sort_by_key(|(_, site)| std::cmp::Reverse(site.depth));
        let mut plan = FxHashMap::default();
        for (block, site) in sites {
            site.verdict = match self.choose(func, *block, *site, room) {
                Ok((verdict, choice)) => {
                    if choice.is_whole {
                        let known = &choice.known;
                        copied.finds |= known.finds;
                        copied.loops |= known.loops && known.kind != Kind::Leaf;
                    }
                    plan.insert(site.call, choice);
                    verdict
                }
                Err(reason) => Verdict::Kept(reason),
            };
        }
        if !plan.is_empty() {
            splice::run(func, &plan);
            simplify(func);
        }
        copied
    }

    /// Goes on with a function that stands in itself and calls itself in one place only: its copies make a chain.
    fn lengthen(&mut self, func: &mut Func, room: &mut u32) {
        let Some(Ok(known)) = self.known.get(&self.root).cloned() else { return };
        // The test at the head of a loop that was made of recursion would be there twice in each copy.
        let is_loop_made = known.guard.as_ref().is_some_and(|guard| guard.func.is_some());
        let copies = (MOST_CHAINED / known.size.max(1)).saturating_sub(2);
        if known.kind != Kind::Calls || is_loop_made || known.size > MOST_RECURSIVE {
            return;
        }
        for _ in 0..copies.min(MOST_COPIES) {
            let mut calls = direct_calls(func).into_iter().filter(|(_, site)| site.callee == self.root);
            let (Some((block, site)), None) = (calls.next(), calls.next()) else { return };
            let stays = match func.block(block).term {
                Terminator::Invoke { call, .. } => call == site.call,
                Terminator::Trap(_) => true,
                _ => false,
            };
            let Some(left) = room.checked_sub(known.size).filter(|_| !stays) else { return };
            *room = left;
            splice::run(
                func,
                &FxHashMap::from_iter([(
                    site.call,
                    Choice { known: known.clone(), is_whole: true, test: None },
                )]),
            );
            simplify(func);
        }
    }

    fn choose(
        &mut self,
        func: &Func,
        block: Block,
        site: Site,
        room: &mut u32,
    ) -> Result<(Verdict, Choice), Reason> {
        let term = &func.block(block).term;
        if matches!(term, Terminator::Trap(_)) {
            return Err(Reason::Cold);
        }
        let known = self.know(site.callee)?;
        let is_caught = matches!(*term, Terminator::Invoke { call, .. } if call == site.call);
        let test = site.test.map(|test| Expected { func: site.callee, test });
        let tests = site.test.map_or(0, Test::size);
        let mut take = |size: u32| {
            *room = room.checked_sub(size + tests).ok_or(Reason::NoRoom)?;
            Ok(())
        };
        let whole = match self.most(&known, site, is_caught) {
            Ok(most) if known.size > most => Err(Reason::LargeCallee),
            Ok(_) => take(known.size),
            Err(reason) => Err(reason),
        };
        match (whole, &known.guard) {
            (Ok(()), _) if test.is_some() => {
                Ok((Verdict::Guarded(known.size + tests), Choice { known, is_whole: true, test }))
            }
            (Ok(()), _) => Ok((Verdict::Inlined(known.size), Choice { known, is_whole: true, test })),
            (Err(reason), None) => Err(reason),
            (Err(_), Some(guard)) => {
                let size = guard.size;
                take(size)?;
                Ok((Verdict::Guarded(size + tests), Choice { known, is_whole: false, test }))
            }
        }
    }

    /// How many instructions a callee may have to be copied as a whole.
    fn most(&self, known: &Known, site: Site, is_caught: bool) -> Result<u32, Reason> {
        let around = usize::from(site.depth > 0);
        match known.kind {
            Kind::Catches => Err(Reason::Catches),
            Kind::Replaces => Err(Reason::Replaces),
            Kind::Calls if is_caught => Err(Reason::Catches),
            _ if site.callee == self.root => Ok(if self.level == 0 { MOST_RECURSIVE } else { 0 }),
            Kind::Calls => Ok(MOST_CALLING[around]),
            Kind::Leaf => Ok(MOST_WHOLE[around]),
        }
    }

    /// Looks at a callee, once. What that costs does not depend on whether others have done it before.
    fn know(&mut self, callee: FuncIndex) -> Result<Arc<Known>, Reason> {
        if let Some(known) = self.known.get(&callee) {
            return known.clone();
        }
        let known = self.look_at(callee);
        self.known.insert(callee, known.clone());
        known
    }

    fn look_at(&mut self, callee: FuncIndex) -> Result<Arc<Known>, Reason> {
        let bytes = self.source.bytes(callee).ok_or(Reason::Imported)?;
        if bytes > MOST_BYTES {
            return Err(Reason::LargeBody);
        }
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Reason::ManyCallees)?;
        let known = self.shared(callee, self.level)?;
        self.bytes = self.bytes.saturating_sub(known.looked_at);
        Ok(known)
    }

    /// What all that call a callee know of it.
    fn shared(&mut self, callee: FuncIndex, level: u32) -> Result<Arc<Known>, Reason> {
        if let Some(known) = self.callees.get(callee, level) {
            return known;
        }
        let known = if level == MOST_NESTED { self.alone(callee) } else { self.nested(callee, level) };
        self.callees.put(callee, level, known.clone());
        known
    }

    /// A callee as it is.
    fn alone(&mut self, callee: FuncIndex) -> Result<Arc<Known>, Reason> {
        let mut func = self.source.func(callee).ok_or(Reason::NoSsa)?;
        devirtualize::run(&mut func, self.source);
        let mut guard = None;
        if let Some(recursion) = recursion::find(&func) {
            // There is none in front of a loop.
            guard = guard::find(&func).map(|guard| Guard { func: Some(Arc::new(func.clone())), ..guard });
            recursion.make_loop(&mut func);
        }
        let mut known = Known::of(func, 0);
        known.guard = known.guard.or(guard);
        // It will not become smaller.
        if known.guard.is_none() && known.size > MOST_WHOLE[1] {
            return Err(Reason::LargeCallee);
        }
        Ok(Arc::new(known))
    }

    /// A callee with code of its own callees in it.
    fn nested(&mut self, callee: FuncIndex, level: u32) -> Result<Arc<Known>, Reason> {
        let known = self.shared(callee, level + 1)?;
        let most = MOST_WHOLE[1];
        if known.kind == Kind::Leaf || known.size > most {
            return Ok(known);
        }
        let mut func = known.func.clone();
        let mut inliner = Inliner {
            source: &mut *self.source,
            callees: self.callees,
            root: callee,
            level: level + 1,
            bytes: MOST_NESTED_BYTES,
            known: FxHashMap::default(),
        };
        let sites = inliner.run(&mut func, most);
        if sites.iter().all(|site| matches!(site.verdict, Verdict::Kept(_))) {
            return Ok(known);
        }
        let mut nested = Known::of(func, MOST_NESTED_BYTES - inliner.bytes);
        nested.guard = nested.guard.or_else(|| known.guard.clone().filter(|guard| guard.func.is_some()));
        Ok(Arc::new(nested))
    }
}

impl Test {
    /// How many instructions it has, constants aside.
    fn size(self) -> u32 {
        match self {
            Test::Index(_) | Test::Reference => 2,
            Test::Element(_) => 6,
        }
    }
}

impl Known {
    fn of(func: Func, looked_at: usize) -> Known {
        let guard = guard::find(&func);
        let (size, kind) = measure(&func);
        let (finds, loops) = (finds(&func), guard::heads(&func).contains(&true));
        Known { func, guard, size, kind, finds, loops, looked_at }
    }

    /// How many values there are in its SSA.
    fn values(&self) -> usize {
        let before = self.guard.as_ref().and_then(|guard| guard.func.as_ref());
        self.func.values.len() + before.map_or(0, |func| func.values.len())
    }
}
