//! Labels, branches, tables and loops, and the ways into them from other tiers.
//!
//! Code of another tier, or an exception, arrives with all values in slots: each label that it may arrive at has a stub behind the
//! main line that loads what registers have there, and a word in the pool that leads to the stub.

use upshift_asm::x64::{Assembler, Cond};
use upshift_asm::{Const, Label as Place};
use upshift_asm::{Stub, Word};
use upshift_core::cast::Cast;
use upshift_translate::backend::{Backend, Charge, Label, LoopSurvey, Operand, Slot};

use crate::cache::{Kind, NO_TOP};
use crate::calls::LANDINGS;
use crate::compiler::Compiler;
use crate::counts::Counts;
use crate::merge::{Entry, Moves, Plan};
use crate::rotate::{HeadTest, Meter};
use crate::tables::ColdPath;
use crate::x64::{Reg, RegSet, Test};

/// What is known of a label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LabelInfo {
    pub(crate) place: Place,
    /// What registers have there: a part of the entries. Fixed by the first branch.
    pub(crate) state: Option<(u32, u32)>,
    pub(crate) bound: bool,
    /// Whether exceptions lead there.
    pub(crate) catches: bool,
    /// The way there if all values are in their slots.
    pub(crate) from_slots: Option<Place>,
    /// The number of the last table that leads there, and by which way.
    in_table: (u32, Option<Place>),
    /// If it is the head of a loop that begins with a test.
    pub(crate) head_test: Option<HeadTest>,
    /// If it is the head of a loop whose turns are counted.
    pub(crate) counted: Option<Counted>,
    /// If it is the head of a loop, the locals whose value there nobody wants: a part of [`Control::renewed`].
    pub(crate) renewed: (u32, u32),
}

/// How turns of a loop are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    /// Where control goes when that was the last one.
    out: Place,
    /// What [`Counts`] calls the loop.
    around: u32,
}

/// A way in from other tiers.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    label: Label,
    /// The position of the label.
    position: u32,
    /// The word that leads to it, once it is written.
    word: Option<Const>,
}

/// What stays in registers in a loop.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pinned {
    pub(crate) regs: RegSet,
    /// The part of the entries that says which local each has.
    pub(crate) entries: (u32, u32),
}

/// Labels and loops of the function, and where its parts are.
#[derive(Debug, Default)]
pub(crate) struct Control {
    pub(crate) labels: Vec<LabelInfo>,
    /// The states of all labels.
    pub(crate) entries: Vec<Entry>,
    pub(crate) plan: Plan,
    /// The slots of locals that have nothing at the head of a loop that anybody wants.
    pub(crate) renewed: Vec<Slot>,
    /// Labels with a way from where all values are in slots.
    pub(crate) from_slots: Vec<Label>,
    /// How many tables of branches there are.
    tables: u32,
    /// What merges may still do.
    pub(crate) moves: Moves,
    /// How many moves of arguments to registers are left.
    pub(crate) arguments: Moves,
    pub(crate) counts: Counts,
    unreachable: bool,
    /// The head of a loop that is about to be bound.
    head: Option<Label>,
    /// The head that was bound last, and where that is, or ends what meters its loop.
    pub(crate) last_head: Option<(Label, u32)>,
    /// What meters that loop.
    pub(crate) last_meter: Meter,
    /// The loops' heads, by number.
    loops: Vec<Option<Arrival>>,
    /// What stays in registers in the loops that are open.
    pinned: Vec<Pinned>,
    /// The same of the innermost one.
    innermost: Pinned,
    /// Labels that exceptions lead to, in ascending order.
    catches: Vec<Arrival>,
    /// The landings of calls from handlers, see [`LANDINGS`](crate::calls::LANDINGS).
    pub(crate) call_landings: [Option<Place>; LANDINGS.len()],
    start: Option<Place>,
    body: Option<Place>,
    overflow: Option<Place>,
    /// Where code goes that has no fuel.
    pub(crate) out_of_fuel: Option<Place>,
    /// Where the size of the frame is to be put.
    pub(crate) frame_size_at: u32,
    pub(crate) frame_slots: u32,
    /// Where the main line ends.
    pub(crate) main: u32,
    pub(crate) entry: Option<Const>,
    /// Where the entry for native callers with arguments in slots is.
    pub(crate) native_entry: u32,
}

