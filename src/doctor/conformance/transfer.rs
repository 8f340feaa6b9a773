//! How files come: lengths, packing, ranges, the protocol. Pure. Source: RFC 9110, sections 8.6, 13.1.5 and 14.

use super::Point;
use super::asking::{Asked, Ranges};
use super::judge::{broken, kept, unknown};
use super::words::{begin, is_page, reason, said};
use crate::proxy::probe::{Answer, Seen};

/// The points about the way in which files come; `held`: whether the server has the module.
pub fn judge(asked: &Asked, held: bool) -> Vec<Point> {
    let mut points = Vec::new();
    let files = asked.files.as_ref();
    let more = files.into_iter().flat_map(|f| [&f.info, &f.go_mod, &f.zip]);
    let all: Vec<&Seen> = [&asked.list, &asked.latest, &asked.path]
        .into_iter()
        .chain(more)
        .filter_map(|answer| answer.as_ref().ok())
        .collect();
    points.push(
        match all.iter().find(|seen| seen.status == 200 && is_page(seen)) {
            Some(seen) => broken("server-page", begin(seen)),
            None => kept("server-page", "none was seen"),
        },
    );
    points.push(match all.iter().find(|seen| seen.packed) {
        Some(_) => broken(
            "server-encoding",
            "Content-Encoding: gzip, though only identity was asked for",
        ),
        None => kept("server-encoding", "nothing came packed"),
    });
    points.push(match all.iter().find(|seen| !seen.way.protocol.is_empty()) {
        _ if !asked.https => unknown("server-http2", "it is asked over plain http"),
        Some(seen) if seen.way.protocol == "HTTP/2" => kept("server-http2", "HTTP/2"),
        Some(seen) => broken("server-http2", seen.way.protocol),
        None => unknown("server-http2", "nothing was answered"),
    });
    let Some(files) = files.filter(|_| held) else {
        return points;
    };
    points.extend(match &files.zip {
        Ok(seen) if seen.status != 200 => None,
        Ok(seen) if seen.packed => Some(broken("server-length", "none is stated: it came packed")),
        Ok(seen) => Some(match seen.length {
            None => broken("server-length", "none is stated"),
            Some(length) if seen.whole && length != seen.body.len() as u64 => broken(
                "server-length",
                format!("{length} stated, {} came", seen.body.len()),
            ),
            Some(length) => kept("server-length", format!("{length} bytes")),
        }),
        Err(trouble) => Some(broken("server-length", reason(trouble))),
    });
    if let (Some(ranges), Ok(zip)) = (&asked.ranges, &files.zip) {
        points.extend(of_ranges(ranges, &zip.body));
    } else {
        points.extend(
            ["server-range", "server-if-range"].map(|id| unknown(id, "there is no zip to take a part of")),
        );
    }
    points
}

fn of_ranges(ranges: &Ranges, zip: &[u8]) -> [Point; 2] {
    let part = |answer: &Answer| match answer {
        Ok(seen) if seen.status == 206 => {
            let range = format!(
                "bytes {}-{}/{}",
                ranges.from,
                zip.len().saturating_sub(1),
                zip.len()
            );
            match seen.headers.get("content-range") {
                Some(stated) if *stated != range => Err(format!("Content-Range: {stated}, not {range}")),
                None => Err("206 without Content-Range".to_owned()),
                Some(_) if zip.get(ranges.from..) != Some(&*seen.body) => {
                    Err("206 with other bytes than those".to_owned())
                }
                Some(_) => Ok(true),
            }
        }
        Ok(seen) if seen.status == 200 => Ok(false),
        other => Err(said(other)),
    };
    let bare = match part(&ranges.bare) {
        Ok(true) => kept("server-range", "206 and the right bytes"),
        Ok(false) => broken("server-range", "200 and the whole: Range is not supported"),
        Err(why) => broken("server-range", why),
    };
    let id = "server-if-range";
    let guarded = match (
        part(&ranges.bare),
        part(&ranges.other),
        ranges.same.as_ref().map(part),
    ) {
        (Ok(false) | Err(_), ..) => unknown(id, "Range does not work"),
        (_, Ok(false), Some(Ok(true))) => kept(id, "206 with its own validator, 200 with another one"),
        (_, Ok(false), Some(Ok(false))) => kept(id, "200 with another validator, but with its own one, too"),
        (_, Ok(false), None) => kept(
            id,
            "200 with another validator; it gives none of its own, so nothing is resumed",
        ),
        (_, Ok(true), _) => broken(id, "206 whatever If-Range says"),
        (_, Err(why), _) | (_, _, Some(Err(why))) => broken(id, why),
    };
    [bare, guarded]
}
