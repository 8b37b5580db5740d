//! Generators of inputs: the same bytes on every machine.

/// SplitMix64: a generator of a few instructions whose numbers pass for random.
pub struct Random(u64);

impl Random {
    /// The sequence that belongs to a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// True once in `count` times.
    pub fn once_in(&mut self, count: u32) -> bool {
        self.below(count) == 0
    }

    /// One of the items; the first ones are the more frequent, as words of a language are.
    pub fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        let count = items.len() as u32;
        let limit = self.below(count) + 1;
        items[self.below(limit) as usize]
    }
}

/// Words of several scripts, of one to four bytes a letter.
pub const WORDS: &[&str] = &[
    "the",
    "and",
    "of",
    "water",
    "to",
    "in",
    "light",
    "river",
    "wind",
    "stone",
    "over",
    "under",
    "morning",
    "harbour",
    "keeper",
    "lantern",
    "boat",
    "evening",
    "signal",
    "weather",
    "across",
    "quiet",
    "letter",
    "market",
    "journey",
    "winter",
    "garden",
    "bridge",
    "northern",
    "captain",
    "thousand",
    "measure",
    "Straße",
    "über",
    "Fluß",
    "grün",
    "élève",
    "naïve",
    "façade",
    "œuvre",
    "señor",
    "mañana",
    "ποταμός",
    "θάλασσα",
    "ΦΩΣ",
    "άνεμος",
    "река",
    "Ветер",
    "свет",
    "камень",
    "水",
    "風の音",
    "灯台",
    "항구",
    "שלום",
    "نهر",
    "🙂",
    "🌊🌊",
];

/// A sentence of some words, with a capital at the beginning and a full stop at the end.
pub fn sentence(random: &mut Random) -> String {
    let mut text = String::new();
    for index in 0..5 + random.below(12) {
        let word = random.pick(WORDS);
        if index == 0 {
            let mut letters = word.chars();
            text.extend(letters.next().into_iter().flat_map(char::to_uppercase));
            text += letters.as_str();
        } else {
            text += if random.once_in(9) { ", " } else { " " };
            text += word;
        }
    }
    text + "."
}
