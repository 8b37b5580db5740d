//! Tables whose elements never change once they are there, and what is known of them: for calls through such tables.
//!
//! In: a validated module. Out: by table how large it is and what it may have, and by element which function it is, if that is known.
//! A table is fixed if it is neither imported nor exported and the module has no operator that changes tables.
//!
//! Where instantiation fails half-way, functions of the module may be in tables of others already, and elements null that come later.
//! So the elements that are known are those of segments which certainly fit, up to the first that may not: whoever runs code finds them.

use upshift_core::index::{FuncIndex, TableIndex};
use upshift_core::types::{TableType, TypeId};

use crate::module::{ConstExpr, ConstOp, ElemItems, ExternIndex, ModuleInfo, SegmentMode};

/// How many elements of a table are looked at.
const MOST_ELEMENTS: u64 = 1 << 18;

/// In tables with more elements none is looked for.
const MOST_SEARCHED: usize = 1 << 10;

/// Stands for an element of which it is not known what it is.
const UNKNOWN: FuncIndex = FuncIndex(u32::MAX);

/// What is known of a table whose elements never change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FixedTable {
    /// How many elements it has.
    pub len: u64,
    /// Whether all its elements are functions of the module itself, or null.
    pub is_own: bool,
    /// The type of all its elements that are not null, if it is the same and they are functions of the module itself.
    pub ty: Option<TypeId>,
}

/// A table whose elements never change, with what they are.
#[derive(Clone, Debug)]
pub(crate) struct Fixed {
    table: FixedTable,
    /// The elements from the first one on, as far as any is known.
    elements: Box<[FuncIndex]>,
}

/// What the elements of a table have in common, so far.
#[derive(Clone, Copy)]
struct Common {
    is_own: bool,
    /// The type of all, if there is one of all; none yet if the outer one is none.
    ty: Option<Option<TypeId>>,
}

impl ModuleInfo {
    /// What is known of a table if its elements never change.
    ///
    /// # Examples
    /// ```
    /// use upshift_core::index::TableIndex;
    /// use upshift_translate::{Features, TypeRegistry, parse};
    ///
    /// let bytes = wat::parse_str("(module (table funcref (elem $f)) (func $f))")?;
    /// let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default())?;
    /// let table = module.fixed_table(TableIndex(0)).expect("nothing changes it");
    /// assert!(table.len == 1 && table.is_own);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn fixed_table(&self, table: TableIndex) -> Option<FixedTable> {
        self.fixed(table).map(|fixed| fixed.table)
    }

    /// The function that is an element of a table for good, if that is known and it is one of the module itself.
    ///
    /// # Examples
    /// ```
    /// use upshift_core::index::{FuncIndex, TableIndex};
    /// use upshift_translate::{Features, TypeRegistry, parse};
    ///
    /// let bytes = wat::parse_str("(module (table 3 funcref) (elem (i32.const 1) $f) (func $f))")?;
    /// let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default())?;
    /// let elements = [0, 1, 2].map(|index| module.fixed_element(TableIndex(0), index));
    /// assert_eq!(elements, [None, Some(FuncIndex(0)), None]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn fixed_element(&self, table: TableIndex, index: u64) -> Option<FuncIndex> {
        let elements = &self.fixed(table)?.elements;
        let func = *elements.get(usize::try_from(index).ok()?)?;
        (func != UNKNOWN && func.0 >= self.imported_funcs).then_some(func)
    }

    /// The index of the only element of a table that has a type, of those that are known for good. In large tables nobody looks.
    #[must_use]
    pub fn only_element(&self, table: TableIndex, ty: TypeId) -> Option<u64> {
        let elements = &self.fixed(table)?.elements;
        if elements.len() > MOST_SEARCHED {
            return None;
        }
        let is_typed = |&func: &FuncIndex| func != UNKNOWN && self.func_type(func).id == ty;
        let at = elements.iter().position(is_typed)?;
        (!elements[at + 1..].iter().any(is_typed)).then_some(at as u64)
    }

    /// The index of the first element of a table that is a function for good, if that is known of any. In large tables nobody looks.
    #[must_use]
    pub fn element_of(&self, table: TableIndex, func: FuncIndex) -> Option<u64> {
        let elements = &self.fixed(table)?.elements;
        let elements = if elements.len() > MOST_SEARCHED { &[] } else { &elements[..] };
        let at = elements.iter().position(|&element| element == func)?;
        Some(at as u64)
    }

    fn fixed(&self, table: TableIndex) -> Option<&Fixed> {
        let tables = self.fixed_tables.get_or_init(|| find(self));
        tables.get(table.index())?.as_ref()
    }
}

