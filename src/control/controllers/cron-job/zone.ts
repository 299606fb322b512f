import { formatTime } from '../../machinery/time.js';

const quarterMs = 15 * 60_000;
/** Offsets that are kept, over all zones. */
const keptMax = 10_000;

/**
 * How far the clocks of a time zone are ahead of UTC. Offsets change at quarters of an hour of UTC and are whole quarters, as in every
 * zone since 1972.
 */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  /** Throws RangeError for a name that the tz database does not have. */
  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone: name, hourCycle: 'h23', era: 'short' },
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  }

  /** Milliseconds to add to an instant so that it reads in UTC as it does in the zone. */
  offsetMs(atMs: number): number {
    const quarter = Math.floor(atMs / quarterMs);
    const kept = this.#offsets.get(quarter);
    if (kept !== undefined) return kept;
    if (this.#offsets.size >= keptMax) this.#offsets.clear();
    const offset = this.#read(quarter * quarterMs) - quarter * quarterMs;
    this.#offsets.set(quarter, offset);
    return offset;
  }

  /** RFC 3339 with the zone's offset: `2026-01-02T03:04:05+01:00`, or `Z` where it is none. */
  format(atMs: number): string {
    const offsetMs = this.offsetMs(atMs);
    const local = formatTime(atMs + offsetMs).slice(0, 19);
    if (offsetMs === 0) return `${local}Z`;
    const minutes = Math.abs(offsetMs) / 60_000;
    const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
    return `${local}${offsetMs < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
  }

  /** What the clocks show, as if they showed UTC. */
  #read(atMs: number): number {
    const shown = new Map<string, number>();
    for (const { type, value } of this.#format.formatToParts(atMs)) shown.set(type, Number(value));
    const of = (type: string) => shown.get(type) ?? 0;
    return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  }
}
