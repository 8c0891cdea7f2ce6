package dev.pipewright.contract.home;

import java.time.Instant;

/// The content of `server.json`.
///
/// @param url base address, without a slash at the end
/// @param embeddedPostgres whether the server runs the database itself
/// @param embeddedKafka whether the server runs the broker itself
public record RunningServer(
    long pid,
    int port,
    String url,
    Instant startedAt,
    boolean embeddedPostgres,
    boolean embeddedKafka) {}
