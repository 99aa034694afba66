package io.holdfast.tck;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/** Gives each test of a kit its own lab and closes it afterwards. */
final class LabSupplier implements ParameterResolver, TestExecutionExceptionHandler {

  private static final ExtensionContext.Namespace LABS =
      ExtensionContext.Namespace.create(LabSupplier.class);

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
    Class<?> type = parameter.getParameter().getType();
    return type == Lab.class || LockLab.class.isAssignableFrom(type);
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
    Object kit = test.getRequiredTestInstance();
    AutoCloseable lab = lab(kit);
    test.getStore(LABS).put("lab", lab);
    return lab;
  }

  @Override
  public void handleTestExecutionException(ExtensionContext test, Throwable failure)
      throws Throwable {
    if (test.getStore(LABS).get("lab") instanceof Lab lab) {
      lab.remark(failure);
    }
    throw failure;
  }

  private static AutoCloseable lab(Object kit) {
    if (kit instanceof LockKit locks) {
      return new LockLab(locks);
    }
    if (kit instanceof ServerKit servers) {
      return new ServerLab(servers);
    }
    return kit instanceof ProcessKit processes
        ? new ProcessLab(processes)
        : new Lab((EngineKit) kit);
  }
}
