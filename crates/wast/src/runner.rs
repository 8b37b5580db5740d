//! Executes directives one after the other.
//!
//! ```text
//! (module …)        compile ─▶ instantiate ─▶ the current instance, and the one of its name
//! (register "m")    ─▶ imports of that name from now on
//! (assert_… (invoke …) …)   call ─▶ compare
//! (thread $t …), (wait $t)  another Runner, in a thread; its report
//! ```
//!
//! When a module fails, the instance it would have made is *lost*: what asks for it later fails as well, and names the
//! line of the module as the cause, rather than to run on some other instance.

use std::collections::HashMap;
use std::thread::Scope;

use upshift::{Engine, Error, Exception, Instance, Linker, Module, Store, Trap, Val};
use wast::token::{Id, Index, Span};
use wast::{QuoteWat, WastDirective, WastExecute, WastInvoke, WastRet, WastThread};

use crate::host;
use crate::messages::{expect_trap, expect_unlinkable};
use crate::refusals::{Refused, Wrong, expect_refused, expect_words};
use crate::report::{Failure, Report};
use crate::threads::{Shared, Threads};
use crate::values::{HostValues, argument, expect_results};

/// Why a directive failed.
pub(crate) struct Problem {
    pub(crate) message: String,
    /// Line of the module whose failure is the reason.
    pub(crate) cause: Option<usize>,
}

impl From<String> for Problem {
    fn from(message: String) -> Problem {
        Problem { message, cause: None }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        format!("{error:#}").into()
    }
}

/// A module or an instance that later directives may name: the thing, or the line of the module that was to make it.
type Slot<T> = Result<T, usize>;

/// The slots of one kind.
struct Slots<T> {
    what: &'static str,
    last: Option<Slot<T>>,
    named: HashMap<String, Slot<T>>,
}

impl<T: Clone> Slots<T> {
    fn new(what: &'static str) -> Slots<T> {
        Slots { what, last: None, named: HashMap::new() }
    }

    /// Adds the result of a directive that was to make the thing.
    fn add(&mut self, line: usize, name: Option<Id<'_>>, result: &Result<T, Problem>) {
        let slot = match result {
            Ok(thing) => Ok(thing.clone()),
            Err(problem) => Err(problem.cause.unwrap_or(line)),
        };
        if let Some(name) = name {
            self.named.insert(name.name().to_owned(), slot.clone());
        }
        self.last = Some(slot);
    }

    /// Whether a directive was to make a thing of that name.
    fn has(&self, name: Id<'_>) -> bool {
        self.named.contains_key(name.name())
    }

    /// The thing of a name, or the last one.
    fn get(&self, name: Option<Id<'_>>) -> Result<T, Problem> {
        let slot = match name {
            Some(name) => self.named.get(name.name()),
            None => self.last.as_ref(),
        };
        let slot = slot.ok_or_else(|| match name {
            Some(name) => format!("there is no {} ${}", self.what, name.name()),
            None => format!("there is no {} yet", self.what),
        })?;
        slot.clone().map_err(|line| lost(self.what, line))
    }
}

fn lost(what: &str, line: usize) -> Problem {
    Problem { message: format!("the {what} was lost in line {line}"), cause: Some(line) }
}

/// What a script and its threads have in common.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'scope, 'env> {
    pub(crate) engine: &'env Engine,
    pub(crate) source: &'env str,
    /// The fuel of each store, if the engine meters its programs.
    pub(crate) fuel: u64,
    /// Where threads are started.
    pub(crate) scope: &'scope Scope<'scope, 'env>,
}

/// The state of a script, or of a thread of one.
pub(crate) struct Runner<'scope, 'env> {
    setting: Setting<'scope, 'env>,
    threads: Threads<'scope>,
    /// What a thread may import of the module that it shares with who started it.
    shared: Option<Shared>,
    store: Store<()>,
    linker: Linker<()>,
    hosts: HostValues,
    modules: Slots<Module>,
    instances: Slots<Instance>,
    /// Names that lost instances were registered under.
    lost_imports: HashMap<String, usize>,
    report: Report,
}

