package io.holdfast.tck;

import java.util.List;

/**
 * Work for a {@link Worker}, found by the name of its class: made anew for each order, by a
 * constructor without parameters.
 */
interface WorkerTask {

  /**
   * Does the work in the child process.
   *
   * @param worker its nodes
   * @return one line for the test
   */
  String perform(WorkerMain worker, List<String> arguments) throws Exception;
}
