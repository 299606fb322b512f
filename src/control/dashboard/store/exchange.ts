/** A request about the store and its answer, as far as these handlers look. */
export interface StoreExchange {
  readonly request: { readonly method: string };
  readonly query: URLSearchParams;
  readonly isStarted: boolean;
  /** Aborted when the client goes away or its time is up. */
  readonly signal: AbortSignal;
  /** Sends a whole answer. */
  send(status: number, contentType: string, body: Uint8Array): void;
  start(status: number, headers: Readonly<Record<string, string>>): void;
  /** Resolves when more may be written. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  end(): void;
}

/** Answers a request, or throws a StatusError. */
export type StoreHandler = (exchange: StoreExchange) => Promise<void>;

/** Where handlers are put; who may ask has been decided before they are called. */
export interface RouteTable {
  exact(path: string, handler: StoreHandler): void;
}

const encoder = new TextEncoder();

/** Answers 200 with a document in JSON. */
export function sendDocument(exchange: StoreExchange, document: object): void {
  exchange.send(200, 'application/json', encodeLine(document));
}

/** A document's JSON, with a line feed. */
export function encodeLine(document: object): Uint8Array {
  return encoder.encode(`${JSON.stringify(document)}\n`);
}
