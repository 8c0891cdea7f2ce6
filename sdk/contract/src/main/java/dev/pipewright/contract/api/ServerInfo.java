package dev.pipewright.contract.api;

import java.util.List;

/// `GET /api/v1/server`: what is running.
///
/// @param roles of `orchestrator` and `tracker`
/// @param home the folder with all state
public record ServerInfo(String version, List<String> roles, String home, long pid) {}
