//! Native code written by hand goes to the interpreter and back, in all ways that there are.

mod code;
mod world;

use std::cell::Cell;

use code::{Code, FLOATS, INTS, Words, jump, paired, registers_jump, registers_paired};
use upshift_core::Trap;
use upshift_core::vm::{EntryFrame, ExitPoint, FuncRec, PcKind, Returns, Status, frame};
use upshift_ir::Op;
use world::{CALL_SITE, World, record};

use super::{call_interpreter, call_interpreter_jump, call_interpreter_paired, spread};
use crate::dispatch::Dispatch;
use crate::frame::caller_of;
use crate::stubs;

const BOTH: [Returns; 2] = [Returns::Paired, Returns::Jump];

/// What the sums are in a form of calls: code, native entry, the words of the call.
fn sum(returns: Returns) -> (&'static Code, *const u8, &'static Words) {
    match returns {
        Returns::Paired => (&paired::CODE, paired::native as *const u8, &paired::SITE),
        Returns::Jump => (&jump::CODE, jump::native as *const u8, &jump::SITE),
    }
}

/// The same as the native sums, of function 1: the result of the call is taken from the accumulator.
fn interpreted_sum() -> String {
    format!(
        "frame 8 params 1 results 1 homes 0
        @0  br_if_i64.ne s-4, 0, @5
        @3  return s-4, 0
        @5  i64.add s1, s-4, -1
        @8  call 1, s5, {}, 1
        @12 i64.add s0, acc, s-4
        @14 return s-4, acc",
        record(1)
    )
}

/// A world in which function 1 is native and calls function 0, which is native too or calls function 1.
fn sums(returns: Returns, alternating: bool, slots: usize) -> World {
    let mut world = World::new(slots);
    let (code, native, _) = sum(returns);
    world.set(0, 1, code.words(), native);
    if alternating {
        let interpreted = world.interpreted(&interpreted_sum());
        world.set(0, 0, interpreted, call_interpreter(returns));
    } else {
        world.set(0, 0, code.words(), native);
    }
    world
}

#[test]
fn native_code_calls_and_returns_whatever_its_callee_is() {
    for returns in BOTH {
        for (alternating, func) in [(false, 0), (true, 0), (true, 1)] {
            let mut world = sums(returns, alternating, 1 << 20);
            for n in [0, 1, 2, 3, 1000, 50_001] {
                world.notes.stacks.borrow_mut().clear();
                let result = world.call(Dispatch::Tail, func, n);
                assert_eq!(result, Ok(n * (n + 1) / 2), "{returns:?} {alternating} {func} {n}");
                // The native stack is the same at all depths, and as the platform's functions expect it.
                let stacks = world.notes.stacks.borrow();
                let native = if alternating { (n as usize + func).div_ceil(2) } else { n as usize + 1 };
                assert_eq!(stacks.len(), native);
                assert!(stacks.iter().all(|&sp| sp == stacks[0] && sp % 16 == 8));
            }
        }
    }
}

#[test]
fn arguments_in_registers_reach_whatever_has_them_in_slots() {
    for returns in BOTH {
        for alternating in [false, true] {
            // Function 0 is native or interpreted; the caller by registers is function 2.
            let mut world = sums(returns, alternating, 1 << 16);
            let caller = match returns {
                Returns::Paired => &registers_paired::CODE,
                Returns::Jump => &registers_jump::CODE,
            };
            world.set(0, 2, caller.words(), std::ptr::null());
            world.func(0, 0).reg_entry.set(spread(returns));
            for n in [0, 1, 1000] {
                world.notes.spread.borrow_mut().clear();
                assert_eq!(
                    world.call(Dispatch::Tail, 2, n),
                    Ok(n * (n + 1) / 2),
                    "{returns:?} {alternating} {n}"
                );
                // The sums call themselves by slots.
                let [registers] = world.notes.spread.borrow()[..] else { panic!("it was called once") };
                assert_eq!(registers.ints[0], n);
                for (number, &int) in (1..).zip(&registers.ints[1..]) {
                    assert_eq!(int, INTS + number);
                }
                for (number, float) in (0..).zip(registers.floats) {
                    assert_eq!(float, [FLOATS + number; 2]);
                }
            }
            // What has no room traps as the caller's, as if it was called by slots.
            let mut world = sums(returns, alternating, 13);
            world.set(0, 2, caller.words(), std::ptr::null());
            world.func(0, 0).reg_entry.set(spread(returns));
            let result = world.call(Dispatch::Tail, 2, 1);
            assert_eq!(result, Err(Status::trap(Trap::StackOverflow)));
            assert_eq!(world.stopped().fp, world.outermost());
        }
    }
}

