//! What is true about payments: state machines as pure, total functions.
