//! The figures for operating (INTERFACE, metrics): counted where things happen, told on `/metrics`.
