/// The real PostgreSQL and the real Kafka broker as child processes of a laptop's server: started,
/// adopted after a crash of the server, watched, stopped.
///
/// Both live in sessions of their own, so that neither the terminal's Ctrl-C nor the death of the
/// server takes them down with it. What is on disk decides what is running: PostgreSQL's own
/// `postmaster.pid` and the broker's `pid`.
@NullMarked
package dev.pipewright.embedded;

import org.jspecify.annotations.NullMarked;
