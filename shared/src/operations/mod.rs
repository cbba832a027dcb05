//! What callers can do, whatever dialect they speak.
