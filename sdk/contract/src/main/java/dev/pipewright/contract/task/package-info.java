/// What a task is given and what it hands on.
@NullMarked
package dev.pipewright.contract.task;

import org.jspecify.annotations.NullMarked;
