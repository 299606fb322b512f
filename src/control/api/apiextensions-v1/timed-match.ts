import { type Context, createContext, Script } from 'node:vm';

/** Milliseconds that one match may take. */
const matchMsMax = 1000;
/** Matches that are given up at once after one that took too long: who sends a thousand such texts takes the time of one. */
const skipsMax = 1000;

/** Where expressions run that can be stopped. */
interface Room {
  readonly context: Context;
  readonly script: Script;
}

let room: Room | null = null;

/** An expression whose time the engine does not bound: it is stopped after a second, and then matches nothing for a while. */
export class TimedExpression {
  readonly #expression: RegExp;
  #skips = 0;

  constructor(expression: RegExp) {
    this.#expression = expression;
  }

  /** False too when it would take too long to say. */
  test(text: string): boolean {
    if (this.#skips > 0) {
      this.#skips--;
      return false;
    }
    room ??= { context: createContext({}), script: new Script('expression.test(text)') };
    Object.assign(room.context, { expression: this.#expression, text });
    try {
      return room.script.runInContext(room.context, { timeout: matchMsMax }) as boolean;
    } catch (error) {
      if (!isTimeout(error)) throw error;
      this.#skips = skipsMax;
      return false;
    }
  }
}

/** The error is one of the room, whose `Error` is another. */
function isTimeout(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
