//! The repair kit: what is damaged is found, set aside and put right; nothing is thrown away on a guess.

pub mod cache;
