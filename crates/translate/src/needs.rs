//! Which features a module requires.
//!
//! ```text
//! no features ─ validate sections, then each body ─▶ refused? ─ allow what is missing, try this part again ─▶ the set
//! ```
//!
//! The validator itself decides, so there is no second table of what belongs to which feature. Bodies, which are most of a
//! module, are validated once, plus once more for each body that is the first to need a feature.
//!
//! With the resulting features the module is valid; each of them is there because something was refused without it.

use wasmparser::{
    BinaryReader, FuncToValidate, FuncValidatorAllocations, FunctionBody, Parser, ValidPayload, Validator,
    ValidatorResources, WasmFeatures,
};

use crate::features::{Feature, Features};
use crate::module::ModuleInfo;
use crate::validate::BodyValidator;

/// The features without which a module is not valid, in the order of [`Feature::ALL`].
///
/// ```
/// use upshift_translate::features::{Feature, Features};
/// use upshift_translate::{TypeRegistry, needed_features, parse};
///
/// let bytes = wat::parse_str("(module (func (result f32 f32) (f32.const 1) (f32.const 2)))")?;
/// let module = parse(bytes.into(), &Features::all(), &TypeRegistry::default())?;
/// assert_eq!(needed_features(&module), [Feature::MultiValue, Feature::Floats]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn needed_features(module: &ModuleInfo) -> Vec<Feature> {
    let mut needs = Needs { bytes: &module.bytes, found: Features::NONE, work: 0 };
    needs.find();
    needs.list()
}

struct Needs<'m> {
    bytes: &'m [u8],
    found: Features,
    /// How many bytes of bodies were validated.
    work: usize,
}

/// A body that waits for validation, with what belongs to it.
type Body<'m> = (FuncToValidate<ValidatorResources>, &'m [u8], u64);

impl<'m> Needs<'m> {
    fn list(&self) -> Vec<Feature> {
        Feature::ALL.iter().copied().filter(|&feature| self.found.has(feature)).collect()
    }

    fn find(&mut self) {
        let bytes = self.bytes;
        let Some(bodies) = self.complete(|features, _| sections(bytes, features)) else { return };
        let mut allocations = FuncValidatorAllocations::default();
        for body in &bodies {
            if self.complete(|features, work| validate(body, features, &mut allocations, work)).is_none() {
                return;
            }
        }
    }

    /// Validates a part of the module, with one feature more as long as that is refused; `None` if no feature helps, which
    /// cannot be with a module that is valid.
    fn complete<T>(
        &mut self,
        mut validate: impl FnMut(WasmFeatures, &mut usize) -> Result<T, wasmparser::Error>,
    ) -> Option<T> {
        loop {
            let error = match validate(self.found.flags(), &mut self.work) {
                Ok(done) => return Some(done),
                Err(error) => error,
            };
            let named = error.missing_wasm_feature().and_then(Feature::from_flags);
            let named = named.filter(|&feature| !self.found.has(feature));
            let feature = named.or_else(|| {
                // The validator does not say what is missing: it is what brings it further.
                let mut others = Feature::ALL.iter().copied().filter(|&feature| !self.found.has(feature));
                others.find(|&feature| {
                    let features = self.found.flags().union(feature.flags());
                    let other = validate(features, &mut self.work).err();
                    other.is_none_or(|other| other.offset() > error.offset())
                })
            });
            match feature {
                // What is not implemented has been refused before.
                Some(feature) => self.found.set(feature, true).ok()?,
                None => self.take_away(&mut validate)?,
            }
        }
    }

    /// Allows what a part needs that is only brought further by several features at once: all but those that it can do without.
    fn take_away<T>(
        &mut self,
        mut validate: impl FnMut(WasmFeatures, &mut usize) -> Result<T, wasmparser::Error>,
    ) -> Option<()> {
        let mut enough = Features::all();
        validate(enough.flags(), &mut self.work).ok()?;
        for &feature in Feature::ALL.iter().filter(|&&feature| !self.found.has(feature)) {
            let mut without = enough;
            if without.set(feature, false).is_ok() && validate(without.flags(), &mut self.work).is_ok() {
                enough = without;
            }
        }
        self.found = enough;
        Some(())
    }
}

/// Validates everything but the bodies, which are returned.
fn sections(bytes: &[u8], features: WasmFeatures) -> Result<Vec<Body<'_>>, wasmparser::Error> {
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut validator = Validator::new_with_features(features);
    let mut bodies = Vec::new();
    for payload in parser.parse_all(bytes) {
        if let ValidPayload::Func(func, body) = validator.payload(&payload?)? {
            bodies.push((func, body.as_bytes(), body.range().start));
        }
    }
    Ok(bodies)
}

