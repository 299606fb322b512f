import type { RunResult } from './run.js';

/** A result without its error object: what a child process tells its parent. */
export interface SeedReport extends Omit<RunResult, 'failure'> {
  readonly failure: { readonly property: string; readonly details: string } | null;
}

/** What belongs to the command that replays a seed. */
export interface ReplaySettings {
  readonly profile: string | null;
  readonly defect: string | null;
  readonly json: boolean;
}

/** Time between two lines of progress. */
const progressMs = 10_000;

/** Says how a campaign goes and what failed. */
export class Report {
  readonly #settings: ReplaySettings;
  readonly #startedAt = performance.now();
  #saidAt = this.#startedAt;
  #seeds = 0;
  #events = 0;
  #operations = 0;
  #virtualMs = 0;

  constructor(settings: ReplaySettings) {
    this.#settings = settings;
  }

  onResult(result: SeedReport): void {
    this.#seeds++;
    this.#events += result.events;
    this.#operations += result.operations;
    this.#virtualMs += result.virtualMs;
    if (this.#settings.json) {
      const { failure } = result;
      const plain = failure && { property: failure.property, details: failure.details };
      process.stdout.write(`${JSON.stringify({ ...result, failure: plain })}\n`);
      return;
    }
    if (result.failure !== null)
      process.stdout.write(this.#describeFailure(result, result.failure));
    else if (performance.now() - this.#saidAt > progressMs) this.#sayProgress();
  }

  /** All seeds passed. */
  end(): void {
    if (!this.#settings.json) process.stdout.write(`all seeds pass: ${this.#totals()}\n`);
  }

  #sayProgress(): void {
    this.#saidAt = performance.now();
    process.stderr.write(`${this.#totals()}\n`);
  }

  #totals(): string {
    const count = (value: number) => value.toLocaleString('en');
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const hours = this.#virtualMs / 3_600_000;
    return `${count(this.#seeds)} seeds, ${count(this.#events)} events, ${count(this.#operations)} client operations, ${hours.toFixed(1)} simulated hours in ${seconds.toFixed(0)} s`;
  }

  #describeFailure(
    { seed, profile: drawn, virtualMs }: SeedReport,
    { property, details }: { readonly property: string; readonly details: string },
  ): string {
    const { profile, defect } = this.#settings;
    const flags = [
      `--seed ${seed}`,
      ...(profile === null ? [] : [`--profile ${profile}`]),
      ...(defect === null ? [] : [`--defect ${defect}`]),
    ];
    return [
      `seed ${seed} (profile ${drawn}) fails after ${(virtualMs / 1000).toFixed(3)} simulated seconds`,
      `violated: ${property}`,
      details.replaceAll(/^/gm, '  '),
      `replay:   bin/flotilla sim ${flags.join(' ')} --trace`,
      '',
    ].join('\n');
  }
}
