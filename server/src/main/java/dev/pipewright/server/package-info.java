/// The server's start: what is checked, what is started in which order, and how it ends.
///
/// [dev.pipewright.server.Startup] reads the settings, takes the home folder, brings up the
/// database and the broker, then Quarkus. The way back is the shutdown hook: Quarkus, the broker,
/// the database, the home folder.
@NullMarked
package dev.pipewright.server;

import org.jspecify.annotations.NullMarked;