fn validate(
    (func, bytes, offset): &Body<'_>,
    features: WasmFeatures,
    allocations: &mut FuncValidatorAllocations,
    work: &mut usize,
) -> Result<(), wasmparser::Error> {
    *work += bytes.len();
    let (resources, index, ty) = (&func.resources, func.index, func.ty);
    // Of the same type as that of loading: the validator's code is there once.
    let mut validator: BodyValidator<'_> =
        FuncToValidate { resources, index, ty, features }.into_validator(std::mem::take(allocations));
    let mut reader = BinaryReader::new(bytes, *offset);
    reader.set_features(features);
    let result = validator.validate(&FunctionBody::new(reader));
    *allocations = validator.into_allocations();
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TypeRegistry, parse};

    fn module(text: &str) -> ModuleInfo {
        parse(wat::parse_str(text).unwrap().into(), &Features::all(), &TypeRegistry::default()).unwrap()
    }

    fn is_valid(module: &ModuleInfo, features: &Features) -> bool {
        parse(module.bytes.clone(), features, &TypeRegistry::default()).is_ok()
    }

    /// What is needed is enough, and nothing of it can be left out.
    #[track_caller]
    fn check(module: &ModuleInfo) -> Vec<Feature> {
        let needed = needed_features(module);
        let only = |without: Option<Feature>| {
            let mut features = Features::NONE;
            for &feature in needed.iter().filter(|&&feature| Some(feature) != without) {
                features.set(feature, true).unwrap();
            }
            features
        };
        assert!(is_valid(module, &only(None)), "{needed:?} is not enough");
        for &feature in &needed {
            assert!(!is_valid(module, &only(Some(feature))), "{feature} is not needed");
        }
        needed
    }

    #[test]
    fn what_is_needed_is_enough_and_not_too_much() {
        use Feature::*;
        for (text, needed) in [
            ("", &[][..]),
            ("(func (param i32) (result i32) local.get 0)", &[]),
            ("(func (local f32))", &[Floats]),
            ("(func (drop (f64.const 0)))", &[Floats]),
            ("(func (drop (i32.extend8_s (i32.const 0))))", &[SignExtension]),
            (
                "(func (param f32) (drop (i32.trunc_sat_f32_s (local.get 0))))",
                &[SaturatingFloatToInt, Floats],
            ),
            ("(global (export \"g\") (mut i32) (i32.const 0))", &[MutableGlobal]),
            ("(global i32 (i32.add (i32.const 0) (i32.const 1)))", &[ExtendedConst]),
            ("(func (result i32 i32) unreachable)", &[MultiValue]),
            ("(memory 1) (data \"a\")", &[BulkMemory]),
            ("(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))", &[BulkMemory]),
            ("(memory 1) (memory 1)", &[MultiMemory]),
            ("(memory 1) (memory 1) (func (drop (memory.size 1)))", &[MultiMemory]),
            ("(memory i64 1)", &[Memory64]),
            ("(table 1 funcref) (table 1 funcref)", &[ReferenceTypes]),
            ("(func (param externref))", &[ReferenceTypes]),
            ("(func (local v128))", &[Simd]),
            ("(func (return_call 0))", &[TailCall]),
            (
                "(type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0)))",
                &[ReferenceTypes, FunctionReferences],
            ),
            ("(tag) (func (throw 0))", &[Exceptions]),
            ("(tag) (func try catch_all end)", &[Exceptions, LegacyExceptions]),
            ("(memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0))))", &[Threads]),
            ("(memory 1 (pagesize 1))", &[CustomPageSizes]),
            ("(func (i64.mul_wide_s (i64.const 1) (i64.const 1)) drop drop)", &[WideArithmetic]),
        ] {
            let module = module(&format!("(module {text})"));
            assert_eq!(check(&module), needed, "{text}");
        }
        // Where several things are needed, it is enough that the set is right.
        for text in [
            r#"(rec (type $shape (sub (struct (field (mut f64)) (field (ref null $list))))) (type $list (array (mut (ref null $shape)))))
                (type (sub final $shape (struct (field (mut f64)) (field (ref null $list)) (field (mut i16)))))
                (tag (param (ref null $shape))) (table 3 (ref null $list)) (global (export "n") (mut (ref null $list)) (ref.null 1))"#,
            "(type $point (struct (field i64) (field i8))) (import \"env\" \"show\" (func (param (ref $point)) (result anyref)))",
            "(table 3 (ref null any))",
            "(global (mut anyref) (ref.null any))",
            "(rec (type $a (sub (struct (field (ref null $b))))) (type $b (array (mut (ref null $a)))))",
            "(type (struct (field i8))) (func (drop (struct.new_default 0)))",
            "(rec (type $a (struct (field (ref null $b)))) (type $b (array (mut (ref null $a)))))",
            "(func (local (ref eq) i31ref))",
            "(func (result exnref) (ref.null exn))",
            "(func (param v128) (drop (i32x4.relaxed_trunc_f32x4_s (local.get 0))))",
            "(table i64 1 funcref) (memory 1) (memory i64 1) (func (memory.copy 0 1 (i32.const 0) (i64.const 0) (i32.const 0)))",
        ] {
            check(&module(&format!("(module {text})")));
        }
    }

    #[test]
    fn programs_need_what_they_cannot_do_without() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut folders = vec![root.join("examples"), root.join("bench/programs")];
        let mut count = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let is_module = path.extension().is_some_and(|end| end == "wasm" || end == "wat");
                if path.is_dir() {
                    folders.push(path);
                } else if let (true, Ok(bytes)) = (is_module, wat::parse_file(&path))
                    && let Ok(module) = parse(bytes.into(), &Features::all(), &TypeRegistry::default())
                {
                    check(&module);
                    count += 1;
                }
            }
        }
        assert!(count > 20, "{count} programs");
    }

    #[test]
    fn each_body_is_validated_once_and_once_more_for_what_it_brings() {
        let body = |text: &str| format!("(func {text})");
        let plain = "(drop (i32.add (i32.const 1) (i32.const 2)))".repeat(100);
        let work = |copies: usize| {
            let bodies = [
                body(&plain),
                body("(local f32)"),
                body("(drop (i32.extend8_s (i32.const 0)))"),
                body("(local v128)"),
                body("(return_call 0)"),
            ];
            let module = module(&format!("(module {})", bodies.concat().repeat(copies)));
            let mut needs = Needs { bytes: &module.bytes, found: Features::NONE, work: 0 };
            needs.find();
            assert_eq!(needs.list().len(), 4);
            let size: usize = module.bodies.iter().map(ExactSizeIterator::len).sum();
            (needs.work, size)
        };
        let (few, many) = (work(1), work(100));
        assert_eq!(many.0 - few.0, many.1 - few.1, "only the first of each body is looked at twice");
    }
}
