//! The server's face: HTTP, Socket.IO, the app's files.

pub mod socket;
