/** The configuration of the scheduler, or the arguments of one of its plugins, are wrong. The text says where and how. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