/// By table what is known of it.
fn find(module: &ModuleInfo) -> Box<[Option<Fixed>]> {
    if module.operators.change_tables {
        return Box::default();
    }
    let start = Common { is_own: true, ty: None };
    let mut commons: Vec<Option<Common>> = vec![Some(start); module.tables.len()];
    commons[..module.imported_tables as usize].fill(None);
    for export in &module.exports {
        if let ExternIndex::Table(table) = export.item {
            commons[table.index()] = None;
        }
    }
    for (table, init) in module.table_inits.iter().enumerate() {
        if let (Some(common), Some(init)) = (&mut commons[module.imported_tables as usize + table], init) {
            common.add_expr(module, init);
        }
    }
    for segment in &module.elems {
        let SegmentMode::Active(table, _) = &segment.mode else { continue };
        let Some(common) = &mut commons[table.index()] else { continue };
        match &segment.items {
            ElemItems::Funcs(funcs) => funcs.iter().for_each(|&func| common.add(module, func)),
            ElemItems::Exprs(exprs) => exprs.iter().for_each(|expr| common.add_expr(module, expr)),
        }
    }
    let elements = elements(module, &commons);
    let known = |((common, elements), ty): ((Option<Common>, Vec<FuncIndex>), &TableType)| {
        let Common { is_own, ty: common } = common?;
        let table = FixedTable { len: ty.minimum, is_own, ty: common.flatten().filter(|_| is_own) };
        Some(Fixed { table, elements: elements.into() })
    };
    commons.into_iter().zip(elements).zip(&module.tables).map(known).collect()
}

/// By table the elements that whoever runs code finds in it, if it is one of those that never change.
fn elements(module: &ModuleInfo, fixed: &[Option<Common>]) -> Vec<Vec<FuncIndex>> {
    let mut elements: Vec<Vec<FuncIndex>> = vec![Vec::new(); module.tables.len()];
    for (table, init) in (module.imported_tables as usize..).zip(&module.table_inits) {
        let len = module.tables[table].minimum;
        if let (Some(_), Some(init)) = (fixed[table], init)
            && len <= MOST_ELEMENTS
        {
            elements[table] = vec![function(init); len as usize];
        }
    }
    let mut are_certain = true;
    for segment in &module.elems {
        let SegmentMode::Active(table, offset) = &segment.mode else { continue };
        let (table, len) = (table.index(), segment.items.len() as u64);
        let range = offset_of(offset).and_then(|start| Some(start..start.checked_add(len)?));
        // A table that is imported has no fewer elements than it is declared to have.
        are_certain &= range.as_ref().is_some_and(|range| range.end <= module.tables[table].minimum);
        if fixed[table].is_none() {
            continue;
        }
        let known = &mut elements[table];
        let Some(range) = range else {
            known.clear();
            continue;
        };
        let (start, end) = (range.start.min(MOST_ELEMENTS) as usize, range.end.min(MOST_ELEMENTS) as usize);
        if are_certain && known.len() < end && start < end {
            known.resize(end, UNKNOWN);
        }
        let end = end.min(known.len());
        for (at, element) in known[start.min(end)..end].iter_mut().enumerate() {
            *element = match &segment.items {
                _ if !are_certain => UNKNOWN,
                ElemItems::Funcs(funcs) => funcs[at],
                ElemItems::Exprs(exprs) => function(&exprs[at]),
            };
        }
    }
    elements
}

/// The function that an expression refers to.
fn function(expr: &ConstExpr) -> FuncIndex {
    match expr.ops[..] {
        [ConstOp::RefFunc(func)] => func,
        _ => UNKNOWN,
    }
}

/// The offset that an expression always gives.
fn offset_of(expr: &ConstExpr) -> Option<u64> {
    match expr.ops[..] {
        [ConstOp::I32(offset)] => Some(u64::from(offset.cast_unsigned())),
        [ConstOp::I64(offset)] => Some(offset.cast_unsigned()),
        _ => None,
    }
}

