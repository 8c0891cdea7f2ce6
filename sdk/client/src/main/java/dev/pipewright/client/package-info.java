/// A client of the Pipewright server's REST API: [Pipewright#connect] is the way in.
///
/// Every method blocks, and is cheap to call from a virtual thread. Whatever goes wrong is a
/// [dev.pipewright.contract.ProblemException] with the code the server gave, or
/// `SERVER_UNREACHABLE`.
@NullMarked
package dev.pipewright.client;

import org.jspecify.annotations.NullMarked;
