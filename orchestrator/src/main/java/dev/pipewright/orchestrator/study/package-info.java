/// Studies: searches for good params, whose trials any client asks for and tells about.
@NullMarked
package dev.pipewright.orchestrator.study;

import org.jspecify.annotations.NullMarked;