impl Common {
    fn add(&mut self, module: &ModuleInfo, func: FuncIndex) {
        self.is_own &= func.0 >= module.imported_funcs;
        let id = module.func_type(func).id;
        self.ty = Some(match self.ty {
            None => Some(id),
            Some(ty) => ty.filter(|&ty| ty == id),
        });
    }

    fn add_expr(&mut self, module: &ModuleInfo, expr: &ConstExpr) {
        match expr.ops[..] {
            [ConstOp::RefFunc(func)] => self.add(module, func),
            [ConstOp::RefNull] => {}
            _ => *self = Common { is_own: false, ty: Some(None) },
        }
    }
}

#[cfg(test)]
mod tests {
    use upshift_core::index::{FuncIndex, TableIndex};

    use super::FixedTable;
    use crate::{Features, ModuleInfo, TypeRegistry, parse};

    fn module(fields: &str) -> ModuleInfo {
        let text = format!(
            "(module (type $t (func)) (import \"\" \"f\" (func $import)) (global $g funcref (ref.null func))
                (func $a) (func $b) (func $other (param i32)) {fields})"
        );
        let bytes = wat::parse_str(text).unwrap();
        parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap()
    }

    fn known(fields: &str) -> Option<FixedTable> {
        module(fields).fixed_table(TableIndex(0))
    }

    #[test]
    fn tables_that_somebody_may_change_are_not_fixed() {
        for fields in [
            "(table (export \"t\") 1 funcref)",
            "(table 1 funcref) (func (table.set 0 (i32.const 0) (ref.null func)))",
            "(table 1 funcref) (table $u 1 externref) (func (drop (table.grow $u (ref.null extern) (i32.const 1))))",
        ] {
            assert_eq!(known(fields), None, "{fields}");
        }
        let text = "(module (import \"\" \"t\" (table 1 funcref)))";
        let bytes = wat::parse_str(text).unwrap();
        let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap();
        assert_eq!(module.fixed_table(TableIndex(0)), None);
    }

    #[test]
    fn what_elements_have_in_common_is_known() {
        for (fields, is_own, same) in [
            ("(table 3 funcref) (elem (i32.const 1) $a $b)", true, true),
            ("(table 3 funcref) (elem (i32.const 1) $a) (elem (i32.const 0) $other)", true, false),
            ("(table 3 funcref) (elem (i32.const 1) $a $import)", false, false),
            ("(table 3 funcref) (elem (i32.const 1) funcref (ref.func $a) (ref.null func))", true, true),
            ("(table 3 funcref) (elem (i32.const 1) funcref (global.get $g))", false, false),
            ("(table 3 funcref (ref.func $import)) (elem (i32.const 1) $a)", false, false),
            ("(table 3 funcref (ref.func $b)) (elem (i32.const 1) $a)", true, true),
            // The functions of other segments never come into the table.
            (
                "(table 3 funcref) (elem declare func $import) (elem (i32.const 0) $b) (elem func $other)",
                true,
                true,
            ),
        ] {
            let table = known(fields).expect(fields);
            assert_eq!((table.len, table.is_own, table.ty.is_some()), (3, is_own, same), "{fields}");
        }
    }

    /// By element the function that it is known to be; those of the module itself are 1 to 3.
    fn known_elements(fields: &str) -> [Option<u32>; 4] {
        let module = module(fields);
        [0, 1, 2, 3].map(|index| module.fixed_element(TableIndex(0), index).map(|func| func.0))
    }

    #[test]
    fn elements_are_known_that_whoever_runs_code_finds() {
        let (a, b, other) = (Some(1), Some(2), Some(3));
        for (fields, expected) in [
            ("(table 3 funcref) (elem (i32.const 1) $a $b)", [None, a, b, None]),
            ("(table i64 3 funcref) (elem (i64.const 1) $a $b)", [None, a, b, None]),
            ("(table funcref (elem $a $import $other))", [a, None, other, None]),
            // Later segments and expressions win.
            (
                "(table 3 funcref) (elem (i32.const 0) $a $b) (elem (i32.const 1) $other)",
                [a, other, None, None],
            ),
            (
                "(table 3 funcref) (elem (i32.const 0) $a $b $a)
                 (elem (i32.const 1) funcref (ref.null func) (global.get $g))",
                [a, None, None, None],
            ),
            ("(table 3 funcref (ref.func $b)) (elem (i32.const 1) $a)", [b, a, b, None]),
            ("(table 3 funcref (ref.null func)) (elem (i32.const 1) $a)", [None, a, None, None]),
            // These never come into the table, or into another one.
            (
                "(table 3 funcref) (elem func $a) (elem declare func $a) (elem (i32.const 0) $b)",
                [b, None, None, None],
            ),
            (
                "(table 3 funcref) (table $u 3 funcref) (elem (i32.const 0) $b) (elem (table $u) (i32.const 0) func $a)",
                [b, None, None, None],
            ),
            // Segments without elements fit where the table ends, and not behind it.
            ("(table 1 funcref) (elem (i32.const 1)) (elem (i32.const 0) $a)", [a, None, None, None]),
            ("(table 1 funcref) (elem (i32.const 2)) (elem (i32.const 0) $a)", [None; 4]),
            (
                "(table 1000000 funcref) (elem (i32.const 1) $a) (elem (i32.const 999999) $b)",
                [None, a, None, None],
            ),
        ] {
            assert_eq!(known_elements(fields), expected, "{fields}");
        }
        for fields in [
            "(table (export \"t\") 1 funcref) (elem (i32.const 0) $a)",
            "(table 1 funcref) (elem (i32.const 0) $a) (func (table.set 0 (i32.const 0) (ref.null func)))",
            "(table 1 funcref) (elem (i32.const -1) $a)",
            "(table i64 1 funcref) (elem (i64.const -1) $a $b)",
        ] {
            assert_eq!(known_elements(fields), [None; 4], "{fields}");
        }
    }

    #[test]
    fn the_only_element_of_a_type_is_found() {
        let module = module("(table 9 funcref) (elem (i32.const 1) $a $other $b $a $import)");
        let [simple, other] = [1, 3].map(|func| module.func_type(FuncIndex(func)).id);
        assert_eq!([simple, other].map(|ty| module.only_element(TableIndex(0), ty)), [None, Some(2)]);
        let places = [0, 1, 2, 3, 4].map(|func| module.element_of(TableIndex(0), FuncIndex(func)));
        assert_eq!(places, [Some(5), Some(1), Some(3), Some(2), None]);
    }

    #[test]
    fn elements_are_not_known_behind_what_may_not_fit() {
        let (a, b) = (Some(1), Some(2));
        let import = "(import \"\" \"o\" (global $o i32)) (import \"\" \"t\" (table $imported 2 funcref))";
        for (fields, expected) in [
            // What comes earlier is there whatever happens later, unless that is in the same place.
            (
                "(elem (table $t) (i32.const 0) func $a $b) (elem (table $t) (i32.const 3) func $a)",
                [a, b, None],
            ),
            (
                "(elem (table $t) (i32.const 0) func $a $b) (elem (table $t) (i32.const 3) func $a) (elem (table $t) (i32.const 1) func $a $a)",
                [a, None, None],
            ),
            ("(elem (table $t) (i32.const 2) func $a $b) (elem (table $t) (i32.const 0) func $a)", [None; 3]),
            // Any place.
            (
                "(elem (table $t) (i32.const 0) func $a) (elem (table $t) (global.get $o) func $b) (elem (table $t) (i32.const 2) func $b)",
                [None; 3],
            ),
            (
                "(elem (table $t) (i32.const 0) func $a) (elem (table $u) (global.get $o) func $b)",
                [a, None, None],
            ),
            ("(elem (table $u) (global.get $o) func $b) (elem (table $t) (i32.const 0) func $a)", [None; 3]),
            // Imported tables are as large as they are declared, at least.
            (
                "(elem (table $imported) (i32.const 1) func $b) (elem (table $t) (i32.const 0) func $a)",
                [a, None, None],
            ),
            (
                "(elem (table $imported) (i32.const 2) func $b) (elem (table $t) (i32.const 0) func $a)",
                [None; 3],
            ),
        ] {
            let text = format!(
                "(module (import \"\" \"f\" (func $import)) {import} (table $t 3 funcref) (table $u 3 funcref)
                    (func $a) (func $b) {fields})"
            );
            let bytes = wat::parse_str(text).unwrap();
            let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap();
            let known = [0, 1, 2].map(|index| module.fixed_element(TableIndex(1), index).map(|func| func.0));
            assert_eq!(known, expected, "{fields}");
        }
    }
}
