/// The whole system, driven as its users drive it: by commands of the installed program and over
/// HTTP, with real processes that are really killed.
@NullMarked
package dev.pipewright.server.story;

import org.jspecify.annotations.NullMarked;
