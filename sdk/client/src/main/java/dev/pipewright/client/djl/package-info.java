/// Logging of Deep Java Library trainings. Needs `ai.djl:api` and one of its engines.
@NullMarked
package dev.pipewright.client.djl;

import org.jspecify.annotations.NullMarked;