impl<'scope, 'env> Runner<'scope, 'env> {
    /// The state before the first directive.
    pub(crate) fn new(setting: Setting<'scope, 'env>) -> Result<Runner<'scope, 'env>, Error> {
        let engine = setting.engine;
        let mut store = Store::new(engine, ());
        // An engine that does not meter its programs has nothing to set.
        let _ = store.set_fuel(setting.fuel);
        store.set_epoch_deadline(u64::MAX);
        let mut linker = Linker::new(engine);
        linker.allow_shadowing(true);
        host::define(&mut linker, &mut store)?;
        Ok(Runner {
            setting,
            threads: Threads::default(),
            shared: None,
            store,
            linker,
            hosts: HostValues::default(),
            modules: Slots::new("module"),
            instances: Slots::new("instance"),
            lost_imports: HashMap::new(),
            report: Report::default(),
        })
    }

    /// The state of a thread before its first directive. It knows nothing but what is shared with it.
    pub(crate) fn of_thread(setting: Setting<'scope, 'env>, shared: Option<Shared>) -> Result<Self, Error> {
        Ok(Runner { shared, ..Runner::new(setting)? })
    }

    /// What came of the script, and of threads that nobody waited for.
    pub(crate) fn finish(mut self, name: &str) -> Report {
        for (line, outcome) in self.threads.join_all() {
            match outcome {
                Ok(report) => self.add(report),
                Err(message) => self.report.failures.push(Failure {
                    line,
                    column: 1,
                    directive: "thread",
                    message,
                    cause: None,
                }),
            }
        }
        self.report.failures.sort_by_key(|failure| (failure.line, failure.column));
        Report { name: name.to_owned(), ..self.report }
    }

    /// Counts what a thread did as what the script did.
    fn add(&mut self, thread: Report) {
        self.report.directives += thread.directives;
        self.report.passed += thread.passed;
        self.report.failures.extend(thread.failures);
        self.report.differences.extend(thread.differences);
    }

    /// Executes a directive.
    pub(crate) fn run(&mut self, directive: WastDirective<'env>) {
        let (span, keyword) = (directive.span(), keyword(&directive));
        self.report.directives += 1;
        match self.execute(directive) {
            Ok(()) => self.report.passed += 1,
            Err(Problem { message, cause }) => {
                let (line, column) = span.linecol_in(self.setting.source);
                let (line, column) = (line + 1, column + 1);
                self.report.failures.push(Failure { line, column, directive: keyword, message, cause });
            }
        }
    }

    fn execute(&mut self, directive: WastDirective<'env>) -> Result<(), Problem> {
        match directive {
            WastDirective::Module(module) => self.module(module),
            WastDirective::ModuleDefinition(module) => self.define(module).map(drop),
            WastDirective::ModuleInstance { span, instance, module } => {
                let module = self.modules.get(module);
                let result = module.and_then(|module| Ok(self.instantiate(&module)??));
                self.add_instance(span, instance, result)
            }
            WastDirective::Register { name, module, .. } => self.register(name, module),
            WastDirective::Invoke(invoke) => {
                self.invoke(&invoke)??;
                Ok(())
            }
            WastDirective::AssertReturn { exec, results, .. } => self.assert_return(exec, &results),
            WastDirective::AssertTrap { exec, message, .. } => match self.perform(exec)? {
                Ok(_) => Err(format!("expected the trap \"{message}\", but there was none").into()),
                Err(error) => Ok(expect_trap(&error, message)?),
            },
            WastDirective::AssertExhaustion { call, message, .. } => match self.invoke(&call)? {
                Ok(_) => Err(format!("expected \"{message}\", but there was enough").into()),
                Err(error) => Ok(expect_trap(&error, message)?),
            },
            WastDirective::AssertMalformed { module, message, .. } => {
                self.assert_refused(module, Wrong::Malformed, message)
            }
            WastDirective::AssertInvalid { module, message, .. } => {
                self.assert_refused(module, Wrong::Invalid, message)
            }
            WastDirective::AssertUnlinkable { module, message, .. } => {
                let module = self.compile(&mut QuoteWat::Wat(module))?;
                match self.instantiate(&module)? {
                    Ok(_) => Err(format!("expected \"{message}\", but linking went well").into()),
                    Err(error) => Ok(expect_unlinkable(&error, message)?),
                }
            }
            WastDirective::AssertMalformedCustom { mut module, message, .. }
            | WastDirective::AssertInvalidCustom { mut module, message, .. } => match module.encode() {
                Ok(_) => Err("custom sections are not validated".to_owned().into()),
                Err(error) => self.refused(expect_words(&error.message(), message)),
            },
            WastDirective::AssertException { exec, .. } => match self.perform(exec)? {
                Ok(_) => Err("expected an exception, but there was none".to_owned().into()),
                Err(error) if error.is::<Exception>() => Ok(()),
                Err(error) => Err(format!("expected an exception, got: {error:#}").into()),
            },
            WastDirective::AssertSuspension { .. } => {
                Err("the feature `stack-switching` is not supported".to_owned().into())
            }
            WastDirective::Thread(thread) => self.thread(thread),
            WastDirective::Wait { thread, .. } => {
                let report = self.threads.join(thread.name())?;
                self.add(report);
                Ok(())
            }
        }
    }

