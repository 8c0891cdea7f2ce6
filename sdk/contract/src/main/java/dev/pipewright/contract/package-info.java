/// What the parts of Pipewright say to each other: the events (Protobuf), the REST bodies (`api`),
/// what a task is given (`task`), and the problems.
@NullMarked
package dev.pipewright.contract;

import org.jspecify.annotations.NullMarked;
