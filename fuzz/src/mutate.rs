use crate::Target;

/// Longer inputs are cut.
const LONGEST: usize = 1 << 14;
const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, b'"', b'\\', b'\n'];

/// Reproducible random numbers (splitmix64).
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    /// The sequence of a seed and a target's name.
    pub fn new(seed: u64, name: &str) -> Random {
        // FNV-1a.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Random(seed ^ hash)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 when `end` is 0.
    fn below(&mut self, end: usize) -> usize {
        let wide = u128::from(self.next()) * (end as u128);
        (wide >> 64) as usize
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn pick<'a>(&mut self, from: &[&'a [u8]]) -> &'a [u8] {
        from.get(self.below(from.len())).copied().unwrap_or(&[])
    }
}

/// Makes the next input of `target` in `input`.
pub(crate) fn next(random: &mut Random, target: &Target, input: &mut Vec<u8>) {
    input.clear();
    if random.below(16) == 0 {
        let length = random.below(64);
        input.extend((0..length).map(|_| random.byte()));
    } else {
        input.extend_from_slice(random.pick(target.seeds));
    }
    // Mostly few changes, so that the input stays nearly well-formed; now and then many.
    let changes = 1 << random.below(6);
    for _ in 0..random.below(changes) + 1 {
        change(random, target, input);
    }
    input.truncate(LONGEST);
}

fn change(random: &mut Random, target: &Target, input: &mut Vec<u8>) {
    let at = random.below(input.len() + 1);
    let span = at..(at + 1 + random.below(16)).min(input.len()).max(at);
    match random.below(10) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = random.byte();
            }
        }
        2 => {
            let edge = EDGES[random.below(EDGES.len())];
            input.insert(at, edge);
        }
        3 => {
            input.drain(span);
        }
        4 => {
            let copy = input[span].to_vec();
            let to = random.below(input.len() + 1);
            input.splice(to..to, copy);
        }
        5 => {
            // Deep nesting and long runs.
            let copy = input[span].to_vec();
            for _ in 0..random.below(256) {
                input.splice(at..at, copy.iter().copied());
            }
        }
        6 => input.truncate(at),
        7 => {
            let other = random.pick(target.seeds);
            let from = random.below(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        8 => {
            let number = match random.below(4) {
                0 => i64::MAX.to_string(),
                1 => i64::MIN.to_string(),
                2 => (random.next() as i64).to_string(),
                _ => random.below(300).to_string(),
            };
            input.splice(at..at, number.into_bytes());
        }
        _ => {
            let word = random.pick(target.words);
            input.splice(at..at, word.iter().copied());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Target = Target {
        name: "test",
        run: |_| {},
        seeds: &[b"{\"a\": [1, 2]}", b""],
        words: &[b"null"],
    };

    fn inputs(seed: u64, count: usize) -> Vec<Vec<u8>> {
        let mut random = Random::new(seed, TARGET.name);
        let mut input = Vec::new();
        let mut all = Vec::new();
        for _ in 0..count {
            next(&mut random, &TARGET, &mut input);
            all.push(input.clone());
        }
        all
    }

    #[test]
    fn a_seed_always_gives_the_same_inputs() {
        assert_eq!(inputs(7, 500), inputs(7, 500));
        assert_ne!(inputs(7, 500), inputs(8, 500));
    }

    #[test]
    fn inputs_vary_and_stay_bounded() {
        let mut all = inputs(1, 20_000);
        assert!(all.iter().all(|input| input.len() <= LONGEST));
        assert!(all.iter().any(Vec::is_empty));
        let with_word = all
            .iter()
            .filter(|input| input.windows(4).any(|part| part == b"null"))
            .count();
        assert!(with_word > 1000, "{with_word}");
        all.sort();
        all.dedup();
        assert!(all.len() > 10_000, "{}", all.len());
    }

    #[test]
    fn below_covers_its_range() {
        let mut random = Random::new(1, "");
        let mut seen = [false; 5];
        (0..200).for_each(|_| seen[random.below(5)] = true);
        assert_eq!(seen, [true; 5]);
        assert_eq!(random.below(0), 0);
    }
}