    /// Starts a thread. What it does is counted when it is waited for.
    fn thread(&mut self, thread: WastThread<'env>) -> Result<(), Problem> {
        let shared = match thread.shared_module {
            Some(name) => {
                let instance = self.instances.get(Some(name))?;
                Some(Shared::of(&mut self.store, name.name(), &instance))
            }
            None => None,
        };
        let line = self.line(thread.span);
        Ok(self.threads.start(self.setting, line, thread, shared)?)
    }

    fn module(&mut self, module: QuoteWat<'_>) -> Result<(), Problem> {
        let (span, name) = (module.span(), module.name());
        let result = self.define(module).and_then(|module| Ok(self.instantiate(&module)??));
        self.add_instance(span, name, result)
    }

    fn define(&mut self, mut module: QuoteWat<'_>) -> Result<Module, Problem> {
        let result = self.compile(&mut module);
        self.modules.add(self.line(module.span()), module.name(), &result);
        result
    }

    fn add_instance(
        &mut self,
        span: Span,
        name: Option<Id<'_>>,
        result: Result<Instance, Problem>,
    ) -> Result<(), Problem> {
        self.instances.add(self.line(span), name, &result);
        result.map(drop)
    }

    fn register(&mut self, name: &str, instance: Option<Id<'_>>) -> Result<(), Problem> {
        self.lost_imports.remove(name);
        if let Some(shared) = &self.shared
            && instance.is_some_and(|id| id.name() == shared.name && !self.instances.has(id))
        {
            return Ok(shared.define(&mut self.linker, &self.store, name)?);
        }
        match self.instances.get(instance) {
            Ok(instance) => {
                self.linker.instance(&mut self.store, name, instance)?;
                Ok(())
            }
            Err(problem) => {
                if let Some(line) = problem.cause {
                    self.lost_imports.insert(name.to_owned(), line);
                }
                Err(problem)
            }
        }
    }

