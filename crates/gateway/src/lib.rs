//! The use cases (load, decide, save) and the jobs (one effect each).
