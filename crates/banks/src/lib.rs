//! How to speak to a bank: one protocol per published standard.
