/** Why a listener could not be opened. */
export type ListenErrorCode = 'address-in-use' | 'permission' | 'bad-address' | 'bad-tls' | 'io';

/** An operating error of opening a listener. The message names the address and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: ListenErrorCode;
  constructor(code: ListenErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const causes: Readonly<Record<string, readonly [ListenErrorCode, string]>> = {
  EADDRINUSE: [
    'address-in-use',
    'the address is in use; stop the other process or choose another port',
  ],
  EACCES: ['permission', 'permission denied; use a port above 1023 or grant the permission'],
  EPERM: ['permission', 'permission denied; use a port above 1023 or grant the permission'],
  EADDRNOTAVAIL: [
    'bad-address',
    'this machine does not have that address; use one of its own, or 0.0.0.0',
  ],
  ENOTFOUND: ['bad-address', 'the host name does not resolve; use an IP address of this machine'],
  EAI_AGAIN: [
    'bad-address',
    'the host name does not resolve now; use an IP address of this machine',
  ],
  EINVAL: ['bad-address', 'the address is not valid for listening'],
};

/** Translates the operating system's error; `address` is the URL, or host and port, as the operator knows it. */
export function listenErrorOf(address: string, error: Error): ListenError {
  const errno = 'code' in error ? String(error.code) : '';
  const [code, advice] = causes[errno] ?? ['io', error.message];
  return new ListenError(code, `cannot listen on ${JSON.stringify(address)}: ${advice}`, {
    cause: error,
  });
}
