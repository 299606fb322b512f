import type { MethodDescriptor } from '../wire/descriptor.js';
import type { StatusCode } from './service.js';

/** Upper bounds of the durations that are told apart, in seconds: those that grpc-ecosystem's interceptors have. */
export const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** One more than the highest status code of gRPC. */
const statusCount = 17;

/** How often a method was called since its server was made, and what became of the calls. Plain numbers: counting is to cost nothing. */
export class MethodCounts {
  readonly method: MethodDescriptor<unknown, unknown>;
  started = 0;
  /** Request messages, and their bytes as they came. */
  received = 0;
  receivedBytes = 0;
  /** Response messages and their bytes. */
  sent = 0;
  sentBytes = 0;
  /** Calls that have ended, by status code. Invariant: together never more than `started`. */
  readonly ended: number[] = new Array<number>(statusCount).fill(0);
  /** Calls that took at most as long as each of the bounds, and more than the one before; the last took longer than all. */
  readonly durations: number[] = new Array<number>(durationBounds.length + 1).fill(0);
  /** Of all together, in seconds. */
  totalSeconds = 0;

  constructor(method: MethodDescriptor<unknown, unknown>) {
    this.method = method;
  }

  onReceived(bytes: number): void {
    this.received++;
    this.receivedBytes += bytes;
  }

  onSent(bytes: number): void {
    this.sent++;
    this.sentBytes += bytes;
  }

  onEnded(code: StatusCode): void {
    this.ended[code] = (this.ended[code] ?? 0) + 1;
  }

  /** Beside {@link onEnded}, where durations are wanted. */
  onTook(seconds: number): void {
    const at = durationBounds.findIndex((bound) => seconds <= bound);
    const place = at < 0 ? durationBounds.length : at;
    this.durations[place] = (this.durations[place] ?? 0) + 1;
    this.totalSeconds += seconds;
  }
}
