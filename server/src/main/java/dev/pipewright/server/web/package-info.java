/// What every request passes: who may ask, and what a page or an unknown address gets.
@NullMarked
package dev.pipewright.server.web;

import org.jspecify.annotations.NullMarked;
