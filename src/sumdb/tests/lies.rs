//! A log, or a mirror of one, that lies.

use super::*;

#[test]
fn forgeries_are_refused_and_nothing_of_them_is_kept() {
    let log = log(300, 300);
    let other = SumLog::new("sum.example", 8).unwrap();
    let good = String::from_utf8(log.files(log.size())[&lookup_path()].clone()).unwrap();
    let other_hash = H1.replace("yCM", "yCN");
    let tree = |size: u64, root: &SumLog| {
        log.sign(&format!(
            "go.sum database tree\n{size}\n{}\n",
            Hash(root.root(300))
        ))
    };
    let head = good.find("go.sum database tree").unwrap();
    let cases: Vec<(&str, String, &str)> = vec![
        (
            "another hash",
            good.replace(H1, &other_hash),
            "is not the one numbered 300",
        ),
        (
            "another number",
            good.replacen("300\n", "299\n", 1),
            "is not the one numbered 299",
        ),
        (
            "beyond the tree",
            good.replacen("300\n", "601\n", 1),
            "beyond the tree of 601",
        ),
        (
            "another module's record",
            log.lookup("example.com/filler5@v1.0.0", 601).unwrap(),
            "says nothing about",
        ),
        (
            "another signer",
            good[..head].to_owned() + &other.note(0),
            "not signed by sum.example",
        ),
        (
            "a changed tree",
            good.replace("tree\n601\n", "tree\n602\n"),
            "is forged",
        ),
        (
            "no signature",
            good.split("\n— ").next().unwrap().to_owned(),
            "malformed",
        ),
        ("a signature cut", good.trim_end().to_owned(), "malformed"),
        (
            "another root",
            good[..head].to_owned() + &tree(601, &log),
            "do not lead to the signed root",
        ),
        (
            "not a tree",
            good[..head].to_owned() + &log.sign("something else\n"),
            "malformed",
        ),
        ("a page", "<html>log in</html>".into(), "malformed"),
        ("nothing", String::new(), "malformed"),
    ];
    for (what, answer, why) in cases {
        let mut desk = desk(&log);
        desk.remote.insert(lookup_path(), answer.into_bytes());
        let fault = find(&mut desk, &log).unwrap_err();
        assert!(
            matches!(&fault, Fault::Forged(said) if said.contains(why)),
            "{what}: {fault}"
        );
        assert!(!desk.cache.contains_key(&lookup_path()), "{what}");
    }
}

#[test]
fn every_tile_is_held_against_the_tree() {
    let log = log(40_000, 25_835);
    let mut clean = desk(&log);
    find(&mut clean, &log).unwrap();
    let tiles: Vec<String> = clean
        .asked
        .iter()
        .filter(|p| p.starts_with("tile"))
        .cloned()
        .collect();
    assert!(tiles.len() >= 4, "{tiles:?}");
    for path in tiles {
        for damage in ["bit", "short", "long"] {
            let mut desk = desk(&log);
            let tile = desk.remote.get_mut(&path).unwrap();
            match damage {
                "bit" => tile[7] ^= 1,
                "short" => tile.truncate(31),
                _ => tile.push(0),
            }
            let fault = find(&mut desk, &log).unwrap_err();
            assert!(matches!(fault, Fault::Forged(_)), "{path} {damage}: {fault}");
            assert!(!desk.cache.contains_key(&path) && !desk.cache.contains_key(&lookup_path()));
        }
    }
}

#[test]
fn a_damaged_memory_of_tiles_and_records_is_mended_by_asking() {
    let log = log(300, 300);
    let mut desk = desk(&log);
    let found = find(&mut desk, &log).unwrap();
    let kept: Vec<String> = desk.cache.keys().cloned().collect();
    for path in kept {
        desk.cache.get_mut(&path).unwrap()[0] ^= 1;
        assert_eq!(find(&mut desk, &log), Ok(found.clone()), "{path}");
        assert_eq!(Some(&desk.cache[&path]), desk.remote.get(&path), "{path}");
    }
}

#[test]
fn a_fork_names_both_trees() {
    let (honest, mut liar) = (log(300, 50), SumLog::new("sum.example", 7).unwrap());
    // The same key signs another history of the same beginning.
    liar.fill(299);
    liar.add("example.com/other", "v1.0.0", H1, H1);
    liar.add(MODULE, VERSION, H1, H1);
    for more in [0, 50, 400] {
        liar.fill(more);
        let mut desk = desk(&liar);
        desk.latest = honest.note(351);
        // Where the liar's tree is smaller, the honest one's tiles disprove it.
        desk.remote.extend(
            honest
                .files(351)
                .into_iter()
                .filter(|(p, _)| p.starts_with("tile") && liar.size() < 351),
        );
        let fault = find(&mut desk, &liar).unwrap_err();
        let Fault::Fork(fork) = &fault else {
            panic!("{more}: {fault}")
        };
        let said = fault.to_string();
        for tree in [Hash(honest.root(351)), Hash(liar.root(liar.size()))] {
            assert!(said.contains(&tree.to_string()), "{said}");
        }
        assert!([&fork.older_note, &fork.newer_note].contains(&&honest.note(351)));
        assert_eq!(desk.latest, honest.note(351), "the memory stays");
    }
}
