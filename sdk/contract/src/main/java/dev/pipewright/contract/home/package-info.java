/// What the server writes into its home folder for others to read: where it listens, and how far
/// its start has come.
@NullMarked
package dev.pipewright.contract.home;

import org.jspecify.annotations.NullMarked;
