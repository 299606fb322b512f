/** A volume cannot be set up, for now. The message is shown in an event `FailedMount`. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
  constructor(volume: string, message: string, options?: ErrorOptions) {
    super(`MountVolume.SetUp failed for volume ${JSON.stringify(volume)} : ${message}`, options);
  }
}
