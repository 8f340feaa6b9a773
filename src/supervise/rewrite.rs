//! Exact replacement of byte strings in a stream, without holding back more than it must.

/// Replaces needles in a stream of bytes. At each place the longest needle that matches wins; what a replacement
/// writes is not looked at again. A byte is held back only while it may be the beginning of a needle.
#[derive(Debug, Clone, Default)]
pub struct Rewriter {
    needles: Vec<(Vec<u8>, Vec<u8>)>,
    tail: Vec<u8>,
}

/// What stands at a place in the stream.
enum Match<'a> {
    /// No needle begins here.
    No,
    /// More bytes are needed to tell.
    Perhaps,
    /// This many bytes are to be replaced by these.
    Yes(usize, &'a [u8]),
}

impl Rewriter {
    /// A rewriter for pairs (what comes, what is passed on). Empty needles are ignored.
    pub fn new(pairs: &[(Vec<u8>, Vec<u8>)]) -> Rewriter {
        let mut needles: Vec<_> = pairs
            .iter()
            .filter(|(from, _)| !from.is_empty())
            .cloned()
            .collect();
        needles.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        Rewriter {
            needles,
            tail: Vec::new(),
        }
    }

    /// Takes bytes and returns those that are now certain.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut input = std::mem::take(&mut self.tail);
        input.extend_from_slice(bytes);
        let (out, rest) = self.replace(&input, false);
        self.tail = input.split_off(rest);
        out
    }

    /// Gives up what is held back: the stream has ended, or has paused too long for a needle cut in two.
    pub fn finish(&mut self) -> Vec<u8> {
        let input = std::mem::take(&mut self.tail);
        self.replace(&input, true).0
    }

    /// Whether bytes are held back.
    pub fn holds(&self) -> bool {
        !self.tail.is_empty()
    }

    // The output, and from where on the input must wait for more.
    fn replace(&self, input: &[u8], last: bool) -> (Vec<u8>, usize) {
        let mut out = Vec::with_capacity(input.len());
        let (mut copied, mut at) = (0, 0);
        while at < input.len() {
            match self.look(&input[at..], last) {
                Match::No => at += 1,
                Match::Perhaps => break,
                Match::Yes(len, to) => {
                    out.extend_from_slice(&input[copied..at]);
                    out.extend_from_slice(to);
                    at += len;
                    copied = at;
                }
            }
        }
        out.extend_from_slice(&input[copied..at]);
        (out, at)
    }

    fn look(&self, input: &[u8], last: bool) -> Match<'_> {
        // Longest first, so the first that matches is the right one unless a longer one is still possible.
        for (from, to) in &self.needles {
            if input.starts_with(from) {
                return Match::Yes(from.len(), to);
            }
            if !last && from.starts_with(input) {
                return Match::Perhaps;
            }
        }
        Match::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(Vec<u8>, Vec<u8>)> {
        list.iter()
            .map(|(a, b)| (a.as_bytes().to_vec(), b.as_bytes().to_vec()))
            .collect()
    }

    fn whole(rewriter: &mut Rewriter, chunks: &[&[u8]]) -> Vec<u8> {
        let mut out: Vec<u8> = chunks.iter().flat_map(|c| rewriter.push(c)).collect();
        out.extend(rewriter.finish());
        out
    }

    #[test]
    fn replaces_whatever_the_cut() {
        let table = [
            (vec!["see http://127.0.0.1:1/k/x"], "see https://p/x"),
            (vec!["see http://127", ".0.0.1:1/k/x"], "see https://p/x"),
            (vec!["http://127.0.0.1:1/", "other"], "http://127.0.0.1:1/other"),
            (vec!["hhttp://127.0.0.1:1/k"], "hhttps://p"),
            (
                vec!["http://127.0.0.1:1/ka", " http://127.0.0.1:1/k"],
                "https://q https://p",
            ),
            (vec!["http://127.0.0.1:1/k", "a"], "https://q"),
            (vec![""], ""),
        ];
        let needles = pairs(&[
            ("http://127.0.0.1:1/k", "https://p"),
            ("http://127.0.0.1:1/ka", "https://q"),
            ("", "never"),
        ]);
        for (chunks, want) in table {
            let chunks: Vec<&[u8]> = chunks.iter().map(|c| c.as_bytes()).collect();
            let got = whole(&mut Rewriter::new(&needles), &chunks);
            assert_eq!(String::from_utf8(got).unwrap(), want, "{chunks:?}");
        }
    }

    #[test]
    fn holds_only_what_may_begin_a_needle() {
        let mut r = Rewriter::new(&pairs(&[("http://x", "y")]));
        assert_eq!(
            (r.push(b"Password: "), r.holds()),
            (b"Password: ".to_vec(), false)
        );
        assert_eq!((r.push(b"ab ht"), r.holds()), (b"ab ".to_vec(), true));
        assert_eq!((r.finish(), r.holds()), (b"ht".to_vec(), false));
    }

    proptest! {
        #[test]
        fn chunks_change_nothing(
            text in "[abh]{0,60}",
            cuts in proptest::collection::vec(0usize..61, 0..8),
            needles in proptest::collection::vec(("[abh]{1,4}", "[xy]{0,3}"), 0..4),
        ) {
            let needles: Vec<_> = needles.into_iter().map(|(a, b)| (a.into_bytes(), b.into_bytes())).collect();
            let text = text.as_bytes();
            let want = whole(&mut Rewriter::new(&needles), &[text]);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|w| &text[w[0]..w[1]]).collect();
            prop_assert_eq!(whole(&mut Rewriter::new(&needles), &chunks), want);
        }

        #[test]
        fn bytes_without_a_needle_are_untouched(chunks in proptest::collection::vec(proptest::collection::vec(0u8..128, 0..20), 0..8)) {
            let mut r = Rewriter::new(&[(vec![b'a', 200], vec![1]), (vec![200, 3], vec![2])]);
            let slices: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(whole(&mut r, &slices), chunks.concat());
        }
    }
}
