//! Simulated banks that speak the real standards.
