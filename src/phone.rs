//! Telephone numbers: E.164 from anything people type, and the keyed hash that stands for a number elsewhere.
