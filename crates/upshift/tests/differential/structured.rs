use crate::rng::Rng;
pub(crate) fn module(_rng: &mut Rng, _index: u64) -> Option<Vec<u8>> {
    None
}
