//! Installing against a log and mirrors of the test.
