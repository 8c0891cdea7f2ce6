@org.jspecify.annotations.NullMarked
package dev.pipewright.client.pipeline;
