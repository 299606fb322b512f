import type { Logger } from '../base/logger.js';
import type { WebHandler, WebRequest, WebResponse } from './web.js';

/** An answer as its transport sees it. */
export interface WebAnswer extends WebResponse {
  /** It was ended, or nobody waits for it any more. */
  readonly isOver: boolean;
  /** The client went away before it was over. */
  readonly isClientGone: boolean;
  /** Breaks it off in a way that the client notices. */
  breakOff(): void;
}

const internalError = Buffer.from('internal error\n');

/** Has a handler answer. Resolves when it has settled, whatever came of it. */
export async function runWebHandler(
  handler: WebHandler,
  request: WebRequest,
  answer: WebAnswer,
  logger: Logger,
): Promise<void> {
  try {
    await handler(request, answer);
    if (!answer.isOver) report(request, 'it settled without having ended its answer', logger);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    // When nobody waits any more, handlers fail because of that.
    if (!answer.isClientGone) report(request, text, logger);
  }
  if (answer.isOver) return;
  if (answer.isStarted) answer.breakOff();
  else answerInternalError(answer);
}

function report({ method, path }: WebRequest, error: string, logger: Logger): void {
  logger.error('an HTTP handler failed', { method, path, error });
}

function answerInternalError(answer: WebAnswer): void {
  answer.start(500, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(internalError.length),
    'x-content-type-options': 'nosniff',
  });
  answer.end(internalError);
}
