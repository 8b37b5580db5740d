//! What the call sites of an instance have called: in its context a [`CallTarget`] for each site, written by code.

use upshift_core::index::FuncIndex;
use upshift_core::vm::CallTarget;

use super::{Instance, InstanceData};
use crate::context::AsContext;

impl Instance {
    /// What each indirect call and call by reference in a function of the module has called so far, in the order of its code, for
    /// the project's own tools: not part of the stable interface. A function that is not there has no calls.
    #[doc(hidden)]
    pub fn call_targets(&self, store: impl AsContext, func: u32) -> Vec<CallTarget> {
        let data = self.in_state(store.as_context().state());
        data.targets_of(FuncIndex(func)).map(|(_, target)| target).collect()
    }
}

impl InstanceData {
    /// The sites of a function with what they have called so far. No code of the store runs meanwhile.
    pub(crate) fn targets_of(&self, func: FuncIndex) -> impl Iterator<Item = (u32, CallTarget)> {
        let sites = &self.module.info().call_sites;
        let end = func.0.checked_add(1).map_or(sites.total(), |next| sites.first(FuncIndex(next)));
        // SAFETY: the layout has a cell for each site of the module, and no code runs meanwhile.
        let target = |site| unsafe { *self.at::<CallTarget>(self.layout.call_site(site)) };
        (sites.first(func)..end).map(move |site| (site, target(site)))
    }
}

#[cfg(test)]
mod tests {
    use upshift_core::vm::CallTarget;

    use crate::{Config, Dispatch, Engine, Extern, Func, Instance, Module, Store, Val};

    /// A function for each way of calling what is found at run time; functions 1 to 3 can be found, 0 is the host's.
    const CALLS: &str = r#"(module
        (type $t (sub (func (result i32))))
        (type $final (func (result i32)))
        (import "" "" (func $host (type $t)))
        (table $t funcref (elem $host $one $two))
        (table $f funcref (elem $three $three))
        (func $one (type $t) (i32.const 1))
        (func $two (type $t) (i32.const 2))
        (func $three (type $final) (i32.const 3))
        (func (export "subtype") (param i32) (result i32) (call_indirect $t (type $t) (local.get 0)))
        (func (export "final") (param i32) (result i32) (call_indirect $f (type $final) (local.get 0)))
        (func (export "ref") (param i32) (result i32)
            (call_ref $t (ref.cast (ref $t) (table.get $t (local.get 0)))))
        (func (export "tail subtype") (param i32) (result i32)
            (return_call_indirect $t (type $t) (local.get 0)))
        (func (export "tail final") (param i32) (result i32)
            (return_call_indirect $f (type $final) (local.get 0)))
        (func (export "tail ref") (param i32) (result i32)
            (return_call_ref $t (ref.cast (ref $t) (table.get $t (local.get 0))))))"#;

    #[test]
    fn sites_know_the_only_function_that_they_called() {
        for dispatch in [Dispatch::Tail, Dispatch::Loop] {
            let mut config = Config::new();
            config.dispatch(dispatch);
            let Ok(engine) = Engine::new(&config) else { continue };
            let module = Module::new(&engine, CALLS).unwrap();
            let mut store = Store::new(&engine, ());
            let ty = module.imports().next().unwrap().ty().unwrap_func().clone();
            let host = Func::new(&mut store, ty, |_, _, results| {
                results[0] = Val::I32(7);
                Ok(())
            });
            let imports = [Extern::from(host)];
            let instance = Instance::new(&mut store, &module, &imports).unwrap();
            let other = Instance::new(&mut store, &module, &imports).unwrap();
            let one = CallTarget::own;
            for (func, name, calls) in [
                (4, "subtype", &[(1, one(1)), (1, one(1)), (2, CallTarget::MANY), (1, CallTarget::MANY)][..]),
                (5, "final", &[(0, one(3)), (1, one(3))]),
                (6, "ref", &[(2, one(2)), (0, CallTarget::MANY), (2, CallTarget::MANY)]),
                (7, "tail subtype", &[(0, CallTarget::MANY), (1, CallTarget::MANY)]),
                (8, "tail final", &[(1, one(3))]),
                (9, "tail ref", &[(1, one(1)), (2, CallTarget::MANY)]),
            ] {
                let run = instance.get_typed_func::<i32, i32>(&mut store, name).unwrap();
                assert_eq!(instance.call_targets(&store, func), [CallTarget::UNSEEN], "{name}");
                for &(element, target) in calls {
                    let expected = if name.ends_with("final") { 3 } else { [7, 1, 2][element as usize] };
                    assert_eq!(run.call(&mut store, element).unwrap(), expected, "{name}");
                    assert_eq!(instance.call_targets(&store, func), [target], "{name}");
                }
                assert_eq!(other.call_targets(&store, func), [CallTarget::UNSEEN], "{name}");
            }
            for none in [0, 3, 10, u32::MAX] {
                assert_eq!(instance.call_targets(&store, none), []);
            }
        }
    }
}