impl Control {
    /// Forgets the function but keeps the room.
    pub(crate) fn reset(&mut self) {
        // All fields are named, so that none is forgotten.
        let Control {
            labels,
            entries,
            plan,
            renewed,
            from_slots,
            tables,
            moves,
            arguments,
            counts,
            unreachable,
            head,
            last_head,
            last_meter,
            loops,
            pinned,
            innermost,
            catches,
            call_landings,
            start,
            body,
            overflow,
            out_of_fuel,
            frame_size_at,
            frame_slots,
            main,
            entry,
            native_entry,
        } = self;
        labels.clear();
        entries.clear();
        plan.clear();
        renewed.clear();
        from_slots.clear();
        loops.clear();
        pinned.clear();
        catches.clear();
        counts.reset();
        (*moves, *arguments) = (Moves::default(), Moves::default());
        *innermost = Pinned::default();
        *call_landings = [None; LANDINGS.len()];
        *unreachable = false;
        (*head, *last_head, *last_meter) = (None, None, Meter::default());
        (*start, *body, *overflow, *out_of_fuel, *entry) = (None, None, None, None, None);
        (*tables, *frame_size_at, *frame_slots, *main, *native_entry) = (0, 0, 0, 0, 0);
    }

    /// Whether only very large functions need so much room.
    pub(crate) fn is_large(&self) -> bool {
        const MOST: usize = 1 << 12;
        self.labels.capacity() > MOST || self.entries.capacity() > 4 * MOST
    }

    /// A function begins.
    pub(crate) fn begin(&mut self, asm: &mut Assembler) {
        self.start = Some(asm.here());
        self.body = Some(asm.label());
        self.overflow = Some(asm.label());
    }

    /// Where entries go on that have parameters in registers and no return address: the stack is looked at.
    pub(crate) fn start(&self) -> Place {
        self.start.expect("the function has begun")
    }

    /// Where all entries go on.
    pub(crate) fn body(&self) -> Place {
        self.body.expect("the function has begun")
    }

    /// Where entries go if the stack has no room.
    pub(crate) fn overflow(&self) -> Place {
        self.overflow.expect("the function has begun")
    }

    /// The head of a loop begins with a test.
    pub(crate) fn set_head_test(&mut self, head: Label, test: HeadTest) {
        self.labels[head.0 as usize].head_test = Some(test);
    }

    /// The registers that stay in the innermost loop.
    #[inline]
    pub(crate) fn pinned(&self) -> RegSet {
        self.innermost.regs
    }

    /// The entries of what stays in the innermost loop.
    pub(crate) fn pins_around(&self) -> (u32, u32) {
        self.innermost.entries
    }

    /// The register in which a local stays in the innermost loop.
    #[inline]
    pub(crate) fn pin_of(&self, slot: Slot) -> Option<Reg> {
        if self.innermost.regs == RegSet::EMPTY { None } else { self.find_pin(slot) }
    }

    fn find_pin(&self, slot: Slot) -> Option<Reg> {
        let (start, end) = self.innermost.entries;
        let entries = &self.entries[start as usize..end as usize];
        entries.iter().find(|entry| entry.held.slot == slot).map(|entry| entry.reg)
    }

    /// The offset of the word of each loop, by number, with the pool at its place.
    pub(crate) fn loop_words(&self, pool: u32) -> Box<[u32]> {
        let word = |arrival: &Option<Arrival>| {
            arrival.and_then(|arrival| arrival.word).map_or(0, |word| word.offset() + pool)
        };
        self.loops.iter().map(word).collect()
    }

    /// The place of the word through which exceptions come to a label.
    pub(crate) fn catch_word(&self, label: Label) -> Const {
        let at = self.catches.binary_search_by_key(&label.0, |arrival| arrival.label.0);
        let word = at.ok().and_then(|at| self.catches[at].word);
        word.expect("there is a word for each label that a clause leads to")
    }
}

