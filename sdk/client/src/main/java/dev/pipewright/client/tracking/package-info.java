/// Logging runs from Java: [dev.pipewright.client.tracking.Tracking#connect] is the way in.
///
/// A call writes to a file of this machine and returns; a thread of its own delivers what is there
/// to the tracker over MLflow's REST protocol. No call waits for the network, and nothing that a
/// call returned from is lost when the process dies or the tracker is away.
@NullMarked
package dev.pipewright.client.tracking;

import org.jspecify.annotations.NullMarked;