#[test]
fn entering_keeps_the_registers_of_the_caller() {
    for returns in BOTH {
        let mut world = sums(returns, true, 1 << 10);
        let func: *const FuncRec = world.func(0, 1);
        let (ctx, store, fp) = (world.ctx(0), world.store(), world.outermost());
        let entry = EntryFrame { prev: std::ptr::null(), outer: ExitPoint::NONE, sp: Cell::new(0) };
        // SAFETY: the stack has room for the frame, whose header is written as `enter` does.
        let (status, result) = unsafe {
            *fp.sub(4) = 4;
            *fp.offset(frame::RETURN_IP) = stubs::exit() as u64;
            *fp.offset(frame::CALLER_FP) = 0;
            *fp.offset(frame::FUNC) = func as u64;
            (*store).entry = &raw const entry;
            let ip = (*func).code.get().add(1);
            let none = std::ptr::null_mut();
            let status = code::enter_with_all_registers(ctx, ip, fp, none, 0, func as u64, 0.0, 0.0);
            (*store).entry = std::ptr::null();
            (status, *fp.sub(4))
        };
        assert_eq!((status, result), (Status::OK, 10), "{returns:?}");
        assert!(world.notes.stacks.borrow().iter().all(|&sp| sp == entry.sp.get()));
    }
}

#[test]
fn frames_that_do_not_fit_belong_to_their_callers() {
    for returns in BOTH {
        for (alternating, slots) in [(false, 100), (true, 100), (true, 105), (true, 110), (true, 4003)] {
            let mut world = sums(returns, alternating, slots);
            let result = world.call(Dispatch::Tail, 1, u64::MAX);
            assert_eq!(result, Err(Status::trap(Trap::StackOverflow)));
            // Each call takes five slots; the last frame that fits has eight.
            let depth = (slots - 4 - 8) / 5;
            let fp = world.outermost().wrapping_add(5 * depth);
            let stopped = world.stopped();
            assert_eq!((stopped.fp, stopped.ctx), (fp, world.ctx(0)));
            if alternating && depth % 2 == 1 {
                let call = world.func(0, 0).code.get().wrapping_add(1 + 8);
                assert_eq!((stopped.pc, stopped.at), (call.addr(), PcKind::At));
            } else {
                let (_, _, site) = sum(returns);
                assert_eq!((stopped.pc, stopped.at), (site.second().addr(), PcKind::After));
            }
            // The frames below can still be read.
            let (mut point, mut frames) = (stopped, 1);
            loop {
                // SAFETY: the frames are on the stack of the world.
                point = unsafe { caller_of(point.fp, point.ctx) };
                if point.is_none() {
                    break;
                }
                frames += 1;
            }
            assert_eq!(frames, depth + 1);
        }
    }
}

#[test]
fn traps_and_faults_end_the_activation() {
    let mut world = World::new(1000);
    let through = world.interpreted(&interpreted_sum());
    world.set(0, 0, through, call_interpreter(Returns::Paired));
    let cases = [
        (&code::TRAP, code::traps as *const u8, PcKind::After, Trap::MemoryOutOfBounds, 1234),
        (&code::FAULT, code::faults as *const u8, PcKind::At, Trap::IntegerDivisionByZero, 77),
    ];
    for (code, start, at, trap, operand) in cases {
        world.set(0, 1, code.words(), std::ptr::null());
        for (func, depth) in [(1, 0), (0, 1)] {
            assert_eq!(world.call(Dispatch::Tail, func, 9), Err(Status::trap(trap)));
            let stopped = world.stopped();
            assert_eq!(stopped.fp, world.outermost().wrapping_add(5 * depth));
            assert_eq!((stopped.ctx, stopped.at), (world.ctx(0), at));
            assert!(stopped.inside().wrapping_sub(start.addr()) < 64);
            // SAFETY: the store lives.
            assert_eq!(unsafe { (*world.store()).trap_operand }, operand);
        }
    }
}

