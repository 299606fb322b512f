import type { KubeObject } from '../../machinery/object.js';
import type { Exchange } from '../exchange.js';
import type { Filter } from './filter.js';

/** Who writes the audit log. No call throws or rejects, but for that of a request's coming. */
export interface AuditHook {
  /** An authenticated request came. It goes on when this is done; throws or rejects with StatusError when it must not. */
  onRequest(exchange: Exchange): Promise<void> | undefined;
  /** What the client sent, as it was decoded. */
  setRequestObject(exchange: Exchange, object: KubeObject): void;
  /** What is answered. */
  setResponseObject(exchange: Exchange, object: KubeObject): void;
  /** What admission wants to be noted. */
  annotate(exchange: Exchange, key: string, value: string): void;
  /** Its answer began: told for requests without an end of their own. */
  onResponseStarted(exchange: Exchange): void;
  /** Its answer is complete; `error` is what the handler threw. */
  onResponseComplete(exchange: Exchange, error: unknown): Promise<void> | undefined;
  /** Resolves when all that was told is where it belongs, or given up. */
  close(): Promise<void>;
}

/** Tells the audit log of every authenticated request. */
export function audit(hook: AuditHook): Filter {
  if (hook === noAudit) return (_, next) => next();
  return async (exchange, next) => {
    const noted = hook.onRequest(exchange);
    if (noted !== undefined) await noted;
    exchange.observer = {
      onStarted() {
        if (exchange.isLongRunning) hook.onResponseStarted(exchange);
      },
      onRequestObject: (object) => hook.setRequestObject(exchange, object),
      onResponseObject: (object) => hook.setResponseObject(exchange, object),
      onAnnotation: (key, value) => hook.annotate(exchange, key, value),
    };
    let failure: unknown = null;
    try {
      await next();
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      const completed = hook.onResponseComplete(exchange, failure);
      if (completed !== undefined) await completed;
    }
  };
}

/** Keeps no audit log. */
export const noAudit: AuditHook = {
  onRequest: () => undefined,
  setRequestObject() {},
  setResponseObject() {},
  annotate() {},
  onResponseStarted() {},
  onResponseComplete: () => undefined,
  close: () => Promise.resolve(),
};
