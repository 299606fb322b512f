import type { WebRequest, WebResponse } from '../../../rpc/web.js';

/** A request to the kubelet, and its answer. */
export interface KubeletCall {
  readonly request: WebRequest;
  readonly response: WebResponse;
  /** Of the path, percent-decoded, without empty ones at its end: `/pods/` is `['pods']`. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  /** Aborted when the client goes, or the server stops. */
  readonly signal: AbortSignal;
}

/** Answers a request. */
export type KubeletHandler = (call: KubeletCall) => Promise<void> | void;

/** The parts of a path, percent-decoded; null: it cannot be read. */
export function partsOf(path: string): readonly string[] | null {
  const parts = path.split('/').slice(1);
  while (parts.at(-1) === '') parts.pop();
  try {
    return parts.map((part) => decodeURIComponent(part));
  } catch {
    return null;
  }
}

/** Answers with a text. */
export function sendText(
  { response }: Pick<KubeletCall, 'response'>,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  const body = Buffer.from(text);
  response.start(status, { 'content-type': type, 'content-length': String(body.length) });
  response.end(body);
}

/** Answers with a document. */
export function sendJson(call: Pick<KubeletCall, 'response'>, document: unknown): void {
  sendText(call, 200, JSON.stringify(document), 'application/json');
}
