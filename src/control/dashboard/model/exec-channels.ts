/** What a command says over a connection of several channels (`v5.channel.k8s.io`). */
export type ExecMessage =
  | { readonly kind: 'output'; readonly bytes: Uint8Array }
  /** How it ended: '' well, else why not. */
  | { readonly kind: 'end'; readonly problem: string };

/** The protocol of the channels. */
export const execProtocol = 'v5.channel.k8s.io';

const channels = { input: 0, output: 1, errors: 2, status: 3, close: 255 } as const;

/** A message that carries input. */
export function inputMessage(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  const message = new Uint8Array(bytes.length + 1);
  message[0] = channels.input;
  message.set(bytes, 1);
  return message;
}

/** A message that says that there is no more input. */
export function endOfInputMessage(): Uint8Array<ArrayBuffer> {
  return new Uint8Array([channels.close, channels.input]);
}

/** Reads a message; null: it says nothing. */
export function readExecMessage(message: Uint8Array): ExecMessage | null {
  const [channel] = message;
  const bytes = message.subarray(1);
  if (channel === channels.output || channel === channels.errors)
    return bytes.length === 0 ? null : { kind: 'output', bytes };
  if (channel !== channels.status || bytes.length === 0) return null;
  return { kind: 'end', problem: problemOf(new TextDecoder().decode(bytes)) };
}

function problemOf(text: string): string {
  try {
    const { status, message } = JSON.parse(text) as { status?: string; message?: string };
    return status === 'Success' ? '' : (message ?? text);
  } catch {
    return text;
  }
}

/** The protocol by which a browser, which sets no headers of a WebSocket, says who it is: it is a header, too. */
export function tokenProtocol(token: string): string {
  const base64 = btoa(String.fromCharCode(...new TextEncoder().encode(token)));
  const url = base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  return `base64url.bearer.authorization.k8s.io.${url}`;
}
