//! What every run of the generator must hold.