    fn assert_return(&mut self, exec: WastExecute<'_>, expected: &[WastRet<'_>]) -> Result<(), Problem> {
        let instance = match &exec {
            WastExecute::Invoke(WastInvoke { module, .. }) | WastExecute::Get { module, .. } => {
                self.instances.get(*module).ok()
            }
            WastExecute::Wat(_) => None,
        };
        let results = self.perform(exec)?.map_err(|error| match error.downcast_ref::<Trap>() {
            Some(trap) => format!("trapped: {}", trap.message()),
            None => match error.downcast_ref::<Exception>() {
                Some(exception) => format!("threw a {exception}"),
                None => format!("{error:#}"),
            },
        })?;
        let func = |index: &Index<'_>| {
            let instance = instance?;
            let number = match index {
                Index::Num(number, _) => *number,
                Index::Id(id) => instance.module(&self.store).func_index(id.name())?,
            };
            instance.func_at(&self.store, number)
        };
        Ok(expect_results(&results, expected, &self.store, &func)?)
    }

    fn assert_refused(
        &mut self,
        mut module: QuoteWat<'_>,
        wrong: Wrong,
        expected: &str,
    ) -> Result<(), Problem> {
        match module.encode() {
            Err(error) if wrong == Wrong::Malformed => self.refused(expect_words(&error.message(), expected)),
            // There is no module that could be invalid.
            Err(error) => Err(format!("the text is malformed: {}", error.message()).into()),
            Ok(bytes) => match Module::from_binary(self.store.engine(), &bytes) {
                Err(error) => self.refused(expect_refused(&error, wrong, expected)),
                Ok(_) => Err("the module was accepted".to_owned().into()),
            },
        }
    }

    /// Notes a known difference.
    fn refused(&mut self, refused: Refused) -> Result<(), Problem> {
        self.report.differences.extend(refused?);
        Ok(())
    }

    fn compile(&self, module: &mut QuoteWat<'_>) -> Result<Module, Problem> {
        let bytes = module.encode().map_err(|error| format!("the text is malformed: {}", error.message()))?;
        Ok(Module::from_binary(self.store.engine(), &bytes)?)
    }

    /// Instantiates a module. The inner result is the engine's answer.
    fn instantiate(&mut self, module: &Module) -> Result<Result<Instance, Error>, Problem> {
        let lost_import = module.imports().find_map(|import| self.lost_imports.get(import.module()));
        if let Some(&line) = lost_import {
            return Err(lost("imported instance", line));
        }
        Ok(self.linker.instantiate(&mut self.store, module))
    }

    /// Does what an assertion is about. The inner result is the engine's answer.
    fn perform(&mut self, exec: WastExecute<'_>) -> Result<Result<Vec<Val>, Error>, Problem> {
        match exec {
            WastExecute::Invoke(invoke) => self.invoke(&invoke),
            WastExecute::Wat(module) => {
                let module = self.compile(&mut QuoteWat::Wat(module))?;
                Ok(self.instantiate(&module)?.map(|_| Vec::new()))
            }
            WastExecute::Get { module, global, .. } => {
                let instance = self.instances.get(module)?;
                let global = instance
                    .get_global(&mut self.store, global)
                    .ok_or_else(|| format!("there is no exported global {global:?}"))?;
                Ok(Ok(vec![global.get(&mut self.store)]))
            }
        }
    }

    fn invoke(&mut self, invoke: &WastInvoke<'_>) -> Result<Result<Vec<Val>, Error>, Problem> {
        let instance = self.instances.get(invoke.module)?;
        let func = instance
            .get_func(&mut self.store, invoke.name)
            .ok_or_else(|| format!("there is no exported function {:?}", invoke.name))?;
        let args = invoke.args.iter().map(|arg| argument(arg, &mut self.store, &mut self.hosts));
        let args = args.collect::<Result<Vec<_>, _>>()?;
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        Ok(func.call(&mut self.store, &args, &mut results).map(|()| results))
    }

    fn line(&self, span: Span) -> usize {
        span.linecol_in(self.setting.source).0 + 1
    }
}

/// The directive's keyword.
fn keyword(directive: &WastDirective<'_>) -> &'static str {
    match directive {
        WastDirective::Module(_) => "module",
        WastDirective::ModuleDefinition(_) => "module definition",
        WastDirective::ModuleInstance { .. } => "module instance",
        WastDirective::Register { .. } => "register",
        WastDirective::Invoke(_) => "invoke",
        WastDirective::AssertMalformed { .. } => "assert_malformed",
        WastDirective::AssertInvalid { .. } => "assert_invalid",
        WastDirective::AssertMalformedCustom { .. } => "assert_malformed_custom",
        WastDirective::AssertInvalidCustom { .. } => "assert_invalid_custom",
        WastDirective::AssertTrap { .. } => "assert_trap",
        WastDirective::AssertReturn { .. } => "assert_return",
        WastDirective::AssertExhaustion { .. } => "assert_exhaustion",
        WastDirective::AssertUnlinkable { .. } => "assert_unlinkable",
        WastDirective::AssertException { .. } => "assert_exception",
        WastDirective::AssertSuspension { .. } => "assert_suspension",
        WastDirective::Thread(_) => "thread",
        WastDirective::Wait { .. } => "wait",
    }
}
