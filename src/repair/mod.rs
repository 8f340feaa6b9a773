//! Seeing what is there and putting it right: the modules of a project.

pub mod modules;
