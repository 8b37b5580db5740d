//! Tables whose elements never change once they are there, and what is known of them: for calls through such tables.
//!
//! In: a validated module. Out: by table how large it is and what it may have. A table is fixed if it is neither imported nor
//! exported and the module has no operator that changes tables. Where instantiation fails half-way, elements may be null.

use upshift_core::index::{FuncIndex, TableIndex};
use upshift_core::types::TypeId;

use crate::module::{ConstExpr, ConstOp, ElemItems, ExternIndex, ModuleInfo, SegmentMode};

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
        let tables = self.fixed_tables.get_or_init(|| find(self));
        tables.get(table.index()).copied().flatten()
    }
}

/// By table what is known of it.
fn find(module: &ModuleInfo) -> Box<[Option<FixedTable>]> {
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
    let known = |(common, ty): (Option<Common>, &upshift_core::types::TableType)| {
        common.map(|common| FixedTable {
            len: ty.minimum,
            is_own: common.is_own,
            ty: common.ty.flatten().filter(|_| common.is_own),
        })
    };
    commons.into_iter().zip(&module.tables).map(known).collect()
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
    use upshift_core::index::TableIndex;

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
}