#[test]
fn results_arrive_in_the_accumulator_of_their_type() {
    let mut world = World::new(1000);
    let call = format!("frame 8 params 1 results 1 homes 0\ncopy s1, s-4\ncall 1, s5, {}, 1\n", record(1));
    let cases = [
        (code::SAME.words(), "return s-4, acc", 5 << 40),
        (code::FLOAT.words(), "return.f32 s-4, acc", u64::from(1.5f32.to_bits())),
        (code::FLOAT.words(), "return.f64 s-4, acc", 2.5f64.to_bits()),
        (code::FLOAT.words(), "return s-4, s1", 3.5f64.to_bits()),
    ];
    for (code, end, value) in cases {
        let caller = world.interpreted(&format!("{call}{end}"));
        world.set(0, 0, caller, std::ptr::null());
        world.set(0, 1, code, std::ptr::null());
        assert_eq!(world.call(Dispatch::Tail, 0, value), Ok(value), "{end}");
    }
}

#[test]
fn native_code_returns_into_another_instance() {
    for returns in BOTH {
        let mut world = World::new(1 << 16);
        let (code, native, _) = sum(returns);
        // The functions of the second instance call each other natively; the first one calls in by a reference.
        world.set(1, 0, code.words(), native);
        let callee: *const FuncRec = world.func(1, 0);
        let text = format!(
            "frame 12 params 1 results 1 homes 0
            const64 s0, {:#x}
            copy s1, s-4
            call_ref 1, s5, s0, {CALL_SITE}
            i64.add s0, acc, 1
            return s-4, acc",
            callee.addr()
        );
        let caller = world.interpreted(&text);
        world.set(0, 0, caller, call_interpreter(returns));
        assert_eq!(world.call(Dispatch::Tail, 0, 100), Ok(5051));
    }
}

#[test]
fn native_code_calls_what_has_no_code_yet() {
    for returns in BOTH {
        let mut world = sums(returns, true, 1000);
        let code = world.func(0, 0).code.replace(stubs::translate());
        world.notes.code.set(code);
        assert_eq!(world.call(Dispatch::Tail, 1, 5), Ok(15));
        assert_eq!(world.func(0, 0).code.get(), code);
        // It is the caller that waits.
        let (_, _, site) = sum(returns);
        let expected = ExitPoint::after(site.second(), world.outermost(), world.ctx(0));
        assert_eq!(world.notes.exit.get(), Some(expected));
    }
}

/// Counts down to 0, then returns 7.
const COUNT_DOWN: &str = "frame 8 params 1 results 1 homes 0
    @0 i64.add s-4, s-4, -1
    @3 loop_if_i64.ne s-4, 0, @0
    @6 return s-4, 7";

#[test]
fn hot_code_goes_on_where_the_runtime_says() {
    for dispatch in [Dispatch::Loop, Dispatch::Tail] {
        if dispatch.effective() != Ok(dispatch) {
            continue;
        }
        let mut world = World::new(1000);
        let code = world.interpreted(COUNT_DOWN);
        let same = world.interpreted("frame 8 params 1 results 1 homes 0\nreturn s-4, s-4");
        world.set(0, 0, code, std::ptr::null());
        let fp = world.outermost();
        let head = code.wrapping_add(1);
        // The call counts, and each turn but the first.
        let run = |world: &mut World, counter: i32| {
            world.func(0, 0).counter.set(counter);
            world.notes.asked.borrow_mut().clear();
            let result = world.call(dispatch, 0, 100);
            (result, world.notes.asked.borrow().clone())
        };
        assert_eq!(run(&mut world, 100), (Ok(7), vec![]));
        for counter in [0, 1, 50, 99] {
            assert_eq!(run(&mut world, counter), (Ok(7), vec![(head, fp)]), "{dispatch:?} {counter}");
        }
        // In other code of the interpreter, which tells how far it was.
        world.notes.landing.set(same.wrapping_add(1));
        for counter in [0, 1, 50, 99] {
            let left = 100 - counter as u64;
            assert_eq!(run(&mut world, counter), (Ok(left), vec![(head, fp)]), "{dispatch:?} {counter}");
        }
        // In native code.
        if dispatch == Dispatch::Tail {
            world.notes.landing.set(code::SAME.words().wrapping_add(1));
            for counter in [0, 99] {
                assert_eq!(run(&mut world, counter).0, Ok(100 - counter as u64));
            }
        }
        // Not at all.
        for status in [Status::HOST, Status::trap(Trap::OutOfFuel)] {
            world.notes.status.set(Some(status));
            for counter in [0, 50] {
                assert_eq!(run(&mut world, counter).0, Err(status));
                assert_eq!(world.stopped(), ExitPoint::at(head, fp, world.ctx(0)));
            }
        }
    }
}

#[test]
fn functions_that_native_code_calls_are_counted() {
    for returns in BOTH {
        let mut world = sums(returns, true, 1 << 16);
        let (native, called) = (world.func(0, 1).code.get(), world.func(0, 0).code.get());
        for landing in [std::ptr::null(), native.wrapping_add(1)] {
            world.notes.landing.set(landing);
            world.notes.asked.borrow_mut().clear();
            world.func(0, 0).counter.set(2);
            assert_eq!(world.call(Dispatch::Tail, 1, 9), Ok(45));
            // The third call of the five: the frames before it have five slots each.
            let fp = world.outermost().wrapping_add(5 * 5);
            assert_eq!(*world.notes.asked.borrow(), [(called.wrapping_add(1), fp)]);
        }
    }
}

#[test]
fn native_code_asks_whether_to_go_on_elsewhere() {
    let mut world = World::new(1000);
    world.set(0, 0, code::CHOOSE.words(), std::ptr::null());
    let words: *const u64 = (&raw const code::CHOICE).cast();
    let fp = world.outermost();
    assert_eq!(world.call(Dispatch::Tail, 0, 31), Ok(31));
    let other = world.interpreted("frame 8 params 1 results 1 homes 0\nreturn s-4, 2");
    // Also where it already is: the word is an address of code like any other.
    for (landing, result) in [(other.wrapping_add(1), 2), (words.wrapping_add(1), 31)] {
        world.notes.landing.set(landing);
        assert_eq!(world.call(Dispatch::Tail, 0, 31), Ok(result));
    }
    world.notes.status.set(Some(Status::HOST));
    assert_eq!(world.call(Dispatch::Tail, 0, 31), Err(Status::HOST));
    assert_eq!(*world.notes.asked.borrow(), [(words, fp); 4]);
    assert_eq!(world.stopped(), ExitPoint::at(words, fp, world.ctx(0)));
}

#[test]
fn every_return_address_has_the_way_back_in_front() {
    let to_interpreter = super::return_to_interpreter() as u64;
    // SAFETY: the stubs are words with one in front.
    let front = [stubs::exit(), stubs::restore()].map(|stub| unsafe { *stub.sub(1) });
    assert_eq!(front, [to_interpreter, super::arch::restored() as u64]);
    for &op in Op::ALL.iter().filter(|op| op.returns_here()) {
        let mut words = vec![0; 1 + op.words()];
        words[2] = op as u64;
        crate::link(&mut words);
        assert_eq!(words.last(), Some(&to_interpreter), "{}", op.text());
    }
    let adaptors = [call_interpreter_paired(), call_interpreter_jump()];
    assert_eq!(BOTH.map(|returns| call_interpreter(returns).addr()), adaptors);
    assert_ne!(adaptors[0], adaptors[1]);
}
