import { parentPort } from 'node:worker_threads';
import { compareSync, hashSync } from 'bcryptjs';

/** The program of the thread of `BcryptThread`: it does one job after the other. */

/** What is asked of it. */
export type BcryptJob =
  | { readonly kind: 'hash'; readonly password: string; readonly cost: number }
  | { readonly kind: 'matches'; readonly password: string; readonly hash: string };

/** What comes of it. */
export interface BcryptAnswer {
  readonly id: number;
  readonly answer: string | boolean;
}

parentPort?.on('message', ({ id, job }: { readonly id: number; readonly job: BcryptJob }) => {
  const answer: BcryptAnswer = { id, answer: carryOut(job) };
  parentPort?.postMessage(answer);
});

function carryOut(job: BcryptJob): string | boolean {
  return job.kind === 'hash' ? hashSync(job.password, job.cost) : matches(job.password, job.hash);
}

function matches(password: string, hash: string): boolean {
  try {
    return compareSync(password, hash);
  } catch {
    // It throws for what is no hash at all.
    return false;
  }
}