impl Compiler<'_> {
    pub(crate) fn make_label(&mut self) -> Label {
        let place = self.asm.label();
        self.control.labels.push(LabelInfo {
            place,
            state: None,
            bound: false,
            catches: false,
            from_slots: None,
            in_table: (0, None),
            head_test: None,
            counted: None,
            renewed: (0, 0),
        });
        Label(self.control.labels.len() as u32 - 1)
    }

    fn label(&self, label: Label) -> LabelInfo {
        self.control.labels[label.0 as usize]
    }

    /// Exceptions lead to a label.
    pub(crate) fn note_catch(&mut self, label: Label) {
        self.control.labels[label.0 as usize].catches = true;
    }

    /// Control comes from elsewhere to here, where nothing from a slot on is wanted.
    pub(crate) fn bind_label(&mut self, label: Label, top: Slot) {
        self.straighten(label);
        let LabelInfo { place, state, catches, .. } = self.label(label);
        if !self.control.unreachable {
            self.cache.forget_from(top);
            match state {
                Some(_) => {
                    self.plan(label);
                    self.conform();
                }
                None if catches => self.fix_state(label),
                None => {
                    // The head of a loop, of which more is to come.
                    self.control.head = Some(label);
                    return;
                }
            }
        } else if state.is_none() {
            let end = self.control.entries.len() as u32;
            self.control.labels[label.0 as usize].state = Some((end, end));
        }
        self.asm.bind(place);
        self.control.labels[label.0 as usize].bound = true;
        self.control.unreachable = false;
        self.take_state(label, top);
    }

    /// The loop whose head was bound last begins.
    pub(crate) fn enter_loop(&mut self, number: u32, survey: Option<&LoopSurvey<'_>>) {
        let label = self.control.head.take().expect("a loop's head is bound first");
        self.control.labels[label.0 as usize].bound = true;
        let pinned = self.pin(label, survey);
        self.control.pinned.push(pinned);
        self.control.innermost = pinned;
        self.plan(label);
        self.conform();
        self.take_state(label, NO_TOP);
        self.asm.bind(self.label(label).place);
        let position = self.asm.offset();
        if self.target.counts {
            let around = self.control.counts.open(self.asm.offset());
            let out = self.count(number, around);
            self.control.labels[label.0 as usize].counted = Some(Counted { out, around });
        }
        let number = number as usize;
        if self.control.loops.len() <= number {
            self.control.loops.resize(number + 1, None);
        }
        self.control.last_head = Some((label, self.asm.offset()));
        self.control.last_meter = Meter::default();
        self.control.loops[number] = Some(Arrival { label, position, word: None });
        if self.target.choices {
            self.choose(label, number);
        }
    }

    /// Asks the runtime whether to go on elsewhere, at the head of a loop, where all values are to be in their slots.
    fn choose(&mut self, head: Label, number: usize) {
        self.flush();
        let behind = self.asm.label();
        let words = [Word::Stub(Stub::Choose), Word::Label(behind), Word::Value(number as u64)];
        let words = self.asm.words(&words);
        self.tables.own_words(words, self.asm.offset());
        self.emit_run_words(words, true);
        self.asm.bind(behind);
        self.emit_arrival();
        self.load_state(head);
    }

    /// Counts an arrival, at the head of a loop or at the start of the function, and asks the runtime if it was the last one. Returns
    /// where that is done; the state is as it is here.
    pub(crate) fn count(&mut self, number: u32, around: u32) -> Place {
        let (landing, back) = (self.asm.label(), self.asm.label());
        let words = [Word::Stub(Stub::Choose), Word::Label(landing), Word::Value(number.into())];
        let words = self.asm.words(&words);
        self.tables.own_words(words, self.asm.offset());
        let kept = self.tables.keep(self.cache, NO_TOP);
        let out = self.cold(ColdPath::Run { words, kept, back: Some((landing, back)) });
        let step = self.emit_count(out);
        self.control.counts.note(around, step);
        self.asm.bind(back);
        out
    }

    /// The innermost loop ends.
    pub(crate) fn leave_loop(&mut self) {
        if self.target.counts {
            self.control.counts.close(self.asm);
        }
        self.control.pinned.pop();
        self.control.innermost = self.control.pinned.last().copied().unwrap_or_default();
    }

    /// Control does not go on here.
    pub(crate) fn leave(&mut self) {
        self.done();
        self.cache.clear();
        self.control.unreachable = true;
    }

    /// Stops with a trap.
    pub(crate) fn trap_here(&mut self, trap: upshift_core::Trap) {
        let start = self.asm.offset();
        self.emit_trap(trap);
        self.note_trap(start, trap);
        self.leave();
    }

    /// Takes fuel for the run that begins here.
    pub(crate) fn take_fuel(&mut self) -> Charge {
        let start = self.asm.offset();
        let out = self.cold(ColdPath::OutOfFuel);
        let amount = self.emit_take_fuel();
        self.note_meter(start, |meter| &mut meter.charge);
        self.asm.jcc(Cond::B, out);
        self.note_metered(start);
        self.done();
        Charge(amount)
    }

    /// A jump.
    pub(crate) fn jump_to(&mut self, target: Label) {
        let counted = self.label(target).counted;
        let place = self.approach(target);
        self.conform();
        match self.head_test(target).filter(|_| place == self.label(target).place) {
            Some(test) => {
                // The state is that of the head.
                if let Some(Counted { out, around }) = counted {
                    let step = self.emit_count(out);
                    self.control.counts.note(around, step);
                }
                self.jump_to_test(test, place);
            }
            None => self.asm.jmp(place),
        }
        self.leave();
    }

    /// A branch that is taken if the test of the flags holds.
    fn branch(&mut self, test: Test, target: Label) {
        let place = self.approach(target);
        if self.control.plan.is_empty() {
            let end = self.asm.offset();
            self.jump_if(test, place);
            if place == self.label(target).place {
                self.note_branch(end, test, target);
                self.note_head_test(end, test, place);
            }
            return;
        }
        let skip = self.asm.label();
        self.jump_if(test.inverted(), skip);
        self.conform();
        self.asm.jmp(place);
        self.asm.bind(skip);
    }

    /// A branch on a condition.
    pub(crate) fn branch_on(&mut self, condition: Operand, sense: bool, target: Label) {
        let test = self.test_of(condition);
        self.done();
        self.branch(if sense { test } else { test.inverted() }, target);
    }

    /// A branch on a reference.
    pub(crate) fn branch_on_null(&mut self, reference: Operand, sense: bool, target: Label) {
        let test = self.compare(Cond::E, Kind::I64, reference, Operand::Const(0, Slot(0)));
        self.done();
        self.branch(if sense { test } else { test.inverted() }, target);
    }

    /// A branch on the type of a reference.
    pub(crate) fn branch_on_cast(
        &mut self,
        cast: Cast,
        reference: Operand,
        sense: bool,
        target: Label,
        free: Slot,
    ) {
        if !self.is_twins_turn()
            && let Some((test, _)) = self.emit_cast_test(cast, reference)
        {
            self.done();
            return self.branch(if sense { test } else { test.inverted() }, target);
        }
        self.embed(false, |builder| builder.ref_test(cast, free, reference));
        self.branch_on(Operand::Temp(free), sense, target);
    }

    /// A jump to one of several targets.
    pub(crate) fn branch_by_table(&mut self, index: Operand, targets: &[Label]) {
        self.flush();
        // Both belong to nobody by the time the state counts, so it does not name them.
        let (index, scratch) = (self.take_gpr(index, Kind::I32), self.alloc_gpr());
        self.done();
        let Some((&default, listed)) = targets.split_last() else { return };
        self.control.tables += 1;
        self.control.counts.note_table();
        let mut entries = std::mem::take(&mut self.tables.entries);
        entries.clear();
        for &target in listed {
            entries.push(self.table_place(target));
        }
        let default = self.table_place(default);
        let table = self.asm.table(&entries);
        self.tables.branch_tables.push((table.offset(), entries.len() as u32));
        self.emit_table_jump(index, scratch, table, entries.len() as u32, default);
        self.tables.entries = entries;
        self.leave();
    }

    /// Where the table that is being compiled leads for a target. All values are in their slots.
    fn table_place(&mut self, target: Label) -> Place {
        let table = self.control.tables;
        if let (number, Some(place)) = self.label(target).in_table
            && number == table
        {
            return place;
        }
        let place = self.approach_from_slots(target);
        self.control.labels[target.0 as usize].in_table = (table, Some(place));
        place
    }

    /// Writes the ways in from other tiers.
    pub(crate) fn emit_arrivals(&mut self) {
        self.emit_ways_from_slots();
        let mut loops = std::mem::take(&mut self.control.loops);
        for arrival in loops.iter_mut().flatten() {
            self.emit_arrival_at(arrival);
        }
        self.control.loops = loops;
        let mut targets: Vec<Label> = self.tables.side.targets().collect();
        targets.sort_unstable_by_key(|label| label.0);
        targets.dedup();
        for label in targets {
            let position = self.asm.place(self.label(label).place).unwrap_or(0);
            let mut arrival = Arrival { label, position, word: None };
            self.emit_arrival_at(&mut arrival);
            self.control.catches.push(arrival);
        }
    }

    fn emit_arrival_at(&mut self, arrival: &mut Arrival) {
        self.tables.own(self.asm.offset(), arrival.position);
        let stub = self.asm.here();
        self.emit_arrival();
        self.load_state(arrival.label);
        self.asm.jmp(self.label(arrival.label).place);
        let word = self.asm.words(&[Word::Label(stub)]);
        self.tables.own_words(word, arrival.position);
        arrival.word = Some(word);
    }
}
