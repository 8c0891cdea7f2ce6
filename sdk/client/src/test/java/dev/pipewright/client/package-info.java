@NullMarked
package dev.pipewright.client;

import org.jspecify.annotations.NullMarked;
