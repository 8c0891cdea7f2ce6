@NullMarked
package dev.pipewright.server;

import org.jspecify.annotations.NullMarked;
